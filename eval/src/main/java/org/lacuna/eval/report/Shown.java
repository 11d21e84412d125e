package org.lacuna.eval.report;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.DoubleFunction;
import java.util.stream.Collectors;
import org.lacuna.eval.compare.Comparison.Difference;
import org.lacuna.eval.robustness.LayerSet;
import org.lacuna.eval.robustness.TokenCoverage;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.critical.Level;

/** How numbers are shown to people, with their units; a number and its sign are not torn apart at a line's end. */
public final class Shown {
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
