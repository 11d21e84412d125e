package org.lacuna.data.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.lacuna.data.jinja.Statement.Flow;
import org.lacuna.data.jinja.Token.Kind;

/** Reads a template's statements: text, prints, and the blocks for, if, set, macro, break, continue and generation. */
final class StatementParser {
    /** Where a set with a block keeps what the block wrote until it is filtered; no variable can be called so. */
    private static final String CAPTURED = "";

    private final Tokens tokens;
    private final ExpressionParser expressions;

    private StatementParser(Tokens tokens) {
        this.tokens = tokens;
        expressions = new ExpressionParser(tokens);
    }

    static Statement parse(List<Token> tokens) {
        StatementParser parser = new StatementParser(new Tokens(tokens));
        Statement all = parser.until(Set.of());
        if (parser.tokens.peek().kind() != Kind.END) {
            throw parser.tokens.unexpected("the template's end");
        }
        return all;
    }

    /** Statements up to a block with one of some names, which comes next then; with no names, up to the template's end. */
    private Statement until(Set<String> ends) {
        List<Statement> statements = new ArrayList<>();
        while (true) {
            Token token = tokens.peek();
            if (token.kind() == Kind.END) {
                if (ends.isEmpty()) {
                    return Statement.all(statements);
                }
                throw new TemplateException("a block has no end; expected " + String.join(" or ", ends)).at(token.line());
            }
            tokens.next();
            if (token.kind() == Kind.BLOCK_BEGIN) {
                if (ends.contains(tokens.peek().text())) {
                    return Statement.all(statements);
                }
                statements.add(placed(block(), token.line()));
            } else if (token.kind() == Kind.VARIABLE_BEGIN) {
                statements.add(placed(print(), token.line()));
            } else {
                statements.add((scope, out) -> {
                    out.add(token.text());
                    return Flow.ON;
                });
            }
        }
    }

    private static Statement placed(Statement statement, int line) {
        return (scope, out) -> {
            try {
                scope.budget().step();
                return statement.run(scope, out);
            } catch (TemplateException e) {
                throw e.at(line);
            }
        };
    }

    private Statement print() {
        Expression value = expressions.tuple(true);
        tokens.take(Kind.VARIABLE_END, "}}");
        return (scope, out) -> {
            out.print(value.value(scope));
            return Flow.ON;
        };
    }

    private void end() {
        tokens.take(Kind.BLOCK_END, "%}");
    }

    private void end(String name) {
        if (!tokens.skipName(name)) {
            throw tokens.unexpected(name);
        }
        end();
    }

    private Statement block() {
        String name = tokens.name();
        return switch (name) {
            case "for" -> loop();
            case "if" -> condition();
            case "set" -> assignment();
            case "macro" -> macro();
            case "generation" -> generation();
            case "break", "continue" -> {
                end();
                Flow flow = name.equals("break") ? Flow.BREAK : Flow.CONTINUE;
                yield (scope, out) -> flow;
            }
            default -> throw new TemplateException("there is no block '" + name + "' here; the blocks are for, if, set, macro, break, continue, generation and raw").at(tokens.line());
        };
    }

    /** Marks what a model says, in templates for training; it writes what is in it. */
    private Statement generation() {
        end();
        Statement body = until(Set.of("endgeneration"));
        end("endgeneration");
        return body;
    }

    private Statement condition() {
        Expression test = expressions.tuple(true);
        end();
        Statement then = until(Set.of("elif", "else", "endif"));
        Statement otherwise = (scope, out) -> Flow.ON;
        if (tokens.skipName("elif")) {
            otherwise = condition();
        } else if (tokens.skipName("else")) {
            end();
            otherwise = until(Set.of("endif"));
            end("endif");
        } else {
            end("endif");
        }
        Statement other = otherwise;
        return (scope, out) -> (Values.isTrue(test.value(scope)) ? then : other).run(scope, out);
    }

    private Statement loop() {
        List<Target> targets = Target.several(tokens);
        if (!tokens.skipName("in")) {
            throw tokens.unexpected("in");
        }
        Expression all = expressions.tuple(false);
        Expression filter = tokens.skipName("if") ? expressions.expression() : null;
        if (tokens.isName("recursive")) {
            throw new TemplateException("a recursive for is not supported").at(tokens.line());
        }
        end();
        Statement body = until(Set.of("else", "endfor"));
        Statement otherwise = (scope, out) -> Flow.ON;
        if (tokens.skipName("else")) {
            end();
            otherwise = until(Set.of("endfor"));
        }
        end("endfor");
        return new ForLoop(targets, all, filter, body, otherwise);
    }

    private Statement assignment() {
        List<Target> targets = Target.several(tokens);
        if (tokens.skipOperator("=")) {
            Expression value = expressions.tuple(true);
            end();
            return (scope, out) -> {
                Target.assign(targets, value.value(scope), scope);
                return Flow.ON;
            };
        }
        Expression value = scope -> scope.get(CAPTURED);
        while (tokens.skipOperator("|")) {
            value = expressions.filter(value);
        }
        Expression filtered = value;
        end();
        Statement body = until(Set.of("endset"));
        end("endset");
        return (scope, out) -> {
            Text text = new Text(scope.budget());
            Scope inner = scope.inner();
            Flow flow = body.run(inner, text);
            inner.set(CAPTURED, text.toString());
            Target.assign(targets, filtered.value(inner), scope);
            return flow;
        };
    }

    private Statement macro() {
        String name = tokens.name();
        List<String> parameters = new ArrayList<>();
        List<Expression> defaults = new ArrayList<>();
        tokens.operator("(");
        while (!tokens.skipOperator(")")) {
            if (!parameters.isEmpty()) {
                tokens.operator(",");
            }
            parameters.add(tokens.name());
            defaults.add(tokens.skipOperator("=") ? expressions.expression() : null);
        }
        end();
        Statement body = until(Set.of("endmacro"));
        end("endmacro");
        return (scope, out) -> {
            scope.set(name, new Macro(name, parameters, defaults, body, scope));
            return Flow.ON;
        };
    }
}
