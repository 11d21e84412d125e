package org.lacuna.data.jinja;

import java.util.ArrayList;
import java.util.List;

/** A for: its elements are those that pass the filter, and each has a scope of its own. */
record ForLoop(List<Target> targets, Expression all, Expression filter, Statement body, Statement otherwise) implements Statement {

    @Override
    public Flow run(Scope scope, Text out) {
        List<?> elements = elements(scope);
        if (elements.isEmpty()) {
            return otherwise.run(scope.inner(), out);
        }
        Loop loop = new Loop(elements);
        for (Object element : elements) {
            scope.budget().step();
            loop.advance();
            Scope inner = scope.inner();
            inner.set("loop", loop);
            Target.assign(targets, element, inner);
            if (body.run(inner, out) == Flow.BREAK) {
                break;
            }
        }
        return Flow.ON;
    }

    private List<?> elements(Scope scope) {
        List<?> elements = Values.elements(all.value(scope), scope.budget());
        if (filter == null) {
            return elements;
        }
        List<Object> passed = new ArrayList<>();
        for (Object element : elements) {
            Scope inner = scope.inner();
            Target.assign(targets, element, inner);
            if (Values.isTrue(filter.value(inner))) {
                passed.add(element);
            }
        }
        return passed;
    }
}
