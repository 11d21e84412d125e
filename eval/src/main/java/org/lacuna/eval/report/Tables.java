package org.lacuna.eval.report;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.DoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.lacuna.eval.activation.ModelOverlap;
import org.lacuna.eval.compare.Comparison.Difference;
import org.lacuna.eval.compare.Comparison.LossRatio;
import org.lacuna.eval.compare.Comparison.QualityLevel;
import org.lacuna.eval.measure.Baseline;
import org.lacuna.eval.report.Report.CurveFigures;
import org.lacuna.eval.report.Report.JointFigures;
import org.lacuna.eval.report.Report.ModelFigures;
import org.lacuna.eval.report.SeedFigures.SeedDifference;
import org.lacuna.eval.report.SeedFigures.SeedModel;
import org.lacuna.eval.robustness.Estimate;
import org.lacuna.eval.robustness.JointChoice;
import org.lacuna.eval.robustness.JointPoint;
import org.lacuna.eval.robustness.JointResult;
import org.lacuna.eval.robustness.ModelSummary;
import org.lacuna.eval.robustness.Point;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.critical.Estimator;
import org.lacuna.sparsity.critical.Level;
import org.lacuna.sparsity.critical.PairedBootstrap.Interval;

/** The numbers as tables. */
final class Tables {
    private static final Html UNKNOWN = Html.element("span class=\"none\"", "not known");
    private static final Html NOT_MEASURED = Html.element("span class=\"none\"", "not measured");
    private static final Html NOT_COMPARED = Html.element("span class=\"none\"", "not compared");

    private static final int LEADERBOARD_COLUMNS = 13;

    private final Report report;

    Tables(Report report) {
        this.report = report;
    }

    /** What a set of sites is called in sentences. */
    static String name(SiteSet sites) {
        return sites.name().replace('_', ' ');
    }

    Html models() {
        HtmlTable table = new HtmlTable("models", "What was compared, and with what: each model with its control. Tokens seen are those scored in training, tokens/s the "
                + "median of the last half of its steps.");
        table.head("Model", "Control", "Activation", "Feed-forward", "Natural or induced", "Objective", "Parameters", "Layers × hidden × inner", "Training data",
                "Tokens seen", "Training (tokens/s)", "Seed");
        for (int i = 0; i < report.models().size(); i++) {
            ModelSummary model = report.result(i).model();
            table.row(label(i), control(i), model.activation(), model.feedForward(), model.training().name().toLowerCase(Locale.ROOT),
                    known(model.objective()), Html.number(model.parameters()),
                    Html.of(Html.number(model.layers()), " × ", Html.number(model.hidden()), " × ", Html.number(model.intermediate())),
                    known(model.trainingData()), known(model.tokensSeen()),
                    pace(model.tokensPerSecond()), seed(model.seed()));
        }
        return table.done();
    }

    Html losses() {
        HtmlTable table = new HtmlTable("losses", "Validation loss without a rule: mean −ln p of a token in nats, all bits of the text over its bytes, "
                + "and the loss over that of its control, of an induced model also over that of each natural one"
                + (report.baselines().isEmpty() ? "." : ", and over those of the baselines."));
        List<Object> head = new ArrayList<>(List.of("Model", "Loss (nats/token)", "Bits/byte", "Perplexity/token", "Loss / control's (interval)"));
        List<Integer> others = report.comparison().losses().stream().filter(ratio -> ratio.against() != report.control(ratio.model())).map(LossRatio::against)
                .distinct().toList();
        others.forEach(other -> head.add("Loss / that of " + label(other) + " (interval)"));
        report.baselines().forEach(baseline -> head.add("Loss / that of " + baseline.name()));
        table.head(head.toArray());
        for (int i = 0; i < report.models().size(); i++) {
            ModelFigures figures = report.models().get(i);
            List<Object> row = new ArrayList<>(List.of(label(i), four(report.result(i).dense().loss()), known(figures.bitsPerByte()),
                    four(figures.perplexity()), i == report.control(i) ? "control" : lossRatio(i, report.control(i))));
            for (int other : others) {
                row.add(lossRatio(i, other));
            }
            figures.lossToBaseline().forEach(ratio -> row.add(known(ratio)));
            table.row(row.toArray());
        }
        return table.done();
    }

    private Html lossRatio(int model, int against) {
        return report.comparison().losses().stream().filter(ratio -> ratio.model() == model && ratio.against() == against).findFirst()
                .map(ratio -> Html.of(four(ratio.ratio()), " ", interval(ratio.interval(), Shown::four))).orElse(NOT_COMPARED);
    }

    /** Empty if there is no baseline. */
    Html baselines() {
        if (report.baselines().isEmpty()) {
            return new Html("");
        }
        HtmlTable table = new HtmlTable("baselines", "Baselines: what else predicts this text. Their losses may be over other parts of it than the windows, as said.");
        table.head("Baseline", "Loss (nats/token)", "Bits/byte", "Measured on");
        for (Baseline baseline : report.baselines()) {
            table.row(baseline.name(), known(baseline.loss()), known(baseline.bitsPerByte()), baseline.measuredOn());
        }
        return table.done();
    }

    Html critical() {
        HtmlTable table = new HtmlTable("critical", "Critical sparsity: the share of values at a site that can be left out before the model's perplexity exceeds "
                + "the bar" + bars() + ". Three estimators, each with its interval. “≥”: the curve ends before the bar is broken. “none”: no point holds it.");
        table.head("Site", "Model", "linear", "first", "grid");
        for (SiteSet sites : SiteSet.values()) {
            for (CurveFigures curve : report.curves(sites)) {
                table.row(site(sites), label(curve.model()), estimate(report.measured(curve).critical(Estimator.LINEAR)),
                        estimate(report.measured(curve).critical(Estimator.FIRST)), estimate(report.measured(curve).critical(Estimator.GRID)));
            }
        }
        return table.done();
    }

    /** Empty if the models were not sorted. */
    Html leaderboard() {
        return report.leaderboard().map(this::leaderboard).orElse(new Html(""));
    }

    private Html leaderboard(Leaderboard board) {
        LittleLearned little = LittleLearned.of(report.comparison(), report.baselines());
        HtmlTable table = new HtmlTable("leaderboard", Shown.leaderboard(board));
        table.head("Rank", "Model", "Critical sparsity", "Parameters", "Loss (nats/token)", "Perplexity", "Bits/byte", "Left of a block", "Exact zeros", "Activation",
                "Tokens seen", "Training", "Origin");
        for (Leaderboard.Board alike : board.boards()) {
            alike.apart().ifPresent(why -> table.wideRow(LEADERBOARD_COLUMNS - 1, "", why));
            for (Leaderboard.Row row : alike.rows()) {
                ModelSummary model = report.result(row.model()).model();
                ModelFigures figures = report.models().get(row.model());
                table.row(row.rank().map(Leaderboard.Rank::shown).orElse("–"), row.label() + little.mark(row.model()), row.critical().map(Tables::estimate).orElse(NOT_MEASURED), Html.number(model.parameters()),
                        four(report.result(row.model()).dense().loss()), four(figures.perplexity()), known(figures.bitsPerByte()),
                        row.saved().map(saved -> Html.of("× ", Html.number(saved.left(), String.format(Locale.ROOT, "%.2f", saved.left())), " ", saved.words())).orElse(UNKNOWN),
                        zeros(figures), model.activation(), known(model.tokensSeen()), model.training().name().toLowerCase(Locale.ROOT), model.checkpoint());
            }
        }
        return table.done();
    }

    private static Html zeros(ModelFigures figures) {
        return Optional.ofNullable(figures.exactZeros().get(Site.INTERMEDIATE)).map(Tables::percent).orElse(UNKNOWN);
    }

    /** Empty if it was not looked at. */
    Html overlaps() {
        if (report.overlaps().isEmpty()) {
            return new Html("");
        }
        HtmlTable table = new HtmlTable("overlaps", Shown.overlaps(report.overlaps()));
        layerHead(table, "Model", "And", "Active", "All layers", "By chance");
        for (ModelOverlap overlap : report.overlaps()) {
            layerRow(table, List.of(label(overlap.model()), label(overlap.against()), overlap.active(), Html.of(four(overlap.overlap()), " ", interval(overlap.interval(), Shown::four)),
                    four(overlap.expected())), overlap.layers().stream().map(layer -> Html.of(four(layer.overlap()), " ",
                            Html.element("small", "by chance ", four(layer.expected()), "; active ", percent(layer.active()), " and ", percent(layer.otherActive())))).toList());
        }
        return table.done();
    }

    Html differences() {
        HtmlTable table = new HtmlTable("differences", "Differences of critical sparsity in percentage points, both models on the same draws of windows. "
                + "An interval that holds 0 tells nothing about which is larger. p: of a permutation test of “the model’s is larger” (linear), one-sided: how often a difference "
                + "as large comes about where each window is exchanged between the two or not.");
        table.head("Site", "Model", "Minus", "linear", "first", "grid", "p");
        List<Difference> all = report.comparison().differences();
        for (Difference each : all) {
            if (each.estimator() == Estimator.LINEAR) {
                List<Html> cells = Stream.of(Estimator.LINEAR, Estimator.FIRST, Estimator.GRID).map(estimator -> all.stream()
                        .filter(other -> other.estimator() == estimator && other.sites() == each.sites() && other.model() == each.model()
                                && other.against() == each.against())
                        .findFirst().map(Tables::difference).orElse(NOT_MEASURED)).toList();
                table.row(site(each.sites()), label(each.model()), label(each.against()), cells.get(0), cells.get(1), cells.get(2),
                        each.exchanged().isPresent() ? Html.of(Html.number(each.exchanged().getAsDouble(), String.format(Locale.ROOT, "%.2g", each.exchanged().getAsDouble()))) : NOT_MEASURED);
            }
        }
        return table.done();
    }

    Html quality() {
        HtmlTable table = new HtmlTable("quality", "Sparsity at an absolute quality: the share that can be left out while the model's loss stays within the factor of its "
                + "dense control's loss. Unlike critical sparsity this does not reward a model for being worse to begin with.");
        table.head("Site", "Model", "Loss allowed", "linear", "first", "grid");
        for (QualityLevel level : report.comparison().atControlLoss()) {
            table.row(site(level.sites()), label(level.model()), Html.of(Html.number(level.factor(), "control's + " + Shown.excess(level.factor()))),
                    estimate(level, Estimator.LINEAR), estimate(level, Estimator.FIRST), estimate(level, Estimator.GRID));
        }
        return table.done();
    }

    /** Every measured point at a set of sites, a row for each p. */
    Html points(SiteSet sites) {
        List<CurveFigures> curves = report.curves(sites);
        HtmlTable table = new HtmlTable("points-" + sites.key(), "Every measured point at " + name(sites)
                + ": sparsity, loss in nats/token, and perplexity over dense with its interval.");
        List<Object> head = new ArrayList<>(List.of("p"));
        for (CurveFigures curve : curves) {
            head.addAll(List.of(label(curve.model()) + ": sparsity", "loss", "perplexity ratio"));
        }
        table.head(head.toArray());
        for (double p : curves.stream().flatMap(curve -> curve.points().stream()).map(Report.Ratio::p).distinct().toList()) {
            List<Object> row = new ArrayList<>(List.of(Html.number(p, Shown.plain(p))));
            for (CurveFigures curve : curves) {
                row.addAll(point(curve, p));
            }
            table.row(row.toArray());
        }
        return table.done();
    }

    /** What saves most of a block with a p for each site, and with one for all. */
    Html joint() {
        HtmlTable table = new HtmlTable("joint", "What saves most, by bar, with a p for each site and with one for all: of the operations of the rule's layers' feed-forward "
                + "blocks (of attention's projections too where the grid has its sites), and of their weights' bytes, counted from shapes and measured zeros for one token, without a predictor. “≥”: what saves most of all that was measured holds the bar. "
                + "More: the interval of the difference of what was measured, both chosen anew on each draw; it is never below 0, as the one is chosen among more.");
        table.head("Model", "Bar", "A p for each", "saves", "One p for all", "saves", "More (points)");
        for (JointFigures figures : report.joint()) {
            JointResult joint = report.jointResult(figures);
            double bar = report.result(figures.model()).settings().bar();
            jointRow(table, figures.model(), Html.of("perplexity dense + ", Html.number(bar, Shown.excess(bar))), joint, joint.choice());
            figures.atControlLoss().forEach(quality -> jointRow(table, figures.model(), Html.of("loss ", Html.number(quality.factor(), "control's + " + Shown.excess(quality.factor()))),
                    joint, quality.choice()));
        }
        return table.done();
    }

    private void jointRow(HtmlTable table, int model, Html bar, JointResult joint, JointChoice choice) {
        table.row(label(model), bar, combination(joint, choice.joint()), estimate(choice.saved()), combination(joint, choice.same()), estimate(choice.savedSame()),
                interval(choice.more(), Shown::points));
    }

    private static Object combination(JointResult joint, OptionalInt place) {
        return place.isPresent() ? Shown.combination(joint.points().get(place.getAsInt()).p()) : "none";
    }

    /** The combinations of p that no other betters. */
    Html frontier() {
        HtmlTable table = new HtmlTable("frontier", "The frontier: every combination of p that saves more than all that lose no more.");
        table.head("Model", "p", "Saved", "Loss (nats/token)", "Perplexity ratio", "Sparsity of each site");
        for (JointFigures figures : report.joint()) {
            for (Report.JointRatio ratio : figures.frontier()) {
                JointPoint point = report.jointResult(figures).points().get(ratio.point());
                List<Object> sparsity = new ArrayList<>();
                point.sparsity().forEach((site, share) -> sparsity.addAll(List.of(sparsity.isEmpty() ? "" : ", ", site.key() + " ", percent(share))));
                table.row(label(figures.model()), Shown.combination(point.p()), percent(point.saved()), four(point.loss()),
                        Html.of(four(ratio.ratio()), " ", range(ratio.low(), ratio.high(), Shown::four)), Html.of(sparsity.toArray()));
            }
        }
        return table.done();
    }

    /** Exact zeros of the dense run at a site, layer by layer. */
    Html zeros() {
        HtmlTable table = new HtmlTable("zeros", "Values that are exactly 0 without any rule, over all validation tokens.");
        layerHead(table, "Site", "Model", "All layers");
        for (Site site : Site.values()) {
            for (int i = 0; i < report.models().size(); i++) {
                List<Double> layers = report.result(i).dense().exactZeros().get(site);
                if (layers != null) {
                    layerRow(table, List.of(site.name(), label(i), percent(report.models().get(i).exactZeros().get(site))),
                            layers.stream().map(Tables::percent).toList());
                }
            }
        }
        return table.done();
    }

    /** Sparsity of each layer where a model is about to get worse. */
    Html layers() {
        HtmlTable table = new HtmlTable("layers", "Sparsity layer by layer, at the measured p whose sparsity is nearest to the critical one (linear).");
        layerHead(table, "Site", "Model", "p", "The rule's layers");
        for (SiteSet sites : SiteSet.values()) {
            for (CurveFigures curve : report.curves(sites)) {
                curve.nearCritical().ifPresent(near -> layerRow(table, List.of(site(sites), label(curve.model()),
                        Html.number(near.p(), Shown.plain(near.p())), percent(near.sparsity())), ruled(curve.model(), near.layers())));
            }
        }
        return table.done();
    }

    /** Sparsities of the layers in which the rule was applied, each in its column. */
    private List<Html> ruled(int model, List<Double> sparsities) {
        RobustnessResult result = report.result(model);
        List<Html> cells = new ArrayList<>(Collections.nCopies(result.model().layers(), Html.of("–")));
        List<Integer> layers = result.settings().layers().of(result.model().layers());
        for (int i = 0; i < sparsities.size(); i++) {
            cells.set(layers.get(i), percent(sparsities.get(i)));
        }
        return cells;
    }

    Html deadNeurons() {
        HtmlTable table = new HtmlTable("dead", "Dead neurons: INTERMEDIATE values that are exactly 0 for every one of the validation tokens, and their share "
                + "where there are no experts.");
        layerHead(table, "Model", "All layers", "Share", "Neurons a layer");
        for (int i = 0; i < report.models().size(); i++) {
            layerRow(table, List.of(label(i), Html.number(report.models().get(i).deadNeurons()), share(report.models().get(i).deadShare()),
                    Html.number(report.result(i).model().intermediate())),
                    report.result(i).dense().deadNeurons().stream().map(Html::number).toList());
        }
        return table.done();
    }

    /** Empty if there is but one seed. */
    Html seeds() {
        SeedFigures seeds = report.seeds();
        Html models = new Html("");
        if (!seeds.models().isEmpty()) {
            HtmlTable table = new HtmlTable("seeds", "Each training seed by itself; critical sparsity at " + name(report.headline()) + ", linear.");
            table.head("Recipe", "Seed", "Loss (nats/token)", "Critical sparsity");
            for (SeedModel model : seeds.models()) {
                table.row(model.name(), seed(model.seed()), four(model.loss()), model.critical().map(Tables::estimate).orElse(NOT_MEASURED));
            }
            models = table.done();
        }
        Html differences = new Html("");
        if (!seeds.differences().isEmpty()) {
            HtmlTable table = new HtmlTable("seed-differences", "The difference at " + name(report.headline()) + " (linear, percentage points) in each repetition.");
            table.head("Model", "Seed", "Minus", "Seed", "Difference");
            for (SeedDifference row : seeds.differences()) {
                table.row(row.name(), seed(row.seed()), row.against(), seed(row.againstSeed()), difference(row.difference()));
            }
            differences = table.done();
        }
        return Html.of(models, differences);
    }

    private List<Object> point(CurveFigures curve, double p) {
        for (int i = 0; i < curve.points().size(); i++) {
            Report.Ratio ratio = curve.points().get(i);
            if (ratio.p() == p) {
                Point point = report.measured(curve).points().get(i);
                return List.of(percent(point.sparsity()), four(point.loss()),
                        Html.of(four(ratio.ratio()), " ", range(ratio.low(), ratio.high(), Shown::four)));
            }
        }
        return List.of(NOT_MEASURED, NOT_MEASURED, NOT_MEASURED);
    }

    private String bars() {
        List<Double> bars = report.comparison().models().stream().map(result -> result.settings().bar()).distinct().toList();
        if (bars.size() == 1) {
            return ", " + Shown.plain(bars.get(0)) + " × its own without a rule";
        }
        return " (" + String.join(", ", IntStream.range(0, report.models().size())
                .mapToObj(i -> report.label(i) + ": " + Shown.plain(report.result(i).settings().bar())).toList()) + ") × its own without a rule";
    }

    private void layerHead(HtmlTable table, Object... columns) {
        List<Object> head = new ArrayList<>(List.of(columns));
        int layers = report.comparison().models().stream().map(RobustnessResult::model).mapToInt(ModelSummary::layers).max().orElseThrow();
        IntStream.range(0, layers).forEach(layer -> head.add("Layer " + layer));
        table.head(head.toArray());
    }

    private static void layerRow(HtmlTable table, List<?> columns, List<Html> layers) {
        List<Object> row = new ArrayList<>(columns);
        row.addAll(layers);
        table.row(row.toArray());
    }

    private String control(int model) {
        return report.control(model) == model ? "itself" : label(report.control(model));
    }

    private String label(int model) {
        return report.label(model);
    }

    private static String site(SiteSet sites) {
        return name(sites);
    }

    private static Html estimate(QualityLevel level, Estimator estimator) {
        return estimate(level.estimates().stream().filter(each -> each.estimator() == estimator).findFirst().orElseThrow());
    }

    private static Html estimate(Estimate estimate) {
        Level level = estimate.level();
        Object shown = level.kind() == Level.Kind.NONE ? Shown.mark(level) : Html.of(Shown.mark(level), percent(level.sparsity()));
        return Html.of(shown, " ", interval(estimate.interval(), share -> Shown.percent(share).replace("\u00a0%", "")));
    }

    private static Html difference(Difference difference) {
        String mark = Shown.mark(difference);
        Object number = difference.kind() == Difference.Kind.NONE ? mark
                : Html.of(mark, Html.number(difference.difference(), Shown.points(difference.difference())));
        return Html.of(number, " ", interval(difference.interval(), Shown::points));
    }

    private static Html interval(Interval interval, DoubleFunction<String> shown) {
        List<String> draws = new ArrayList<>();
        if (interval.none() > 0) {
            draws.add("none in " + Shown.count(interval.none()));
        }
        if (interval.atLeast() > 0) {
            draws.add("a bound in " + Shown.count(interval.atLeast()));
        }
        Html range = range(interval.low(), interval.high(), shown);
        return draws.isEmpty() ? range : Html.of(range, " ", Html.element("small", String.join(", ", draws) + " of "
                + Shown.count(interval.replicates()) + " draws"));
    }

    private static Html range(double low, double high, DoubleFunction<String> shown) {
        return Html.element("span class=\"interval\"", "[", Html.number(low, shown.apply(low)), ", ", Html.number(high, shown.apply(high)), "]");
    }

    private static Html percent(double share) {
        return Html.number(share, Shown.percent(share));
    }

    private static Html pace(OptionalDouble tokens) {
        return tokens.isPresent() ? Html.number(tokens.getAsDouble(), Shown.count(Math.round(tokens.getAsDouble()))) : UNKNOWN;
    }

    private static Html share(OptionalDouble share) {
        return share.isPresent() ? percent(share.getAsDouble()) : UNKNOWN;
    }

    private static Html four(double number) {
        return Html.number(number, Shown.four(number));
    }

    private static Object known(Optional<String> text) {
        return text.isPresent() ? text.get() : UNKNOWN;
    }

    private static Html known(OptionalDouble number) {
        return number.isPresent() ? four(number.getAsDouble()) : UNKNOWN;
    }

    private static Html known(OptionalLong number) {
        return number.isPresent() ? Html.number(number.getAsLong()) : UNKNOWN;
    }

    /** A seed is a name, not a quantity: no separators. */
    private static Html seed(OptionalLong seed) {
        return seed.isPresent() ? Html.element("data value=\"" + seed.getAsLong() + "\"", Long.toString(seed.getAsLong())) : UNKNOWN;
    }
}
