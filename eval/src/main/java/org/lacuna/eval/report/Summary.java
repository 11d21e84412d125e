package org.lacuna.eval.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.DoubleFunction;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.lacuna.eval.compare.Comparison;
import org.lacuna.eval.compare.Comparison.Difference;
import org.lacuna.eval.robustness.Estimate;
import org.lacuna.eval.robustness.ModelSummary;
import org.lacuna.eval.robustness.ModelSummary.Training;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.SiteResult;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.sparsity.critical.Estimator;
import org.lacuna.sparsity.critical.Level;
import org.lacuna.sparsity.critical.PairedBootstrap.Interval;

/** The main numbers in words: no sentence says more than its interval does. */
final class Summary {
    private final Comparison comparison;
    private final List<String> labels;
    private final SiteSet headline;

    Summary(Comparison comparison, List<String> labels, SiteSet headline) {
        this.comparison = comparison;
        this.labels = labels;
        this.headline = headline;
    }

    /** One paragraph. */
    String text() {
        List<String> sentences = new ArrayList<>();
        sentences.add(measured());
        sentences.add(critical());
        main(comparison, headline).forEach(difference -> sentences.add(difference(difference)));
        losses(comparison.control()).ifPresent(sentences::add);
        IntStream.range(0, labels.size()).filter(other -> other != comparison.control()).forEach(other -> losses(other).ifPresent(sentences::add));
        sentences.add("Brackets hold " + Shown.confidence(comparison.models().get(comparison.control()).settings().confidence())
                + " intervals, which cover the choice of windows, not that of training seeds.");
        return String.join(" ", sentences);
    }

    private Optional<String> losses(int against) {
        List<String> ratios = comparison.losses().stream().filter(ratio -> ratio.against() == against)
                .map(ratio -> name(ratio.model()) + " " + Shown.four(ratio.ratio()) + interval(ratio.interval(), Shown::four)).toList();
        return ratios.isEmpty() ? Optional.empty() : Optional.of("Dense losses over that of " + name(against) + ": " + String.join(", ", ratios) + ".");
    }

    /** The differences that a comparison is made for: induced against natural and against their controls, or each model against its control where it is not known which is natural. */
    static List<Difference> main(Comparison comparison, SiteSet sites) {
        List<Difference> there = comparison.differences().stream()
                .filter(difference -> difference.sites() == sites && difference.estimator() == Estimator.LINEAR).toList();
        Predicate<Difference> induced = difference -> training(comparison, difference.model()) == Training.INDUCED;
        Predicate<Difference> natural = difference -> training(comparison, difference.against()) == Training.NATURAL;
        Predicate<Difference> control = difference -> comparison.controls().get(difference.model()) == difference.against();
        boolean known = there.stream().anyMatch(induced.and(natural));
        return there.stream().filter(known ? induced.and(natural.or(control)) : control).toList();
    }

    private static Training training(Comparison comparison, int model) {
        ModelSummary summary = comparison.models().get(model).model();
        return summary.training();
    }

    private String measured() {
        RobustnessResult control = comparison.models().get(comparison.control());
        boolean same = comparison.models().stream().allMatch(model -> model.data().windowsSha256().equals(control.data().windowsSha256()));
        return String.format(Locale.ROOT, "%s measured on %s; the rule %s left out activations in %s.",
                labels.size() == 1 ? "1 model was" : labels.size() + " models were", same ? String.format(Locale.ROOT, "the same %s %s of “%s” (%s windows of %s)", Shown.count(control.data().tokens()),
                        control.model().readsTokens() ? "tokens" : "examples or steps",
                        control.data().name(), Shown.count(control.data().windows()), Shown.count(control.data().windowLength()))
                        : "text that is not the same for all", control.settings().rule(),
                control.model().readsTokens() ? Shown.layers(control.settings().layers()) : "one layer");
    }

    private String critical() {
        List<Double> bars = comparison.models().stream().map(result -> result.settings().bar()).distinct().toList();
        List<String> levels = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        for (int i = 0; i < labels.size(); i++) {
            RobustnessResult result = comparison.models().get(i);
            Optional<SiteResult> curve = result.curve(headline);
            if (curve.isPresent()) {
                String bar = bars.size() > 1 ? ", within " + Shown.excess(result.settings().bar()) : "";
                levels.add(level(curve.get().critical(Estimator.LINEAR)) + " for " + name(i) + kind(result.model(), bar));
            } else {
                missing.add(name(i));
            }
        }
        return "At " + Tables.name(headline) + ", perplexity stays within " + (bars.size() > 1 ? "its bar" : Shown.excess(bars.get(0)))
                + " of the dense model's up to a sparsity of " + String.join(", ", levels) + "."
                + (missing.isEmpty() ? "" : " It was not measured there for " + String.join(", ", missing) + ".");
    }

    private static String level(Estimate estimate) {
        Level level = estimate.level();
        String number = switch (level.kind()) {
            case AT -> Shown.percent(level.sparsity());
            case AT_LEAST -> "at least " + Shown.percent(level.sparsity()) + ", where the curve ends,";
            case NONE -> "none that was measured";
        };
        return number + interval(estimate.interval(), Shown::percent);
    }

    private String difference(Difference difference) {
        Interval interval = difference.interval();
        String between = name(difference.model()) + " − " + name(difference.against());
        if (difference.kind() == Difference.Kind.NONE) {
            return "The difference " + between + " is not known, since one of them has no critical sparsity.";
        }
        String about = switch (difference.kind()) {
            case NONE, AT -> "";
            case AT_LEAST -> " or more";
            case AT_MOST -> " or less";
            case BOUNDS -> " (of two lower bounds)";
        };
        String verdict = interval.low() > 0 ? "lies above 0" : interval.high() < 0 ? "lies below 0"
                : "holds 0, so these windows do not tell which is larger";
        return "The difference " + between + " is " + Shown.points(difference.difference()) + " percentage points" + about
                + interval(interval, Shown::points) + ": the interval " + verdict + ".";
    }

    private String name(int model) {
        return "“" + labels.get(model) + "”";
    }

    private static String kind(ModelSummary model, String more) {
        String known = model.training() == Training.UNKNOWN ? "" : model.training().name().toLowerCase(Locale.ROOT);
        String text = known.isEmpty() && !more.isEmpty() ? more.substring(2) : known + more;
        return text.isEmpty() ? "" : " (" + text + ")";
    }

    private static String interval(Interval interval, DoubleFunction<String> shown) {
        return " [" + shown.apply(interval.low()) + ", " + shown.apply(interval.high()) + "]";
    }
}
