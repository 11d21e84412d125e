package org.lacuna.data.jinja;

import java.util.List;

/** Something that writes. */
interface Statement {

    /** How a rendering goes on after a statement. */
    enum Flow {
        ON, BREAK, CONTINUE
    }

    Flow run(Scope scope, Text out);

    /** Statements one after the other. */
    static Statement all(List<Statement> statements) {
        return (scope, out) -> {
            for (Statement statement : statements) {
                Flow flow = statement.run(scope, out);
                if (flow != Flow.ON) {
                    return flow;
                }
            }
            return Flow.ON;
        };
    }
}
