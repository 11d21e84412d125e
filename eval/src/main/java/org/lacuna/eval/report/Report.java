package org.lacuna.eval.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.lacuna.eval.activation.ModelOverlap;
import org.lacuna.eval.compare.Comparing;
import org.lacuna.eval.compare.Comparison;
import org.lacuna.eval.measure.Baseline;
import org.lacuna.eval.robustness.JointChoice;
import org.lacuna.eval.robustness.JointPoint;
import org.lacuna.eval.robustness.JointResult;
import org.lacuna.eval.robustness.Point;
import org.lacuna.eval.robustness.ResultJson;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.Settings;
import org.lacuna.eval.robustness.SiteResult;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.critical.AbsoluteQuality;
import org.lacuna.sparsity.critical.Estimator;
import org.lacuna.sparsity.critical.Level;

/**
 * Every number that a report shows. Models are named by their place in the comparison.
 *
 * @param version    of the format of {@code report.json}, {@link #VERSION}
 * @param title      of the page
 * @param summary    the main numbers in words
 * @param headline   the sites that the summary and the picture are about
 * @param models     what is derived for each model
 * @param curves     what is derived for each curve, in the comparison's order
 * @param joint      what is derived for each model that was measured at several sites at once
 * @param baselines  other predictors of the same text
 * @param seeds      the headline's numbers, seed by seed; empty if there is but one
 * @param leaderboard the models sorted, where that was wanted
 * @param overlaps   neurons that models have active together; empty where that was not looked at
 * @param comparison what was compared
 */
record Report(int version, String title, String summary, SiteSet headline, List<ModelFigures> models, List<CurveFigures> curves,
        List<JointFigures> joint, List<Baseline> baselines, SeedFigures seeds, Optional<Leaderboard> leaderboard, List<ModelOverlap> overlaps, Comparison comparison) {

    static final int VERSION = 3;

    /**
     * What is derived for a model.
     *
     * @param label          its name, told apart from others of the same name
     * @param perplexity     a token, of the dense run
     * @param bitsPerByte    of the dense run, where the bytes of the text are known
     * @param lossToBaseline for each baseline, the dense loss / the baseline's: a token where both are known, else a byte
     * @param exactZeros     of the dense run, over all layers: values that are exactly 0 / values
     * @param deadNeurons    over all layers
     * @param deadShare      the same / neurons; empty for a model with experts
     */
    record ModelFigures(String label, double perplexity, OptionalDouble bitsPerByte, List<OptionalDouble> lossToBaseline,
            Map<Site, Double> exactZeros, long deadNeurons, OptionalDouble deadShare) {
    }

    /**
     * What is derived for a curve.
     *
     * @param model        whose
     * @param sites        where
     * @param points       in the order of the grid
     * @param nearCritical the point whose sparsity is nearest to the critical one by {@link Estimator#LINEAR}; empty where there is none
     */
    record CurveFigures(int model, SiteSet sites, List<Ratio> points, Optional<LayerSparsity> nearCritical) {
    }

    /**
     * Perplexity with the rule / perplexity of the same model without.
     *
     * @param p     the rule's parameter
     * @param ratio over all windows
     * @param low   lower end of its interval
     * @param high  upper end
     */
    record Ratio(double p, double ratio, double low, double high) {
    }

    /**
     * Sparsity layer by layer.
     *
     * @param p        the rule's parameter
     * @param sparsity over all layers
     * @param layers   in each
     */
    record LayerSparsity(double p, double sparsity, List<Double> layers) {
    }

    /**
     * What is derived for a model with a rule at several sites, each with a p of its own.
     *
     * @param model         whose
     * @param frontier      of the points that no other betters, by rising loss
     * @param atControlLoss what saves most at an absolute quality; empty where its control was measured on other text
     */
    record JointFigures(int model, List<JointRatio> frontier, List<JointQuality> atControlLoss) {
    }

    /**
     * Perplexity at a combination of p / perplexity of the same model without a rule.
     *
     * @param point its place
     * @param ratio over all windows
     * @param low   lower end of its interval
     * @param high  upper end
     */
    record JointRatio(int point, double ratio, double low, double high) {
    }

    /**
     * What saves most while the loss is at most so many times that of the dense control.
     *
     * @param factor how many
     */
    record JointQuality(double factor, JointChoice choice) {
    }

    /** Computes everything from a comparison. */
    static Report of(Comparison comparison, Extras extras) {
        List<String> labels = comparison.labels();
        SiteSet headline = headline(comparison);
        List<ModelFigures> models = new ArrayList<>();
        List<CurveFigures> curves = new ArrayList<>();
        List<JointFigures> joint = new ArrayList<>();
        for (int i = 0; i < labels.size(); i++) {
            RobustnessResult result = comparison.models().get(i);
            models.add(figures(labels.get(i), result, extras.baselines()));
            jointFigures(comparison, i).ifPresent(joint::add);
            for (SiteResult curve : result.curves()) {
                curves.add(figures(i, result.dense().loss(), curve));
            }
        }
        SeedFigures seeds = SeedFigures.of(comparison, extras.repeats(), headline);
        String title = "Activation sparsity of " + String.join(", ", labels);
        return new Report(VERSION, title, new Summary(comparison, labels, headline).text() + seeds.text(), headline, models, curves, joint,
                extras.baselines(), seeds, extras.leaderboard(), extras.overlaps(), comparison);
    }

    /** The content of {@code report.json}: all but the sums of single windows, which the models' own result files hold. */
    JsonNode json() {
        JsonNode json = ResultJson.tree(this);
        for (JsonNode model : json.at("/comparison/models")) {
            ((ObjectNode) model.get("dense")).remove("window_loss_sums");
            for (JsonNode point : model.at("/curves").findValues("points").stream().flatMap(points -> elements(points).stream()).toList()) {
                ((ObjectNode) point).remove(List.of("window_loss_sums", "window_kept"));
            }
            elements(model.at("/joint/points")).forEach(point -> ((ObjectNode) point).remove(List.of("window_loss_sums", "window_operations")));
        }
        return json;
    }

    RobustnessResult result(int model) {
        return comparison.models().get(model);
    }

    String label(int model) {
        return models.get(model).label();
    }

    List<String> labels() {
        return models.stream().map(ModelFigures::label).toList();
    }

    /** A model's control; the model itself if it is one. */
    int control(int model) {
        return comparison.controls().get(model);
    }

    /** All controls, each once. */
    List<Integer> controls() {
        return comparison.controls().stream().distinct().toList();
    }

    /** What pays, model by model. */
    List<String> savings() {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < models.size(); i++) {
            String label = label(i);
            Savings.of(result(i)).lines().forEach(line -> lines.add("“" + label + "”, " + line + "."));
        }
        return lines;
    }

    /** The curves at a set of sites, one for each model that has it. */
    List<CurveFigures> curves(SiteSet sites) {
        return curves.stream().filter(curve -> curve.sites() == sites).toList();
    }

    /** What a curve's figures were derived from. */
    SiteResult measured(CurveFigures curve) {
        return result(curve.model()).curve(curve.sites()).orElseThrow();
    }

    /** What a model's joint figures were derived from. */
    JointResult jointResult(JointFigures figures) {
        return result(figures.model()).joint().orElseThrow();
    }

    private static List<JsonNode> elements(JsonNode array) {
        List<JsonNode> elements = new ArrayList<>();
        array.forEach(elements::add);
        return elements;
    }

    private static ModelFigures figures(String label, RobustnessResult result, List<Baseline> baselines) {
        OptionalDouble bits = result.dense().bitsPerByte();
        List<OptionalDouble> ratios = new ArrayList<>();
        for (Baseline baseline : baselines) {
            OptionalDouble perToken = ratio(OptionalDouble.of(result.dense().loss()), baseline.loss());
            ratios.add(perToken.isPresent() ? perToken : ratio(bits, baseline.bitsPerByte()));
        }
        Map<Site, Double> zeros = new TreeMap<>();
        // Every layer has as many values at a site, so the mean of the shares is the share of all.
        result.dense().exactZeros().forEach((site, layers) ->
                zeros.put(site, layers.stream().mapToDouble(Double::doubleValue).average().orElseThrow()));
        return new ModelFigures(label, result.dense().perplexity(), bits, ratios, zeros,
                result.dense().deadNeurons().stream().mapToLong(Integer::longValue).sum(), result.deadShare());
    }

    private static OptionalDouble ratio(OptionalDouble loss, OptionalDouble baseline) {
        return loss.isPresent() && baseline.isPresent() ? OptionalDouble.of(loss.getAsDouble() / baseline.getAsDouble()) : OptionalDouble.empty();
    }

    private static CurveFigures figures(int model, double denseLoss, SiteResult curve) {
        // A point's increase is loss − dense loss, and exp() keeps the order: its interval's ends are those of the ratio.
        List<Ratio> points = new ArrayList<>();
        for (Point point : curve.points()) {
            points.add(new Ratio(point.p(), Math.exp(point.loss() - denseLoss), Math.exp(point.increase().low()), Math.exp(point.increase().high())));
        }
        return new CurveFigures(model, curve.sites(), points, nearCritical(curve));
    }

    private static Optional<JointFigures> jointFigures(Comparison comparison, int model) {
        RobustnessResult result = comparison.models().get(model);
        RobustnessResult control = comparison.models().get(comparison.controls().get(model));
        Settings settings = comparison.models().get(comparison.control()).settings();
        return result.joint().map(joint -> {
            List<JointRatio> frontier = new ArrayList<>();
            for (int place : joint.frontier()) {
                JointPoint point = joint.points().get(place);
                frontier.add(new JointRatio(place, Math.exp(point.loss() - result.dense().loss()), Math.exp(point.increase().low()), Math.exp(point.increase().high())));
            }
            List<JointQuality> qualities = new ArrayList<>();
            boolean paired = result.data().windowsSha256().equals(control.data().windowsSha256());
            for (double factor : paired ? Comparing.QUALITY_FACTORS : List.<Double>of()) {
                qualities.add(new JointQuality(factor, joint.choosing(result.data().windowLength(), control.dense())
                        .choice(curve -> AbsoluteQuality.of(curve, curve.denseLoss(), factor), settings.bootstrap(result.data().windows()), settings.confidence())));
            }
            return new JointFigures(model, frontier, qualities);
        });
    }

    private static Optional<LayerSparsity> nearCritical(SiteResult curve) {
        Level critical = curve.critical(Estimator.LINEAR).level();
        if (critical.kind() == Level.Kind.NONE) {
            return Optional.empty();
        }
        return curve.points().stream().min(Comparator.comparingDouble((Point point) -> Math.abs(point.sparsity() - critical.sparsity())))
                .map(point -> new LayerSparsity(point.p(), point.sparsity(), point.layerSparsity()));
    }

    /** The sites that a comparison is mainly about: the intermediate vector, else what was measured first. */
    static SiteSet headline(Comparison comparison) {
        List<SiteSet> measured = comparison.models().stream().flatMap(model -> model.curves().stream()).map(SiteResult::sites).toList();
        return measured.contains(SiteSet.INTERMEDIATE) ? SiteSet.INTERMEDIATE : measured.get(0);
    }
}
