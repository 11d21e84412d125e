package org.lacuna.data.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lacuna.data.jinja.Token.Kind;

/** The arguments of a call, as expressions. */
final class ArgumentsParser {
    static final ArgumentsParser NONE = new ArgumentsParser();

    private final List<Expression> positional = new ArrayList<>();
    private final Map<String, Expression> named = new LinkedHashMap<>();

    private ArgumentsParser() {
    }

    static ArgumentsParser one(Expression argument) {
        ArgumentsParser arguments = new ArgumentsParser();
        arguments.positional.add(argument);
        return arguments;
    }

    /** Reads from the opening parenthesis to the closing one. */
    static ArgumentsParser read(Tokens tokens, ExpressionParser expressions) {
        ArgumentsParser arguments = new ArgumentsParser();
        tokens.operator("(");
        while (!tokens.skipOperator(")")) {
            if (!arguments.positional.isEmpty() || !arguments.named.isEmpty()) {
                tokens.operator(",");
                if (tokens.skipOperator(")")) {
                    break;
                }
            }
            if (tokens.peek().kind() == Kind.NAME && tokens.after().is(Kind.OPERATOR, "=")) {
                String name = tokens.name();
                tokens.next();
                arguments.named.put(name, expressions.expression());
            } else if (arguments.named.isEmpty()) {
                arguments.positional.add(expressions.expression());
            } else {
                throw tokens.unexpected("a named argument");
            }
        }
        return arguments;
    }

    Arguments values(Scope scope) {
        List<Object> values = new ArrayList<>();
        positional.forEach(argument -> values.add(argument.value(scope)));
        Map<String, Object> byName = new LinkedHashMap<>();
        named.forEach((name, argument) -> byName.put(name, argument.value(scope)));
        return new Arguments(values, byName);
    }
}
