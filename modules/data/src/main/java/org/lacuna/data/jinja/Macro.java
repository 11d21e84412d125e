package org.lacuna.data.jinja;

import java.util.List;

/**
 * A piece of a template that can be called.
 *
 * @param defaults values of parameters that are not given; null where there is none
 * @param around   the scope that it was defined in
 */
record Macro(String name, List<String> parameters, List<Expression> defaults, Statement body, Scope around) implements Callable {

    @Override
    public Object call(Arguments arguments, Budget budget) {
        Object[] given = arguments.bind(name, parameters.stream().map(parameter -> parameter + "?").toArray(String[]::new));
        Scope inner = around.inner();
        for (int i = 0; i < given.length; i++) {
            boolean isGiven = i < arguments.positional().size() || arguments.named().containsKey(parameters.get(i));
            Expression otherwise = defaults.get(i);
            inner.set(parameters.get(i), isGiven ? given[i] : otherwise != null ? otherwise.value(inner) : new Undefined("'" + parameters.get(i) + "'"));
        }
        Text text = new Text(budget);
        body.run(inner, text);
        return text.toString();
    }
}
