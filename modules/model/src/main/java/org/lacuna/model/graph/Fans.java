package org.lacuna.model.graph;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.BinaryOperator;
import org.lacuna.graph.op.Fan;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * Which variables of a grid's graph have P·B sequences, those behind the first site that has rules, and which have B, since all P points
 * share them. In a graph without a grid none fans out.
 */
final class Fans {
    private final SameDiff sd;
    /** The placeholder of a site's rules: it has a row for each point. Null until the first vector fans out. */
    private SDVariable rule;
    private final Set<String> wide = new HashSet<>();
    private final Map<String, SDVariable> widened = new HashMap<>();

    Fans(SameDiff sd) {
        this.sd = sd;
    }

    /** Notes that a vector fans out by these rules. */
    void by(SDVariable rules) {
        rule = rule == null ? rules : rule;
    }

    boolean isWide(SDVariable v) {
        return wide.contains(v.name());
    }

    /** Notes that {@code v} has P·B sequences; returns it. */
    SDVariable wide(SDVariable v) {
        wide.add(v.name());
        return v;
    }

    /** Notes that {@code y}, made from {@code x} alone, has as many sequences as {@code x}; returns it. */
    SDVariable follow(SDVariable x, SDVariable y) {
        return isWide(x) ? wide(y) : y;
    }

    /** Joins two variables, first repeating the one that has not fanned out if the other has. */
    SDVariable meet(SDVariable a, SDVariable b, BinaryOperator<SDVariable> join) {
        return isWide(a) || isWide(b) ? wide(join.apply(widen(a), widen(b))) : join.apply(a, b);
    }

    /** {@code v} with as many sequences as {@code x}. */
    SDVariable like(SDVariable x, SDVariable v) {
        return isWide(x) ? widen(v) : v;
    }

    /** {@code v} with P·B sequences. */
    SDVariable widen(SDVariable v) {
        return isWide(v) ? v : widened.computeIfAbsent(v.name(), name -> Fan.of(sd, name + ".fanned", v, rule));
    }
}
