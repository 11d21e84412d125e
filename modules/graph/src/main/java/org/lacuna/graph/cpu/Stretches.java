package org.lacuna.graph.cpu;

import java.util.ArrayList;
import java.util.List;

/** Cuts the tokens of sequences into panels that start at multiples of a step within a sequence. */
final class Stretches {
    /** Tokens {@code from} to before {@code to} of a sequence. */
    record Stretch(int sequence, int from, int to) {}

    private Stretches() {}

    /** The stretches of each panel, {@code panels} at most, in the order of tokens. */
    static Stretch[][] cut(int sequences, int tokens, int step, int panels) {
        int steps = (tokens + step - 1) / step;
        long all = (long) sequences * steps;
        Stretch[][] cut = new Stretch[(int) Math.min(panels, all)][];
        for (int p = 0; p < cut.length; p++) {
            cut[p] = panel(all * p / cut.length, all * (p + 1) / cut.length, steps, step, tokens);
        }
        return cut;
    }

    private static Stretch[] panel(long from, long to, int steps, int step, int tokens) {
        List<Stretch> stretches = new ArrayList<>();
        for (long at = from; at < to;) {
            int first = (int) (at % steps);
            int end = (int) Math.min(steps, first + to - at);
            stretches.add(new Stretch((int) (at / steps), first * step, (int) Math.min(tokens, (long) end * step)));
            at += end - first;
        }
        return stretches.toArray(Stretch[]::new);
    }
}
