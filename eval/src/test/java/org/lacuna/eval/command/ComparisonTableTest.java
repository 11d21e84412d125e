package org.lacuna.eval.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.lacuna.eval.compare.Comparing;
import org.lacuna.eval.compare.Comparison;
import org.lacuna.eval.compare.Comparison.Difference;
import org.lacuna.eval.compare.Comparison.LossRatio;
import org.lacuna.eval.report.Extras;
import org.lacuna.eval.report.Samples;
import org.lacuna.eval.report.Samples.Kind;
import org.lacuna.eval.robustness.ModelSummary.Training;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.critical.Estimator;

class ComparisonTableTest {
    private static final Kind FIRM = new Kind("firm", "relu", Training.NATURAL, 7, 1.3, 0.5, 1e-5, 0);

    private static Comparison comparison(Kind... kinds) {
        return Comparing.of(Arrays.stream(kinds).map(Samples::result).toList());
    }

    private static List<String> lines(Comparison comparison, String start) {
        StringWriter out = new StringWriter();
        ComparisonTable.print(new PrintWriter(out), comparison, Extras.NONE);
        return out.toString().lines().filter(line -> line.startsWith(start)).toList();
    }

    private static String numbers(String format, Comparison comparison, int model, int against) {
        Difference d = comparison.differences().stream().filter(each -> each.sites() == SiteSet.INTERMEDIATE && each.estimator() == Estimator.LINEAR
                && each.model() == model && each.against() == against).findFirst().orElseThrow();
        return String.format(Locale.ROOT, format + ", p %.2g", d.difference(), d.interval().low(), d.interval().high(), d.exchanged().orElseThrow());
    }

    @Test
    void differencesSayWhetherTheyAreBounds() {
        Comparison plain = comparison(Samples.SILU, Samples.INDUCED);
        assertEquals(List.of("relu-l1 − silu: " + numbers("%+.4f [%+.4f, %+.4f]", plain, 1, 0)), lines(plain, "relu-l1 − "));
        Comparison above = comparison(Samples.SILU, Samples.UNBREAKABLE);
        assertEquals(List.of("unbreakable − silu: ≥ " + numbers("%+.4f [%+.4f, %+.4f]", above, 1, 0)), lines(above, "unbreakable − "));
        Comparison below = comparison(FIRM, Samples.INDUCED);
        assertEquals(List.of("relu-l1 − firm: ≤ " + numbers("%+.4f [%+.4f, %+.4f]", below, 1, 0)), lines(below, "relu-l1 − "));
        Comparison both = comparison(FIRM, Samples.UNBREAKABLE);
        assertEquals(List.of("unbreakable − firm: bounds: " + numbers("%+.4f [%+.4f, %+.4f]", both, 1, 0)), lines(both, "unbreakable − "));
        assertEquals(List.of("broken − silu: none [-1.0000, +1.0000], p 1.0"), lines(comparison(Samples.SILU, Samples.BROKEN), "broken − "));
    }

    /** p is small where the first of the two has more, and near 1 where it has less: the words below say so. */
    @Test
    void aPIsOfTheFirstOnesBeingLarger() {
        Comparison comparison = comparison(new Kind("tolerant", "silu", Training.NATURAL, 7, 1.3, 0.91, 1.1, 0), new Kind("fragile", "relu", Training.INDUCED, 7, 1.28, 0, 0.35, 0));
        Difference less = comparison.differences().stream().filter(each -> each.sites() == SiteSet.INTERMEDIATE && each.estimator() == Estimator.LINEAR).findFirst().orElseThrow();
        assertTrue(less.difference() < 0 && less.exchanged().orElseThrow() > 0.95, less.toString());
        assertTrue(lines(comparison, "Intervals cover").get(0).contains("p: one-sided, of the first one's being larger, "), lines(comparison, "Intervals cover").get(0));
    }

    @Test
    void theInducedModelsLossIsOverThatOfEachNaturalOne() {
        Comparison comparison = comparison(Samples.SILU, Samples.RELU, Samples.INDUCED);
        assertEquals(List.of(ratio(comparison, 2, 0, "relu-l1 / silu"), ratio(comparison, 2, 1, "relu-l1 / relu")), lines(comparison, "relu-l1 / "));
        assertEquals(List.of(ratio(comparison, 1, 0, "relu / silu")), lines(comparison, "relu / "));
    }

    @Test
    void twoOfOneNameAreToldApart() {
        Comparison comparison = comparison(Samples.SILU, new Kind("silu", "silu", Training.NATURAL, 8, 1.3, 0, 0.35, 0));
        assertEquals(1, lines(comparison, "silu (seed 8) − silu (seed 7): ").size());
        assertEquals(1, lines(comparison, "silu (seed 8) / silu (seed 7): ").size());
        assertEquals(List.of("silu (seed 7) is the control of silu (seed 8): the first natural model without a ReLU."), lines(comparison, "silu (seed 7) is"));
    }

    @Test
    void theModelsRowHasZerosDeadNeuronsAndSpeed() {
        Comparison comparison = comparison(Samples.SILU, Samples.INDUCED);
        // 0 + 3 + 17 + 29 of 4 layers of 88; the share of zeros is that of four layers around 0.91.
        double zeros = comparison.models().get(1).dense().exactZeros().get(Site.INTERMEDIATE).stream().mapToDouble(Double::doubleValue).sum() / 4;
        String row = lines(comparison, "relu-l1 ").get(0);
        assertTrue(row.contains(String.format(Locale.ROOT, "  %.4f  %.4f    12,346   ", zeros, 49 / 352.0)), row);
    }

    @Test
    void whoseControlIsWhoseIsSaid() {
        assertEquals(List.of("silu is the control of relu-l1, relu: the first natural model without a ReLU."), lines(comparison(Samples.INDUCED, Samples.RELU, Samples.SILU), "silu is "));

        Comparison comparison = Comparing.of(Stream.of(Samples.SILU, Samples.INDUCED, Samples.RELU).map(Samples::result).toList(), Map.of(1, 2));
        assertEquals(List.of("relu is the control of relu-l1: its own."), lines(comparison, "relu is"));
        assertEquals(List.of(), lines(comparison, "silu is"), "of none");
        assertEquals(List.of(ratio(comparison, 1, 0, "relu-l1 / silu"), ratio(comparison, 1, 2, "relu-l1 / relu")), lines(comparison, "relu-l1 / "));
        assertEquals(List.of(), lines(comparison, "relu / "));
    }

    private static String ratio(Comparison comparison, int model, int against, String names) {
        LossRatio ratio = comparison.losses().stream().filter(each -> each.model() == model && each.against() == against).findFirst().orElseThrow();
        return names + String.format(Locale.ROOT, ": loss × %.4f [%.4f, %.4f]", comparison.models().get(model).dense().loss()
                / comparison.models().get(against).dense().loss(), ratio.interval().low(), ratio.interval().high());
    }
}
