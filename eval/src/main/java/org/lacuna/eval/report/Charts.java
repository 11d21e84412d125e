package org.lacuna.eval.report;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.lacuna.eval.report.Report.CurveFigures;
import org.lacuna.eval.report.Report.JointFigures;
import org.lacuna.eval.robustness.JointPoint;
import org.lacuna.eval.robustness.Point;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.sparsity.Site;

/** The charts of a comparison, with a series for each model. */
final class Charts {
    private static final String SPARSITY = "sparsity (%)";
    private static final String LAYER = "layer, counted from 0";

    private final Report report;
    private final ChartData data = new ChartData();

    private Charts(Report report) {
        this.report = report;
    }

    /** All charts. */
    static ChartData of(Report report) {
        Charts charts = new Charts(report);
        for (SiteSet sites : SiteSet.values()) {
            charts.curves(sites);
        }
        for (Site site : Site.values()) {
            charts.zeros(site);
        }
        charts.deadNeurons();
        charts.joint();
        return charts.data;
    }

    /** Whether any model has an exact zero at a site: if not, a chart would be a line at 0. */
    static boolean hasZeros(Report report, Site site) {
        return report.models().stream().anyMatch(model -> model.exactZeros().getOrDefault(site, 0.0) > 0);
    }

    /** The least and the most of the perplexity ratio that is worth seeing near a bar. */
    static double[] ratioRange(double bar) {
        double step = Math.max(bar - 1, 0.01);
        return new double[] {1 - 2 * step, 1 + 9 * step};
    }

    private void curves(SiteSet sites) {
        List<CurveFigures> curves = report.curves(sites);
        if (curves.isEmpty()) {
            return;
        }
        double bar = report.result(report.comparison().control()).settings().bar();
        ObjectNode ratio = data.chart("ratio-" + sites.key(), SPARSITY, "perplexity / dense perplexity", "percent", "ratio");
        ChartData.range(ratio, ratioRange(bar)[0], ratioRange(bar)[1]);
        ChartData.line(ratio, bar, "bar " + Shown.plain(bar), "left");
        ObjectNode loss = data.chart("loss-" + sites.key(), SPARSITY, "loss (nats/token)", "percent", "ratio");
        ChartData.range(loss, lossRange(curves)[0], lossRange(curves)[1]);
        List<Integer> controls = report.controls();
        controls.forEach(control -> ChartData.line(loss, report.result(control).dense().loss(),
                controls.size() == 1 ? "control's dense loss" : "dense loss of " + report.label(control), "right"));
        ObjectNode layers = data.chart("layers-" + sites.key(), LAYER, SPARSITY, "layer", "percent");
        for (CurveFigures curve : curves) {
            List<Point> measured = report.measured(curve).points();
            List<Integer> bySparsity = IntStream.range(0, measured.size()).boxed()
                    .sorted(Comparator.comparingDouble(i -> measured.get(i).sparsity())).toList();
            List<Double> sparsity = bySparsity.stream().map(i -> measured.get(i).sparsity()).toList();
            List<String> notes = bySparsity.stream().map(i -> "p = " + Shown.plain(measured.get(i).p())).toList();
            ObjectNode series = series(ratio, curve.model(), sparsity, bySparsity.stream().map(i -> curve.points().get(i).ratio()).toList());
            ChartData.numbers(series.putArray("low"), bySparsity.stream().map(i -> curve.points().get(i).low()).toList());
            ChartData.numbers(series.putArray("high"), bySparsity.stream().map(i -> curve.points().get(i).high()).toList());
            notes.forEach(series.putArray("notes")::add);
            ObjectNode lossSeries = series(loss, curve.model(), sparsity, bySparsity.stream().map(i -> measured.get(i).loss()).toList());
            notes.forEach(lossSeries.putArray("notes")::add);
            curve.nearCritical().ifPresent(near -> series(layers, curve.model(), ruledLayers(curve.model()), near.layers()));
        }
    }

    /** From a little below the least dense loss to where text is as good as lost: beyond twice that nothing is worth telling apart. */
    private double[] lossRange(List<CurveFigures> curves) {
        double least = Double.POSITIVE_INFINITY;
        double most = 0;
        for (CurveFigures curve : curves) {
            double dense = report.result(curve.model()).dense().loss();
            least = Math.min(least, dense);
            for (Point point : report.measured(curve).points()) {
                most = Math.max(most, Math.min(point.loss(), 2 * dense));
            }
        }
        return new double[] {least - 0.12 * (most - least), most + 0.05 * (most - least)};
    }

    private void zeros(Site site) {
        if (hasZeros(report, site)) {
            ObjectNode chart = data.chart("zeros-" + site.key(), LAYER, "exact zeros (%)", "layer", "percent");
            for (int i = 0; i < report.models().size(); i++) {
                List<Double> shares = report.result(i).dense().exactZeros().getOrDefault(site, List.of());
                if (!shares.isEmpty()) {
                    series(chart, i, layerNumbers(shares.size()), shares);
                }
            }
        }
    }

    /** Each model's frontier, and in another place of the palette its points with one p for all. */
    private void joint() {
        if (report.joint().isEmpty()) {
            return;
        }
        double bar = report.result(report.comparison().control()).settings().bar();
        ObjectNode chart = data.chart("joint", "saved (%)", "perplexity / dense perplexity", "percent", "ratio");
        ChartData.range(chart, ratioRange(bar)[0], ratioRange(bar)[1]);
        ChartData.line(chart, bar, "bar " + Shown.plain(bar), "left");
        for (JointFigures figures : report.joint()) {
            List<JointPoint> points = report.jointResult(figures).points();
            List<JointPoint> frontier = figures.frontier().stream().map(ratio -> points.get(ratio.point())).toList();
            joint(chart, figures.model(), report.label(figures.model()) + ", a p for each", frontier, report.result(figures.model()).dense().loss());
            List<JointPoint> same = points.stream().filter(JointPoint::same).sorted(Comparator.comparingDouble(JointPoint::saved)).toList();
            joint(chart, report.models().size() + figures.model(), report.label(figures.model()) + ", one p for all", same, report.result(figures.model()).dense().loss());
        }
    }

    private static void joint(ObjectNode chart, int place, String label, List<JointPoint> points, double dense) {
        ObjectNode series = ChartData.series(chart, place, label, points.stream().map(JointPoint::saved).toList(),
                points.stream().map(point -> Math.exp(point.loss() - dense)).toList());
        ChartData.numbers(series.putArray("low"), points.stream().map(point -> Math.exp(point.increase().low())).toList());
        ChartData.numbers(series.putArray("high"), points.stream().map(point -> Math.exp(point.increase().high())).toList());
        points.stream().map(point -> Shown.combination(point.p())).forEach(series.putArray("notes")::add);
    }

    private void deadNeurons() {
        ObjectNode chart = data.chart("dead", LAYER, "dead neurons", "layer", "count");
        for (int i = 0; i < report.models().size(); i++) {
            List<Double> counts = report.result(i).dense().deadNeurons().stream().map(Integer::doubleValue).toList();
            series(chart, i, layerNumbers(counts.size()), counts);
        }
    }

    private ObjectNode series(ObjectNode chart, int model, List<Double> x, List<Double> y) {
        return ChartData.series(chart, model, report.label(model), x, y);
    }

    private List<Double> ruledLayers(int model) {
        RobustnessResult result = report.result(model);
        return result.settings().layers().of(result.model().layers()).stream().map(Integer::doubleValue).toList();
    }

    private static List<Double> layerNumbers(int layers) {
        List<Double> numbers = new ArrayList<>();
        IntStream.range(0, layers).forEach(layer -> numbers.add((double) layer));
        return numbers;
    }
}
