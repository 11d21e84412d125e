package org.lacuna.eval.report;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.DoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.lacuna.eval.activation.ModelOverlap;
import org.lacuna.eval.compare.Comparison.Difference;
import org.lacuna.eval.compare.Comparison;
import org.lacuna.eval.robustness.LayerSet;
import org.lacuna.eval.robustness.TokenCoverage;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.critical.Level;

/** How numbers are shown to people, with their units; a number and its sign are not torn apart at a line's end. */
public final class Shown {
    /** What a table's columns linear, first and grid are, in a line. */
    public static final String ESTIMATORS = "first: the last point before the bar is broken; linear: where the line from it to the next point meets the bar; "
            + "grid: the sparsest point that holds it; ≥: the curve ends before.";

    /** What to think of differences between critical sparsities by accuracy. */
    public static final String TASK_LEVELS = "Where points break an accuracy's bar by chance, as with few documents, a level may be that of one or two of them, and intervals of differences of levels, "
            + "percentiles of the draws, are too narrow (86 % for 95 % with 50 documents); those of one model's level are wide enough. Look at the curves before you cite such a difference.";

    /** What the tables of critical sparsity read it by, and by which of them it is to be told to others. */
    static final String TO_CITE = "Critical sparsity is read off a curve by three estimators: " + ESTIMATORS
            + " Cite linear, with its interval: summary, leaderboard and p are of it, and the others jump from one measured p to the next.";

    private static final String PERCENT = "\u00a0%";

    private Shown() {
    }

    /** A share as per cent. */
    static String percent(double share) {
        return digits(100 * share, 2) + PERCENT;
    }

    /** A difference of shares, in percentage points, with its sign. */
    static String points(double difference) {
        return Double.isFinite(difference) ? String.format(Locale.ROOT, "%+.2f", 100 * difference).replace('-', '−') : digits(difference, 2);
    }

    /** A loss or a ratio of losses. */
    static String four(double number) {
        return digits(number, 4);
    }

    static String count(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    /** A value of the rule's parameter, or of another setting: as it was written. */
    static String plain(double number) {
        return number == Math.rint(number) && Math.abs(number) < 1e9 ? Long.toString((long) number) : Double.toString(number);
    }

    /** The share that an interval is meant to cover, {@code 95 %}. */
    static String confidence(double share) {
        return plain(Math.round(share * 1e6) / 1e4) + PERCENT;
    }

    /**
     * A level with what its number needs in front of it, {@code ≥ 0.91} or {@code none}.
     *
     * @param shown how the number itself is shown
     */
    public static String level(Level level, DoubleFunction<String> shown) {
        return mark(level) + (level.kind() == Level.Kind.NONE ? "" : shown.apply(level.sparsity()));
    }

    /**
     * A difference with what its number needs in front of it, {@code ≤ +0.03} or {@code none}.
     *
     * @param shown how the number itself is shown
     */
    public static String difference(Difference difference, DoubleFunction<String> shown) {
        return mark(difference) + (difference.kind() == Difference.Kind.NONE ? "" : shown.apply(difference.difference()));
    }

    /** What stands in front of a level's number, or in place of it where there is none. */
    static String mark(Level level) {
        return switch (level.kind()) {
            case NONE -> "none";
            case AT -> "";
            case AT_LEAST -> "≥ ";
        };
    }

    /** What stands in front of a difference's number, or in place of it where there is none. */
    static String mark(Difference difference) {
        return switch (difference.kind()) {
            case NONE -> "none";
            case AT -> "";
            case AT_LEAST -> "≥ ";
            case AT_MOST -> "≤ ";
            case BOUNDS -> "bounds: ";
        };
    }

    /** How much more a bar allows, {@code 1 %} for a ratio of 1.01. */
    static String excess(double ratio) {
        return plain(Math.round((ratio - 1) * 1e6) / 1e4) + PERCENT;
    }

    /** The p of each site, {@code "gate 0.95, intermediate 1"}; of one for all {@code "0.95 at all"}. */
    public static String combination(Map<Site, Double> p) {
        List<Double> values = p.values().stream().distinct().toList();
        return values.size() == 1 ? plain(values.get(0)) + " at all"
                : p.entrySet().stream().map(site -> site.getKey().key() + " " + plain(site.getValue())).collect(Collectors.joining(", "));
    }

    private static String digits(double number, int digits) {
        if (Double.isNaN(number)) {
            return "none";
        }
        return Double.isInfinite(number) ? number > 0 ? "∞" : "−∞" : String.format(Locale.ROOT, "%." + digits + "f", number).replace('-', '−');
    }

    /** What a leaderboard's table is about. */
    static String leaderboard(Leaderboard board) {
        return "Models by critical sparsity at " + Tables.name(board.sites()) + " (linear; perplexity at most " + plain(board.bar()) + " × dense), the most first. "
                + ranks(board) + " Left of a block: operations, and weights' bytes, that a token still takes by the route that pays most at its site's critical sparsity, "
                + "counted from shapes and not measured. Exact zeros: in INTERMEDIATE, without a rule.";
    }

    /** What a leaderboard's ranks mean, and what they do not. */
    public static String ranks(Leaderboard board) {
        return "A rank of a–b: which of those can't be told, the " + confidence(board.confidence())
                + " interval of the difference to each of the others there, on the same draws of windows, holding 0;"
                + " each pair by itself, not corrected for being many, and other training seeds are not covered."
                + (board.boards().size() > 1 ? " Models that were measured on other windows or by other means are ranked among themselves." : "");
    }

    /** What a table of neurons that are active together is about. */
    static String overlaps(List<ModelOverlap> overlaps) {
        ModelOverlap any = overlaps.get(0);
        return "Neurons that a model and its control have active at the same tokens (" + count(any.windows()) + " windows, " + count(any.tokens())
                + " tokens): mean Jaccard index of the INTERMEDIATE vectors’ masks, with its interval over draws of these windows, beside what masks as large have in "
                + "common that are drawn at random. “not 0”: values that are not exactly 0; “top_p 0.9”: the largest that hold 0.9 of their sum. Neuron j is held against "
                + "neuron j: that means something between a model and what was made of it, fine-tuned or pruned. Models that were trained apart have no such neurons in "
                + "common: they could be renumbered, and what they share is off chance by the accident of their numbering, which the interval does not cover. Models that began with the "
                + "same fresh weights lie in between.";
    }

    /**
     * Which model is whose control and why, a sentence for each control.
     *
     * @param labels the models' names
     */
    public static List<String> controls(Comparison comparison, List<String> labels) {
        List<String> sentences = new ArrayList<>();
        for (int control : new LinkedHashSet<>(comparison.controls())) {
            String of = IntStream.range(0, labels.size()).filter(model -> model != control && comparison.controls().get(model) == control)
                    .mapToObj(labels::get).collect(Collectors.joining(", "));
            if (!of.isEmpty()) {
                sentences.add(labels.get(control) + " is the control of " + of + ": " + (control == comparison.control() ? comparison.because() : "its own") + ".");
            }
        }
        return sentences;
    }

    /** In which layers a rule is applied: {@code "every layer"}. */
    public static String layers(LayerSet layers) {
        return layers.isAll() ? "every layer" : (layers.named().size() == 1 ? "layer " : "layers ") + layers + ", counted from 0";
    }

    /** Which tokens a rule is applied to: {@code "all tokens"}. */
    public static String tokens(TokenCoverage coverage) {
        return switch (coverage.kind()) {
            case ALL -> "all tokens";
            case BUT_FIRST -> "all tokens but a window's first";
            case LAST -> "the last " + plain(100 * coverage.share()) + " % of a window's tokens";
            case DECODE -> "the tokens from which a continuation is predicted";
            case GENERATED -> "the tokens read after the context";
        };
    }
}
