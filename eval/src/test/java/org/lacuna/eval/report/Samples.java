package org.lacuna.eval.report;

import com.fasterxml.jackson.databind.node.LongNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import org.lacuna.eval.robustness.DataSummary;
import org.lacuna.eval.robustness.DenseResult;
import org.lacuna.eval.robustness.Estimate;
import org.lacuna.eval.robustness.JointGrid;
import org.lacuna.eval.robustness.JointPoint;
import org.lacuna.eval.robustness.JointResult;
import org.lacuna.eval.robustness.ModelSummary.Training;
import org.lacuna.eval.robustness.ModelSummary;
import org.lacuna.eval.robustness.Point;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.Settings;
import org.lacuna.eval.robustness.SiteResult;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.eval.robustness.TokenCoverage;
import org.lacuna.run.provenance.Provenance;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.critical.Bar;
import org.lacuna.sparsity.critical.CriticalSparsity;
import org.lacuna.sparsity.critical.Estimator;
import org.lacuna.sparsity.critical.PairedBootstrap.Interval;
import org.lacuna.sparsity.critical.PairedBootstrap;
import org.lacuna.sparsity.critical.WindowedCurve;

/** Results as a measurement would give them, made up: sums by window first, everything else computed from those. */
public final class Samples {
    private static final int WINDOWS = 16;
    private static final int LENGTH = 128;
    private static final int LAYERS = 4;
    private static final int HIDDEN = 32;
    private static final int INNER = 88;
    private static final Settings SETTINGS = new Settings(Settings.PAPER.rule(), Settings.PAPER.grid(), TokenCoverage.EVERY, Settings.PAPER.sites(), Bar.ONE_PERCENT.perplexityRatio(), 100, 1,
            0.95);

    /**
     * What a made-up model is like.
     *
     * @param name       its name
     * @param activation its activation
     * @param training   how sparsity came about
     * @param seed       training seed
     * @param loss       dense loss
     * @param zeros      share of exact zeros inside, without a rule
     * @param fragility  how fast loss grows with what is left out beyond those
     * @param excess     loss at the densest point − dense loss
     */
    public record Kind(String name, String activation, Training training, long seed, double loss, double zeros, double fragility, double excess) {
        Kind named(String other) {
            return new Kind(other, activation, training, seed, loss, zeros, fragility, excess);
        }

        Kind trained(Training other) {
            return new Kind(name, activation, other, seed, loss, zeros, fragility, excess);
        }

        Kind seeded(long other) {
            return new Kind(name, activation, training, other, loss + 0.001 * other, zeros, fragility * (1 + 0.05 * other), excess);
        }
    }

    public static final Kind SILU = new Kind("silu", "silu", Training.NATURAL, 7, 1.2831, 0, 0.35, 0);
    public static final Kind RELU = new Kind("relu", "relu", Training.NATURAL, 7, 1.2902, 0.71, 0.9, 0);
    public static final Kind INDUCED = new Kind("relu-l1", "relu", Training.INDUCED, 7, 1.2957, 0.91, 1.1, 0);
    /** Breaks the bar from the densest point on. */
    public static final Kind BROKEN = new Kind("broken", "gelu", Training.NATURAL, 7, 1.3, 0, 0.5, 0.5);
    /** Never breaks it. */
    public static final Kind UNBREAKABLE = new Kind("unbreakable", "relu", Training.INDUCED, 7, 1.31, 0.5, 1e-5, 0);

    private Samples() {
    }

    /** What measuring such a model on made-up stories would give. */
    public static RobustnessResult result(Kind kind) {
        return result(kind, "stories");
    }

    static RobustnessResult result(Kind kind, String text) {
        return result(kind, text, SETTINGS);
    }

    /** At attention's sites too. */
    static RobustnessResult attentive(Kind kind) {
        return result(kind, "stories", SETTINGS.withSites(List.of(SiteSet.values())));
    }

    private static RobustnessResult result(Kind kind, String text, Settings settings) {
        SplittableRandom random = new SplittableRandom(kind.name().hashCode() * 31L + kind.seed());
        SplittableRandom windows = new SplittableRandom(1);
        List<Double> denseSums = new ArrayList<>();
        for (int w = 0; w < WINDOWS; w++) {
            denseSums.add(LENGTH * (kind.loss() + 0.3 * (windows.nextDouble() - 0.5)));
        }
        double dense = mean(denseSums);
        List<SiteResult> curves = new ArrayList<>();
        for (SiteSet sites : settings.sites()) {
            curves.add(curve(kind, sites, denseSums, random));
        }
        Map<Site, List<Double>> zeros = new EnumMap<>(Site.class);
        for (Site site : Site.values()) {
            boolean inside = site == Site.GATE || site == Site.INTERMEDIATE;
            if (settings.sites().stream().anyMatch(sites -> sites.sites().contains(site))) {
                zeros.put(site, layers(inside ? kind.zeros() : 0, 0.04));
            }
        }
        ModelSummary model = new ModelSummary(kind.name(), "runs/" + kind.name() + "/checkpoints/step-000500", "a1" + kind.name().hashCode(), "c0", 812_345, LAYERS, HIDDEN,
                INNER, 4, 4, 257, false, kind.activation(), "gated", true,
                Optional.of(kind.training() == Training.INDUCED ? "cross-entropy + 2.0E-5 · L1 at intermediate" : "cross-entropy"), kind.training(),
                OptionalLong.of(kind.seed()), OptionalLong.of(500), OptionalLong.of(1_024_000), OptionalDouble.of(12_345.6), Optional.of(text), Optional.of("d0d0d0d0d0d0d0d0"), Optional.of("70"));
        return new RobustnessResult(RobustnessResult.VERSION, model,
                new DataSummary(text, "d0d0d0d0d0d0d0d0", "ee11ee11ee11ee11ee11", WINDOWS, LENGTH, OptionalLong.of(WINDOWS * LENGTH)), settings,
                Provenance.collect(Map.of("seed", LongNode.valueOf(kind.seed()))).toJson(),
                new DenseResult(dense, OptionalDouble.of(dense), denseSums, zeros, List.of(0, 3, 17, kind.zeros() > 0.9 ? 29 : 1)), curves);
    }

    /** The same, measured with a p of its own at the gate and at the intermediate vector too. */
    static RobustnessResult jointly(Kind kind) {
        RobustnessResult result = result(kind);
        JointGrid grid = new JointGrid(Map.of(Site.GATE, List.of(1.0, 0.9, 0.6), Site.INTERMEDIATE, List.of(1.0, 0.8)));
        long operations = 6L * LENGTH * LAYERS * HIDDEN * INNER;
        PairedBootstrap bootstrap = SETTINGS.bootstrap(WINDOWS);
        double[] dense = result.dense().windowLossSums().stream().mapToDouble(Double::doubleValue).toArray();
        List<JointPoint> points = new ArrayList<>();
        for (Map<Site, Double> p : grid.points()) {
            double gate = 0.7 * (1 - p.get(Site.GATE));
            double inside = Math.max(gate, 0.9 * (1 - p.get(Site.INTERMEDIATE)));
            double[] sums = new double[WINDOWS];
            Arrays.setAll(sums, w -> dense[w] + LENGTH * 0.2 * (gate * gate + inside * inside) * (1 + 0.1 * (w % 3)));
            long left = Math.round(operations * (1 - (gate + inside) / 3));
            points.add(new JointPoint(p, Arrays.stream(sums).sum() / (WINDOWS * LENGTH), bootstrap.number(times -> increase(times, sums, dense), 0.95),
                    Map.of(Site.GATE, gate, Site.INTERMEDIATE, inside), Map.of(Site.GATE, layers(gate, 0.02), Site.INTERMEDIATE, layers(inside, 0.02)), 1 - left / (double) operations,
                    Arrays.stream(sums).boxed().toList(), Collections.nCopies(WINDOWS, left)));
        }
        Settings settings = result.settings().withJoint(grid);
        return new RobustnessResult(result.version(), result.model(), result.data(), settings, result.provenance(), result.dense(), result.curves(),
                Optional.of(JointResult.of(operations, points, LENGTH, result.dense(), settings)));
    }

    private static SiteResult curve(Kind kind, SiteSet sites, List<Double> denseSums, SplittableRandom random) {
        double zeros = sites == SiteSet.INTERMEDIATE || sites == SiteSet.GATE ? kind.zeros() : 0;
        double fragility = kind.fragility() * (1 + 0.7 * sites.ordinal() % 3);
        long elements = (long) LENGTH * LAYERS * (sites == SiteSet.INPUT || sites.inAttention() ? HIDDEN : sites == SiteSet.ALL_INPUTS ? HIDDEN + INNER : INNER);
        List<WindowedCurve.Point> measured = new ArrayList<>();
        for (double p : SETTINGS.grid()) {
            double left = Math.pow(1 - p, 0.45);
            double[] sums = new double[WINDOWS];
            long[] kept = new long[WINDOWS];
            for (int w = 0; w < WINDOWS; w++) {
                double increase = kind.excess() + fragility * (Math.pow(left, 4) + 1.5 * Math.pow(left, 12)) + 0.03 * left * (random.nextDouble() - 0.5);
                sums[w] = denseSums.get(w) + LENGTH * increase;
                kept[w] = Math.round(elements * (1 - zeros) * (1 - left * (0.97 + 0.03 * random.nextDouble())));
            }
            measured.add(new WindowedCurve.Point(p, sums, kept));
        }
        long[] tokens = new long[WINDOWS];
        Arrays.fill(tokens, LENGTH);
        long[] seen = new long[WINDOWS];
        Arrays.fill(seen, elements);
        double[] dense = denseSums.stream().mapToDouble(Double::doubleValue).toArray();
        WindowedCurve windowed = new WindowedCurve(tokens, seen, dense, measured);
        PairedBootstrap bootstrap = SETTINGS.bootstrap(WINDOWS);
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < measured.size(); i++) {
            double[] sums = measured.get(i).lossSums();
            Interval increase = bootstrap.number(times -> increase(times, sums, dense), 0.95);
            double sparsity = windowed.pooled().points().get(i).sparsity();
            points.add(new Point(measured.get(i).p(), windowed.pooled().points().get(i).loss(), increase, sparsity, layers(sparsity, 0.02),
                    Arrays.stream(measured.get(i).lossSums()).boxed().toList(), Arrays.stream(measured.get(i).kept()).boxed().toList()));
        }
        List<Estimate> critical = Arrays.stream(Estimator.values()).map(estimator -> new Estimate(estimator,
                CriticalSparsity.of(windowed.pooled(), Bar.ONE_PERCENT).by(estimator),
                bootstrap.interval(times -> CriticalSparsity.of(windowed.pooled(times), Bar.ONE_PERCENT).by(estimator), 0.95))).toList();
        return new SiteResult(sites, elements, points, critical);
    }

    private static List<Double> layers(double share, double spread) {
        List<Double> layers = new ArrayList<>();
        for (int l = 0; l < LAYERS; l++) {
            layers.add(share == 0 ? 0 : Math.max(0, Math.min(1, share + spread * (l - 1.5))));
        }
        return layers;
    }

    private static double increase(int[] times, double[] sums, double[] dense) {
        double increase = 0;
        for (int w = 0; w < times.length; w++) {
            increase += times[w] * (sums[w] - dense[w]) / (WINDOWS * LENGTH);
        }
        return increase;
    }

    private static double mean(List<Double> sums) {
        return sums.stream().mapToDouble(Double::doubleValue).sum() / (WINDOWS * LENGTH);
    }
}
