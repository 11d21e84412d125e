package org.lacuna.sparsity.rule;

import java.util.List;
import java.util.stream.Collectors;

/** All rules there are. A new rule is one file beside this one and one line in {@link #ALL}. */
public final class Rules {
    private static final List<Rule> ALL = List.of(
            new None(),
            new TopP(),
            new StatTopK(),
            new TopK(),
            new MaxP(),
            new Threshold(),
            new TopPEnergy(),
            new BottomK(),
            new RandomK());

    private Rules() {
    }

    /** All rules, by rising code. */
    public static List<Rule> all() {
        return ALL;
    }

    /**
     * The rule of that name.
     *
     * @throws IllegalArgumentException if there is none; the message lists the names
     */
    public static Rule byName(String name) {
        for (Rule rule : ALL) {
            if (rule.name().equals(name)) {
                return rule;
            }
        }
        throw new IllegalArgumentException("no rule '" + name + "'; there are "
                + ALL.stream().map(Rule::name).collect(Collectors.joining(", ")));
    }

    /**
     * The rule of that code.
     *
     * @throws IllegalArgumentException if there is none; the message lists the codes
     */
    public static Rule byCode(int code) {
        for (int i = 0; i < ALL.size(); i++) {
            if (ALL.get(i).code() == code) {
                return ALL.get(i);
            }
        }
        throw new IllegalArgumentException("no rule with code " + code + "; there are "
                + ALL.stream().map(rule -> rule.code() + " (" + rule.name() + ")").collect(Collectors.joining(", ")));
    }
}
