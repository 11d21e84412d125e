package org.lacuna.eval.command;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import org.lacuna.eval.activation.ModelOverlap;
import org.lacuna.eval.compare.Comparison;
import org.lacuna.eval.measure.Baseline;
import org.lacuna.eval.report.Extras;
import org.lacuna.eval.report.LittleLearned;
import org.lacuna.eval.report.Shown;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.critical.Estimator;

/** What {@code compare} and {@code quickstart} print: the report's main numbers. */
public final class ComparisonTable {
    private ComparisonTable() {}

    /** Prints the models, their critical sparsity at each site, the differences at INTERMEDIATE, and the ratios of dense losses. */
    public static void print(PrintWriter out, Comparison comparison, Extras extras) {
        List<RobustnessResult> models = comparison.models();
        List<String> labels = comparison.labels();
        int width = Math.max(8, labels.stream().mapToInt(String::length).max().orElse(0)) + 2;
        line(out, "");
        line(out, "%-" + width + "s%10s%10s%8s%8s%10s   %s", "model", "loss", "× control", "zeros", "dead", "tokens/s", "critical sparsity at INTERMEDIATE (95 %)");
        for (int i = 0; i < models.size(); i++) {
            int model = i;
            RobustnessResult m = models.get(i);
            int control = comparison.controls().get(i);
            String ratio = i == control ? "control" : comparison.losses().stream().filter(l -> l.model() == model && l.against() == control)
                    .map(l -> String.format(Locale.ROOT, "%.4f", l.ratio())).findFirst().orElse("-");
            double zeros = m.dense().exactZeros().get(Site.INTERMEDIATE).stream().mapToDouble(Double::doubleValue).average().orElseThrow();
            line(out, "%-" + width + "s%10.4f%10s%8.4f%8s%10s   %s", labels.get(i), m.dense().loss(), ratio, zeros, known("%.4f", m.deadShare()),
                    known("%,.0f", m.model().tokensPerSecond()),
                    m.curve(SiteSet.INTERMEDIATE).map(c -> EvalTable.text(c.critical(Estimator.LINEAR))).orElse("not measured"));
        }
        for (Baseline baseline : extras.baselines()) {
            line(out, "%-" + width + "s%10s   %s", baseline.name(), known("%.4f", baseline.loss()), baseline.measuredOn());
        }
        Shown.controls(comparison, labels).forEach(sentence -> line(out, "%s", sentence));
        LittleLearned.of(comparison, extras.baselines()).note().ifPresent(note -> line(out, "%s", note));
        for (Comparison.Difference d : comparison.differences()) {
            if (d.sites() == SiteSet.INTERMEDIATE && d.estimator() == Estimator.LINEAR) {
                line(out, "%s − %s: %s [%+.4f, %+.4f]%s", labels.get(d.model()), labels.get(d.against()),
                        Shown.difference(d, number -> String.format(Locale.ROOT, "%+.4f", number)), d.interval().low(), d.interval().high(), d.exchanged().isPresent() ? String.format(Locale.ROOT, ", p %.2g", d.exchanged().getAsDouble()) : "");
            }
        }
        for (Comparison.LossRatio ratio : comparison.losses()) {
            line(out, "%s / %s: loss × %.4f [%.4f, %.4f]", labels.get(ratio.model()), labels.get(ratio.against()),
                    ratio.ratio(), ratio.interval().low(), ratio.interval().high());
        }
        for (ModelOverlap overlap : extras.overlaps()) {
            line(out, "%s and %s: neurons active together (%s) %.4f [%.4f, %.4f], by chance %.4f", labels.get(overlap.model()),
                    labels.get(overlap.against()), overlap.active(), overlap.overlap(), overlap.interval().low(), overlap.interval().high(), overlap.expected());
        }
        for (String note : comparison.notes()) {
            line(out, "note: %s", note);
        }
        if (models.stream().noneMatch(m -> m.model().readsTokens())) {
            line(out, "Networks of Deeplearning4j: a token is an example or a step of a sequence, INTERMEDIATE the layer that was measured.");
        }
        line(out, "Loss in nats a token. Zeros: share of exact ones in the intermediate vectors without a rule; dead: share of the vectors' elements that are never anything else. Tokens/s: in training.");
        if (!extras.overlaps().isEmpty()) {
            line(out, "Neurons active together: mean Jaccard index at the same tokens; "
                    + "neuron j is the same neuron only in a model and what was made of it, not in models that were trained apart.");
        }
        line(out, "Intervals cover the choice of windows, not of training seeds. p: one-sided, of the first one's being larger, by exchanging windows between the two (at least one by all exchanges; only between models of one shape); near 1 where it is smaller.");
    }

    private static String known(String format, OptionalDouble number) {
        return number.isPresent() ? String.format(Locale.ROOT, format, number.getAsDouble()) : "-";
    }

    private static void line(PrintWriter out, String format, Object... values) {
        out.println(String.format(Locale.ROOT, format, values));
        out.flush();
    }
}
