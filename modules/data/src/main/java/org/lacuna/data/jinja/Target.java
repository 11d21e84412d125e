package org.lacuna.data.jinja;

import java.util.ArrayList;
import java.util.List;

/**
 * What a set or a for gives a value to.
 *
 * @param name      of a variable
 * @param attribute of the namespace that the variable is; null for the variable itself
 */
record Target(String name, String attribute) {

    static List<Target> several(Tokens tokens) {
        List<Target> targets = new ArrayList<>();
        boolean enclosed = tokens.skipOperator("(");
        do {
            String name = tokens.name();
            targets.add(new Target(name, tokens.skipOperator(".") ? tokens.name() : null));
        } while (tokens.skipOperator(","));
        if (enclosed) {
            tokens.operator(")");
        }
        return targets;
    }

    static void assign(List<Target> targets, Object value, Scope scope) {
        if (targets.size() == 1) {
            targets.get(0).assign(value, scope);
            return;
        }
        List<?> values = Values.elements(value, scope.budget());
        if (values.size() != targets.size()) {
            throw new TemplateException(values.size() + " values for " + targets.size() + " names");
        }
        for (int i = 0; i < values.size(); i++) {
            targets.get(i).assign(values.get(i), scope);
        }
    }

    private void assign(Object value, Scope scope) {
        if (attribute == null) {
            scope.set(name, value);
        } else if (scope.get(name) instanceof Namespace namespace) {
            namespace.set(attribute, value);
        } else {
            throw new TemplateException("'" + name + "' is no namespace, so its attribute can't be set");
        }
    }
}
