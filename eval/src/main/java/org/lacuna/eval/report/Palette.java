package org.lacuna.eval.report;

import java.util.List;

/** Colours and dashes of the models' lines: Okabe and Ito's colours, which the colour-blind tell apart, darker or lighter for the ground. */
final class Palette {
    private static final List<String> ON_LIGHT = List.of("#0072b2", "#d55e00", "#00825f", "#b0558a", "#8a6d00", "#3a8fc4", "#555555");
    private static final List<String> ON_DARK = List.of("#56b4e9", "#ff9a4d", "#2cc295", "#e39cc4", "#f0e442", "#a9d4f5", "#bbbbbb");
    private static final List<List<Integer>> DASHES = List.of(List.of(), List.of(8, 4), List.of(2, 3), List.of(10, 3, 2, 3));

    private Palette() {
    }

    static String onLight(int model) {
        return ON_LIGHT.get(model % ON_LIGHT.size());
    }

    static String onDark(int model) {
        return ON_DARK.get(model % ON_DARK.size());
    }

    /** Lengths of dashes and gaps in pixels; empty for a solid line. */
    static List<Integer> dash(int model) {
        return DASHES.get(model % DASHES.size());
    }
}
