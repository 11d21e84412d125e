package org.lacuna.data.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.lacuna.data.jinja.Token.Kind;

/** Reads what operators are applied to: literals, names, what is behind a dot or in brackets, calls, filters and tests. */
final class OperandParser {
    private static final Set<String> AFTER_A_TEST = Set.of("else", "or", "and", "if", "is", "in", "not");

    private final Tokens tokens;
    private final ExpressionParser expressions;

    OperandParser(Tokens tokens, ExpressionParser expressions) {
        this.tokens = tokens;
        this.expressions = expressions;
    }

    /** A value with its signs, what is behind it and, if asked for, its filters and tests. */
    Expression operand(boolean filtered) {
        Expression result;
        if (tokens.skipOperator("-")) {
            Expression value = operand(false);
            result = postfix(scope -> Arithmetic.negative(value.value(scope)));
        } else if (tokens.skipOperator("+")) {
            result = postfix(operand(false));
        } else {
            result = postfix(primary());
        }
        return filtered ? filtered(result) : result;
    }

    private Expression primary() {
        Token token = tokens.next();
        switch (token.kind()) {
            case NAME:
                return named(token.text());
            case STRING:
                StringBuilder text = new StringBuilder(token.text());
                while (tokens.peek().kind() == Kind.STRING) {
                    text.append(tokens.next().text());
                }
                String whole = text.toString();
                return scope -> whole;
            case INTEGER, FLOAT:
                Object number = number(token);
                return scope -> number;
            default:
                return switch (token.kind() == Kind.OPERATOR ? token.text() : "") {
                    case "(" -> parenthesis();
                    case "[" -> list(elements("]"));
                    case "{" -> mapping();
                    default -> throw new TemplateException("expected a value, not " + token.described()).at(token.line());
                };
        }
    }

    private static Expression named(String name) {
        return switch (name) {
            case "true", "True" -> scope -> true;
            case "false", "False" -> scope -> false;
            case "none", "None" -> scope -> null;
            default -> scope -> {
                scope.budget().step();
                return scope.get(name);
            };
        };
    }

    private static Object number(Token token) {
        try {
            return token.kind() == Kind.INTEGER ? (Object) Long.parseLong(token.text()) : (Object) Double.parseDouble(token.text());
        } catch (NumberFormatException e) {
            throw new TemplateException("the number " + token.text() + " is too large").at(token.line());
        }
    }

    private Expression parenthesis() {
        if (tokens.skipOperator(")")) {
            return tuple(List.of());
        }
        Expression inner = expressions.tuple(true);
        tokens.operator(")");
        return inner;
    }

    private List<Expression> elements(String end) {
        List<Expression> elements = new ArrayList<>();
        while (!tokens.skipOperator(end)) {
            if (!elements.isEmpty()) {
                tokens.operator(",");
                if (tokens.skipOperator(end)) {
                    break;
                }
            }
            elements.add(expressions.expression());
        }
        return elements;
    }

    static Expression tuple(List<Expression> elements) {
        Expression list = list(elements);
        return scope -> new Tuple((List<?>) list.value(scope));
    }

    private static Expression list(List<Expression> elements) {
        return scope -> {
            List<Object> values = new ArrayList<>();
            elements.forEach(element -> values.add(element.value(scope)));
            return scope.budget().made(values);
        };
    }

    private Expression mapping() {
        Map<Expression, Expression> entries = new LinkedHashMap<>();
        while (!tokens.skipOperator("}")) {
            if (!entries.isEmpty()) {
                tokens.operator(",");
                if (tokens.skipOperator("}")) {
                    break;
                }
            }
            Expression key = expressions.expression();
            tokens.operator(":");
            entries.put(key, expressions.expression());
        }
        return scope -> {
            Map<Object, Object> values = new LinkedHashMap<>();
            entries.forEach((key, value) -> values.put(Values.key(key.value(scope)), value.value(scope)));
            return scope.budget().made(values);
        };
    }

    private Expression postfix(Expression first) {
        Expression result = first;
        while (true) {
            int line = tokens.line();
            if (tokens.skipOperator(".")) {
                Token token = tokens.peek().kind() == Kind.INTEGER ? tokens.next() : tokens.take(Kind.NAME, "a name");
                result = token.kind() == Kind.INTEGER ? item(result, scope -> number(token)) : attribute(result, token.text());
            } else if (tokens.skipOperator("[")) {
                result = subscript(result);
            } else if (tokens.isOperator("(")) {
                result = call(result);
            } else {
                return result;
            }
            result = placed(result, line);
        }
    }

    private static Expression placed(Expression expression, int line) {
        return scope -> {
            try {
                return expression.value(scope);
            } catch (TemplateException e) {
                throw e.at(line);
            }
        };
    }

    private static Expression item(Expression target, Expression key) {
        return scope -> {
            Object value = target.value(scope);
            if (value instanceof String text) {
                scope.budget().read(text);
            }
            return scope.budget().made(Values.item(value, key.value(scope)));
        };
    }

    /** A name behind a dot: of a value, or of a method that is called. */
    private Expression attribute(Expression target, String name) {
        if (!tokens.isOperator("(")) {
            return scope -> Values.attribute(target.value(scope), name);
        }
        ArgumentsParser arguments = ArgumentsParser.read(tokens, expressions);
        return scope -> {
            Object value = target.value(scope);
            if (Methods.has(value, name)) {
                return scope.budget().made(Methods.call(value, name, arguments.values(scope), scope.budget()));
            }
            Object called = Values.attribute(value, name);
            if (called instanceof Callable callable) {
                return scope.budget().made(callable.call(arguments.values(scope), scope.budget()));
            }
            throw new TemplateException(Values.kind(value) + " has no method '" + name + "' here");
        };
    }

    private Expression subscript(Expression target) {
        Expression[] parts = new Expression[3];
        int part = 0;
        while (!tokens.skipOperator("]")) {
            if (tokens.isOperator(":") && part < 2) {
                tokens.next();
                part++;
            } else if (parts[part] == null) {
                parts[part] = expressions.expression();
            } else {
                throw tokens.unexpected("']'");
            }
        }
        if (part == 0) {
            if (parts[0] == null) {
                throw new TemplateException("[ ] is empty; expected an index or a name").at(tokens.line());
            }
            return item(target, parts[0]);
        }
        return scope -> Arithmetic.slice(target.value(scope), value(parts[0], scope), value(parts[1], scope), value(parts[2], scope), scope.budget());
    }

    private static Object value(Expression optional, Scope scope) {
        return optional == null ? null : optional.value(scope);
    }

    private Expression call(Expression function) {
        ArgumentsParser arguments = ArgumentsParser.read(tokens, expressions);
        return scope -> {
            Object called = function.value(scope);
            if (!(called instanceof Callable callable)) {
                throw called instanceof Undefined undefined ? undefined.refused() : new TemplateException(Values.kind(called) + " can't be called");
            }
            return scope.budget().made(callable.call(arguments.values(scope), scope.budget()));
        };
    }

    private Expression filtered(Expression first) {
        Expression result = first;
        while (true) {
            int line = tokens.line();
            if (tokens.skipOperator("|")) {
                result = filter(result);
            } else if (tokens.skipName("is")) {
                result = test(result);
            } else if (tokens.isOperator("(")) {
                result = call(result);
            } else {
                return result;
            }
            result = placed(result, line);
        }
    }

    /** A filter applied to a value; the name comes next. */
    Expression filter(Expression value) {
        String name = tokens.name();
        ArgumentsParser arguments = tokens.isOperator("(") ? ArgumentsParser.read(tokens, expressions) : ArgumentsParser.NONE;
        Filters.Filter filter = Filters.named(name);
        return scope -> {
            if (filter == null) {
                throw new TemplateException("there is no filter '" + name + "' here; the filters are " + Filters.names());
            }
            return scope.budget().made(filter.apply(value.value(scope), arguments.values(scope), scope.budget()));
        };
    }

    private Expression test(Expression value) {
        boolean negated = tokens.skipName("not");
        String name = tokens.next().text();
        ArgumentsParser arguments = ArgumentsParser.NONE;
        if (tokens.isOperator("(")) {
            arguments = ArgumentsParser.read(tokens, expressions);
        } else if (startsArgument()) {
            arguments = ArgumentsParser.one(postfix(primary()));
        }
        ArgumentsParser given = arguments;
        Tests.Test test = Tests.named(name);
        return scope -> {
            if (test == null) {
                throw new TemplateException("there is no test '" + name + "' here; the tests are " + Tests.names());
            }
            scope.budget().step();
            return test.passes(value.value(scope), given.values(scope), scope.budget()) != negated;
        };
    }

    private boolean startsArgument() {
        Token token = tokens.peek();
        return switch (token.kind()) {
            case NAME -> !AFTER_A_TEST.contains(token.text());
            case STRING, INTEGER, FLOAT -> true;
            case OPERATOR -> token.text().equals("[") || token.text().equals("{");
            default -> false;
        };
    }
}
