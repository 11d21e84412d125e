package org.lacuna.eval.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.lacuna.eval.compare.Comparison;
import org.lacuna.eval.compare.Comparison.Difference;
import org.lacuna.eval.compare.Comparison.LossRatio;
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
        for (int i = 0; i < labels.size(); i++) {
            sentences.add(critical(i));
        }
        for (Difference difference : main(comparison, headline)) {
            sentences.add(difference(difference));
        }
        for (LossRatio ratio : comparison.losses()) {
            sentences.add(String.format(Locale.ROOT, "The dense loss of %s is %s times that of %s%s.", name(ratio.model()), Shown.four(ratio.ratio()),
                    name(comparison.control()), interval(ratio.interval(), Shown.four(ratio.interval().low()), Shown.four(ratio.interval().high()))));
        }
        sentences.add("All intervals cover the choice of windows, not that of training seeds.");
        return String.join(" ", sentences);
    }

    /** The differences that a comparison is made for: induced against natural, or each model against the control where that is not known. */
    static List<Difference> main(Comparison comparison, SiteSet sites) {
        List<Difference> there = comparison.differences().stream()
                .filter(difference -> difference.sites() == sites && difference.estimator() == Estimator.LINEAR).toList();
        List<Difference> induced = there.stream().filter(difference -> training(comparison, difference.model()) == Training.INDUCED
                && training(comparison, difference.against()) == Training.NATURAL).toList();
        return induced.isEmpty() ? there.stream().filter(difference -> difference.against() == comparison.control()).toList() : induced;
    }

    private static Training training(Comparison comparison, int model) {
        ModelSummary summary = comparison.models().get(model).model();
        return summary.training();
    }

    private String measured() {
        RobustnessResult control = comparison.models().get(comparison.control());
        boolean same = comparison.models().stream().allMatch(model -> model.data().windowsSha256().equals(control.data().windowsSha256()));
        return String.format(Locale.ROOT, "%d models were measured on %s; the rule %s left out activations in every layer, at one site at a time.",
                labels.size(), same ? String.format(Locale.ROOT, "the same %s tokens of “%s” (%s windows of %s)", Shown.count(control.data().tokens()),
                        control.data().name(), Shown.count(control.data().windows()), Shown.count(control.data().windowLength()))
                        : "text that is not the same for all", control.settings().rule());
    }

    private String critical(int model) {
        RobustnessResult result = comparison.models().get(model);
        Optional<SiteResult> curve = result.curve(headline);
        String site = Tables.name(headline);
        if (curve.isEmpty()) {
            return name(model) + " was not measured at " + site + ".";
        }
        Estimate estimate = curve.get().critical(Estimator.LINEAR);
        String bar = "with its perplexity at most " + Shown.excess(result.settings().bar()) + " above dense";
        Interval interval = estimate.interval();
        String range = interval(interval, Shown.percent(interval.low()), Shown.percent(interval.high()));
        String who = name(model) + kind(result.model());
        return switch (estimate.level().kind()) {
            case AT -> String.format(Locale.ROOT, "At %s, %s can leave out %s of the values %s%s.", site, who,
                    Shown.percent(estimate.level().sparsity()), bar, range);
            case AT_LEAST -> String.format(Locale.ROOT, "At %s, %s can leave out %s of the values %s, or more: the sparsest point still holds%s.",
                    site, who, Shown.percent(estimate.level().sparsity()), bar, range);
            case NONE -> String.format(Locale.ROOT, "At %s, there is no sparsity that %s reaches %s: the densest point already breaks the bar%s.",
                    site, who, bar, range);
        };
    }

    private String difference(Difference difference) {
        Interval interval = difference.interval();
        String between = "the critical sparsity of " + name(difference.model()) + " and that of " + name(difference.against());
        if (Double.isNaN(difference.difference())) {
            return "No difference can be given between " + between + ", since one has none.";
        }
        boolean bounded = difference.level().kind() == Level.Kind.AT_LEAST;
        boolean otherBounded = difference.otherLevel().kind() == Level.Kind.AT_LEAST;
        String about = bounded && otherBounded ? " (of two lower bounds)" : bounded ? " or more" : otherBounded ? " or less" : "";
        String verdict = interval.low() > 0 ? "lies above 0" : interval.high() < 0 ? "lies below 0"
                : "holds 0, so these windows do not tell which is larger";
        return String.format(Locale.ROOT, "The difference between %s is %s percentage points%s%s; the interval %s.", between,
                Shown.points(difference.difference()), about, interval(interval, Shown.points(interval.low()), Shown.points(interval.high())), verdict);
    }

    private String name(int model) {
        return "“" + labels.get(model) + "”";
    }

    private static String kind(ModelSummary model) {
        return model.training() == Training.UNKNOWN ? "" : " (" + model.training().name().toLowerCase(Locale.ROOT) + ")";
    }

    private static String interval(Interval interval, String low, String high) {
        return " (" + Shown.confidence(interval) + " interval " + low + " to " + high + ")";
    }
}
