package org.lacuna.data.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.lacuna.data.jinja.Token.Kind;

/** Reads expressions, from the loosest operator to the tightest, in Jinja's order; {@link OperandParser} reads what they are applied to. */
final class ExpressionParser {
    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");

    private interface Comparison {
        boolean holds(Object a, Object b, Budget budget);
    }

    private record Compared(Comparison how, Expression with) { }

    private final Tokens tokens;
    private final OperandParser operands;

    ExpressionParser(Tokens tokens) {
        this.tokens = tokens;
        operands = new OperandParser(tokens, this);
    }

    /** A filter applied to a value; its name comes next. */
    Expression filter(Expression value) {
        return operands.filter(value);
    }

    /** An expression, or several with commas between, which are a tuple. */
    Expression tuple(boolean withCondition) {
        Expression first = withCondition ? expression() : or();
        if (!tokens.isOperator(",")) {
            return first;
        }
        List<Expression> elements = new ArrayList<>(List.of(first));
        while (tokens.skipOperator(",")) {
            if (tokens.isOperator(")") || tokens.peek().kind() == Kind.BLOCK_END || tokens.peek().kind() == Kind.VARIABLE_END) {
                break;
            }
            elements.add(withCondition ? expression() : or());
        }
        return OperandParser.tuple(elements);
    }

    Expression expression() {
        Expression result = or();
        while (tokens.skipName("if")) {
            Expression then = result;
            Expression condition = or();
            Expression otherwise = tokens.skipName("else") ? expression() : scope -> new Undefined("what 'if' without 'else' gives");
            result = scope -> Values.isTrue(condition.value(scope)) ? then.value(scope) : otherwise.value(scope);
        }
        return result;
    }

    private Expression or() {
        Expression result = and();
        while (tokens.skipName("or")) {
            Expression left = result;
            Expression right = and();
            result = scope -> {
                Object value = left.value(scope);
                return Values.isTrue(value) ? value : right.value(scope);
            };
        }
        return result;
    }

    private Expression and() {
        Expression result = not();
        while (tokens.skipName("and")) {
            Expression left = result;
            Expression right = not();
            result = scope -> {
                Object value = left.value(scope);
                return Values.isTrue(value) ? right.value(scope) : value;
            };
        }
        return result;
    }

    private Expression not() {
        if (tokens.skipName("not")) {
            Expression value = not();
            return scope -> !Values.isTrue(value.value(scope));
        }
        return comparison();
    }

    private Expression comparison() {
        Expression first = sum();
        List<Compared> chain = new ArrayList<>();
        while (true) {
            Comparison how = comparator();
            if (how == null) {
                break;
            }
            chain.add(new Compared(how, sum()));
        }
        return chain.isEmpty() ? first : scope -> {
            Object left = first.value(scope);
            for (Compared next : chain) {
                Object right = next.with.value(scope);
                if (!next.how.holds(left, right, scope.budget())) {
                    return false;
                }
                left = right;
            }
            return true;
        };
    }

    private Comparison comparator() {
        if (tokens.peek().kind() == Kind.OPERATOR && COMPARISONS.contains(tokens.peek().text())) {
            return switch (tokens.next().text()) {
                case "==" -> Values::same;
                case "!=" -> (a, b, budget) -> !Values.same(a, b, budget);
                case "<" -> (a, b, budget) -> Values.order(a, b) < 0;
                case "<=" -> (a, b, budget) -> Values.order(a, b) <= 0;
                case ">" -> (a, b, budget) -> Values.order(a, b) > 0;
                default -> (a, b, budget) -> Values.order(a, b) >= 0;
            };
        }
        if (tokens.skipName("in")) {
            return (a, b, budget) -> Values.contains(b, a, budget);
        }
        if (tokens.isName("not") && tokens.after().is(Kind.NAME, "in")) {
            tokens.next();
            tokens.next();
            return (a, b, budget) -> !Values.contains(b, a, budget);
        }
        return null;
    }

    private Expression sum() {
        Expression result = concatenation();
        while (tokens.isOperator("+") || tokens.isOperator("-")) {
            result = applied(tokens.next().text(), result, concatenation());
        }
        return result;
    }

    private Expression concatenation() {
        Expression first = product();
        if (!tokens.isOperator("~")) {
            return first;
        }
        List<Expression> parts = new ArrayList<>(List.of(first));
        while (tokens.skipOperator("~")) {
            parts.add(product());
        }
        return scope -> {
            Text text = new Text(scope.budget());
            parts.forEach(part -> text.print(part.value(scope)));
            return text.toString();
        };
    }

    private Expression product() {
        Expression result = power();
        while (tokens.isOperator("*") || tokens.isOperator("/") || tokens.isOperator("//") || tokens.isOperator("%")) {
            result = applied(tokens.next().text(), result, power());
        }
        return result;
    }

    private Expression power() {
        Expression result = operands.operand(true);
        while (tokens.skipOperator("**")) {
            result = applied("**", result, operands.operand(true));
        }
        return result;
    }

    private static Expression applied(String operator, Expression left, Expression right) {
        return scope -> Arithmetic.apply(operator, left.value(scope), right.value(scope), scope.budget());
    }
}
