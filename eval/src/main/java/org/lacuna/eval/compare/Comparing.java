package org.lacuna.eval.compare;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.lacuna.eval.compare.Comparison.Difference;
import org.lacuna.eval.compare.Comparison.LossRatio;
import org.lacuna.eval.compare.Comparison.QualityLevel;
import org.lacuna.eval.robustness.Estimate;
import org.lacuna.eval.robustness.ModelSummary.Training;
import org.lacuna.eval.robustness.ModelSummary;
import org.lacuna.eval.robustness.Point;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.Settings;
import org.lacuna.eval.robustness.SiteResult;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.run.InputException;
import org.lacuna.run.provenance.Provenance;
import org.lacuna.sparsity.critical.AbsoluteQuality;
import org.lacuna.sparsity.critical.Bar;
import org.lacuna.sparsity.critical.CriticalSparsity;
import org.lacuna.sparsity.critical.Curve;
import org.lacuna.sparsity.critical.Estimates;
import org.lacuna.sparsity.critical.Estimator;
import org.lacuna.sparsity.critical.Level;
import org.lacuna.sparsity.critical.LevelExchange;
import org.lacuna.sparsity.critical.PairedBootstrap;
import org.lacuna.sparsity.critical.WindowedCurve;

/**
 * Puts results side by side, each against its control. Bar, draws and confidence are those of the shared control's settings, for every model: all of it
 * is computed from the windows' sums, so results that were measured under other bars can be compared.
 */
public final class Comparing {
    /** How far above the dense control's loss a model may be and still count as of its quality. */
    public static final List<Double> QUALITY_FACTORS = List.of(1.01, 1.05);

    private final List<RobustnessResult> models;
    private final Pairing pairing;
    private final Settings settings;
    /** By the number of windows. */
    private final Map<Integer, PairedBootstrap> bootstraps = new HashMap<>();
    private final double confidence;
    private final Bar bar;

    private Comparing(List<RobustnessResult> models, Pairing pairing) {
        this.models = models;
        this.pairing = pairing;
        settings = models.get(pairing.shared()).settings();
        confidence = settings.confidence();
        bar = new Bar(settings.bar());
    }

    /**
     * Compares models of which none has a control of its own.
     *
     * @param models at least two
     * @throws InputException if there are fewer
     */
    public static Comparison of(List<RobustnessResult> models) {
        return of(models, Map.of());
    }

    /**
     * Compares models of which some have a control of their own.
     *
     * @param models at least two
     * @param own    the place of a model: that of its own control
     * @throws InputException if there are fewer
     */
    public static Comparison of(List<RobustnessResult> models, Map<Integer, Integer> own) {
        return of(models, own, Optional.empty());
    }

    /**
     * Compares.
     *
     * @param models  at least two
     * @param own     the place of a model: that of its own control
     * @param control the place of the control that the others share, where the user named one
     * @throws InputException if there are fewer
     */
    public static Comparison of(List<RobustnessResult> models, Map<Integer, Integer> own, Optional<Integer> control) {
        if (models.size() < 2) {
            throw new InputException("there must be at least two models to compare, not " + models.size());
        }
        return comparison(models, own, control);
    }

    /** What a report shows of one model by itself: no differences, no ratios. */
    public static Comparison alone(RobustnessResult model) {
        return comparison(List.of(model), Map.of(), Optional.empty());
    }

    private static Comparison comparison(List<RobustnessResult> models, Map<Integer, Integer> own, Optional<Integer> control) {
        checkWindows(models);
        Pairing pairing = new Pairing(models.stream().map(RobustnessResult::model).toList(), own, control);
        Comparing comparing = new Comparing(List.copyOf(models), pairing);
        return new Comparison(Comparison.VERSION, models, pairing.shared(), pairing.because(), IntStream.range(0, models.size()).mapToObj(pairing::of).toList(),
                Comparability.notes(models, pairing), comparing.losses(), comparing.differences(), comparing.atControlLoss(), Provenance.collect(Map.of()).toJson());
    }

    /** Results that say that they are of the same windows have as many: intervals draw them for both. */
    private static void checkWindows(List<RobustnessResult> models) {
        Map<String, RobustnessResult> byHash = new HashMap<>();
        for (RobustnessResult model : models) {
            RobustnessResult first = byHash.putIfAbsent(model.data().windowsSha256(), model);
            if (first != null && (first.data().windows() != model.data().windows() || first.data().windowLength() != model.data().windowLength())) {
                throw new InputException("\"" + first.model().name() + "\" and \"" + model.model().name() + "\" were measured on the same windows by data/windows_sha256, but one on "
                        + first.data().windows() + " of " + first.data().windowLength() + " tokens and the other on " + model.data().windows() + " of " + model.data().windowLength()
                        + "; one of the results was changed");
            }
        }
    }

    private List<LossRatio> losses() {
        List<LossRatio> losses = new ArrayList<>();
        for (int i = 0; i < models.size(); i++) {
            for (int other = 0; other < models.size(); other++) {
                if (wanted(i, other)) {
                    double[] sums = denseSums(i);
                    double[] otherSums = denseSums(other);
                    losses.add(new LossRatio(i, other, models.get(i).dense().loss() / models.get(other).dense().loss(),
                            draws(i).number(times -> drawn(sums, times) / drawn(otherSums, times), confidence)));
                }
            }
        }
        return losses;
    }

    private List<Difference> differences() {
        List<Difference> differences = new ArrayList<>();
        for (SiteSet sites : SiteSet.values()) {
            for (int i = 0; i < models.size(); i++) {
                for (int other = 0; other < models.size(); other++) {
                    if (wanted(i, other)) {
                        differences.addAll(differences(sites, i, other));
                    }
                }
            }
        }
        return differences;
    }

    /** Whether a pair is compared: any model with its control, or an induced with a natural one that is not another's, if both saw the same windows. */
    private boolean wanted(int model, int against) {
        boolean asked = against == pairing.of(model)
                || model != pairing.shared() && training(model) == Training.INDUCED && training(against) == Training.NATURAL && !pairing.isOwn(against);
        return model != against && asked && paired(model, against);
    }

    private List<Difference> differences(SiteSet sites, int model, int against) {
        Optional<WindowedCurve> a = curve(sites, model);
        Optional<WindowedCurve> b = curve(sites, against);
        List<Difference> differences = new ArrayList<>();
        if (a.isPresent() && b.isPresent()) {
            Function<Curve, Estimates> critical = curve -> CriticalSparsity.of(curve, bar);
            for (Estimator estimator : Estimator.values()) {
                Level level = critical.apply(a.get().pooled()).by(estimator);
                Level other = critical.apply(b.get().pooled()).by(estimator);
                differences.add(new Difference(sites, model, against, estimator, level, other, level.sparsity() - other.sparsity(),
                        draws(model).difference(times -> critical.apply(a.get().pooled(times)).by(estimator),
                                times -> critical.apply(b.get().pooled(times)).by(estimator), confidence),
                        estimator == Estimator.LINEAR ? exchanged(a.get(), b.get(), sites, model, against, curve -> critical.apply(curve).by(estimator)) : OptionalDouble.empty()));
            }
        }
        return differences;
    }

    private OptionalDouble exchanged(WindowedCurve one, WindowedCurve other, SiteSet sites, int model, int against, Function<Curve, Level> level) {
        SiteResult a = models.get(model).curve(sites).orElseThrow();
        SiteResult b = models.get(against).curve(sites).orElseThrow();
        boolean alike = a.windowElements() == b.windowElements() && a.points().stream().map(Point::p).toList().equals(b.points().stream().map(Point::p).toList());
        return alike ? OptionalDouble.of(LevelExchange.test(one, other, level, settings.replicates(), settings.seed()).greater()) : OptionalDouble.empty();
    }

    private List<QualityLevel> atControlLoss() {
        List<QualityLevel> levels = new ArrayList<>();
        for (SiteSet sites : SiteSet.values()) {
            for (int i = 0; i < models.size(); i++) {
                Optional<WindowedCurve> curve = paired(i, pairing.of(i)) ? curve(sites, i) : Optional.empty();
                for (double factor : curve.isPresent() ? QUALITY_FACTORS : List.<Double>of()) {
                    levels.add(new QualityLevel(sites, i, factor, atLoss(i, curve.get(), pairing.of(i), factor)));
                }
            }
        }
        return levels;
    }

    private List<Estimate> atLoss(int model, WindowedCurve curve, int control, double factor) {
        double[] controlSums = denseSums(control);
        long tokens = models.get(control).data().tokens();
        Estimates levels = AbsoluteQuality.of(curve.pooled(), models.get(control).dense().loss(), factor);
        List<Estimate> estimates = new ArrayList<>();
        for (Estimator estimator : Estimator.values()) {
            estimates.add(new Estimate(estimator, levels.by(estimator), draws(model).interval(times -> AbsoluteQuality
                    .of(curve.pooled(times), drawn(controlSums, times) / tokens, factor).by(estimator), confidence)));
        }
        return estimates;
    }

    /** Whether two models saw the same windows: otherwise the draws of the one are no pairs with the other's. */
    private boolean paired(int model, int other) {
        return models.get(model).data().windowsSha256().equals(models.get(other).data().windowsSha256());
    }

    private PairedBootstrap draws(int model) {
        return bootstraps.computeIfAbsent(models.get(model).data().windows(), settings::bootstrap);
    }

    private Training training(int model) {
        ModelSummary summary = models.get(model).model();
        return summary.training();
    }

    private Optional<WindowedCurve> curve(SiteSet sites, int model) {
        RobustnessResult result = models.get(model);
        return result.curve(sites).map((SiteResult curve) -> result.windowed(curve));
    }

    private double[] denseSums(int model) {
        return models.get(model).dense().windowLossSums().stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static double drawn(double[] sums, int[] times) {
        double sum = 0;
        for (int w = 0; w < sums.length; w++) {
            sum += times[w] * sums[w];
        }
        return sum;
    }
}
