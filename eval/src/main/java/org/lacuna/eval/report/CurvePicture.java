package org.lacuna.eval.report;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.lacuna.eval.report.Report.CurveFigures;
import org.lacuna.eval.robustness.Estimate;
import org.lacuna.eval.robustness.Point;
import org.lacuna.sparsity.critical.Estimator;
import org.lacuna.sparsity.critical.Level;

/**
 * One chart as SVG that needs no script: perplexity ratio over sparsity at the headline's sites, with bands for the intervals, the bar, and
 * each model's critical sparsity where its line crosses it.
 */
final class CurvePicture {
    private static final int WIDTH = 760;
    private static final int LEFT = 70;
    private static final int RIGHT = 24;
    private static final int LEGEND_LINE = 22;
    private static final int PLOT_HEIGHT = 300;
    private static final int BELOW = 58;
    private static final int LONGEST_NAME = 40;

    private final Report report;
    private final List<CurveFigures> curves;
    private final double bar;
    private final double least;
    private final double most;
    private final int top;
    private final StringBuilder svg = new StringBuilder();

    private CurvePicture(Report report) {
        this.report = report;
        curves = report.curves(report.headline());
        bar = report.result(report.comparison().control()).settings().bar();
        least = Charts.ratioRange(bar)[0];
        most = Charts.ratioRange(bar)[1];
        top = 44 + LEGEND_LINE * curves.size() + 14;
    }

    static String svg(Report report) {
        return new CurvePicture(report).draw();
    }

    private String draw() {
        int height = top + PLOT_HEIGHT + BELOW;
        String title = "Perplexity against sparsity at " + Tables.name(report.headline());
        add("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"lc\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\" aria-label=\"%s\">",
                WIDTH, height, WIDTH, height, escaped(title));
        svg.append(style());
        add("<rect class=\"lc-ground\" width=\"%d\" height=\"%d\"/>", WIDTH, height);
        add("<text class=\"lc-title\" x=\"%d\" y=\"26\">%s</text>", LEFT, escaped(title));
        legend();
        axes();
        add("<clipPath id=\"lc-plot\"><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/></clipPath>", LEFT, top, WIDTH - LEFT - RIGHT, PLOT_HEIGHT);
        svg.append("<g clip-path=\"url(#lc-plot)\">\n");
        curves.forEach(this::band);
        curves.forEach(this::line);
        svg.append("</g>\n");
        curves.forEach(this::crossing);
        return svg.append("</svg>\n").toString();
    }

    private String style() {
        StringBuilder light = new StringBuilder(".lc text{font:13px system-ui,sans-serif;fill:#222}.lc .lc-title{font-size:16px;font-weight:600}"
                + ".lc .lc-tick{font-size:12px;fill:#555}.lc .lc-ground{fill:#fff}.lc .lc-grid{stroke:#ddd}.lc .lc-frame{stroke:#888;fill:none}"
                + ".lc .lc-bar{stroke:#222;stroke-dasharray:5 4}.lc .lc-line{fill:none;stroke-width:2.2}.lc .lc-band{stroke:none;fill-opacity:.18}");
        StringBuilder dark = new StringBuilder(".lc text{fill:#e6e6e6}.lc .lc-tick{fill:#aaa}.lc .lc-ground{fill:#16181c}.lc .lc-grid{stroke:#333}"
                + ".lc .lc-frame{stroke:#777}.lc .lc-bar{stroke:#e6e6e6}");
        for (CurveFigures curve : curves) {
            String rule = ".lc .lc-m%1$d{stroke:%2$s}.lc .lc-f%1$d{fill:%2$s}";
            light.append(String.format(Locale.ROOT, rule, curve.model(), Palette.onLight(curve.model())));
            dark.append(String.format(Locale.ROOT, rule, curve.model(), Palette.onDark(curve.model())));
        }
        return "<style>" + light + "@media screen and (prefers-color-scheme:dark){" + dark + "}</style>\n";
    }

    private void legend() {
        int y = 50;
        for (CurveFigures curve : curves) {
            Estimate estimate = report.measured(curve).critical(Estimator.LINEAR);
            String level = Shown.level(estimate.level(), Shown::percent);
            add("<line class=\"lc-line lc-m%d\"%s x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>", curve.model(), dash(curve.model()), LEFT, y - 4, LEFT + 34, y - 4);
            add("<text x=\"%d\" y=\"%d\">%s<title>%s</title></text>", LEFT + 44, y, escaped(shortened(report.label(curve.model()))
                    + ": critical sparsity " + level + " [" + Shown.percent(estimate.interval().low()) + ", " + Shown.percent(estimate.interval().high()) + "]"),
                    escaped(report.label(curve.model())));
            y += LEGEND_LINE;
        }
    }

    private void axes() {
        for (int percent = 0; percent <= 100; percent += 10) {
            add("<line class=\"lc-grid\" x1=\"%1$.1f\" y1=\"%2$d\" x2=\"%1$.1f\" y2=\"%3$d\"/>", x(percent / 100.0), top, top + PLOT_HEIGHT);
            add("<text class=\"lc-tick\" text-anchor=\"middle\" x=\"%.1f\" y=\"%d\">%d</text>", x(percent / 100.0), top + PLOT_HEIGHT + 18, percent);
        }
        double step = (most - least) / 11;
        for (int i = 0; i <= 11; i++) {
            double ratio = least + i * step;
            add("<line class=\"lc-grid\" x1=\"%1$d\" y1=\"%2$.1f\" x2=\"%3$d\" y2=\"%2$.1f\"/>", LEFT, y(ratio), WIDTH - RIGHT);
            add("<text class=\"lc-tick\" text-anchor=\"end\" x=\"%d\" y=\"%.1f\">%.2f</text>", LEFT - 8, y(ratio) + 4, ratio);
        }
        add("<rect class=\"lc-frame\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>", LEFT, top, WIDTH - LEFT - RIGHT, PLOT_HEIGHT);
        add("<line class=\"lc-bar\" x1=\"%1$d\" y1=\"%2$.1f\" x2=\"%3$d\" y2=\"%2$.1f\"/>", LEFT, y(bar), WIDTH - RIGHT);
        add("<text x=\"%d\" y=\"%.1f\">bar: %s</text>", LEFT + 8, y(bar) - 6, Shown.plain(bar));
        add("<text text-anchor=\"middle\" x=\"%d\" y=\"%d\">values left out (%%), all layers and tokens</text>", (LEFT + WIDTH - RIGHT) / 2,
                top + PLOT_HEIGHT + 42);
        add("<text text-anchor=\"middle\" transform=\"translate(18 %d) rotate(-90)\">perplexity / dense perplexity</text>", top + PLOT_HEIGHT / 2);
    }

    private void band(CurveFigures curve) {
        List<Integer> order = finite(curve);
        String there = order.stream().map(i -> at(sparsity(curve, i), curve.points().get(i).high())).collect(Collectors.joining(" "));
        String back = IntStream.rangeClosed(1, order.size()).map(i -> order.get(order.size() - i))
                .mapToObj(i -> at(sparsity(curve, i), curve.points().get(i).low())).collect(Collectors.joining(" "));
        add("<polygon class=\"lc-band lc-f%d\" points=\"%s %s\"/>", curve.model(), there, back);
    }

    private void line(CurveFigures curve) {
        List<Integer> order = finite(curve);
        add("<polyline class=\"lc-line lc-m%d\"%s points=\"%s\"/>", curve.model(), dash(curve.model()), order.stream()
                .map(i -> at(sparsity(curve, i), curve.points().get(i).ratio())).collect(Collectors.joining(" ")));
        order.forEach(i -> add("<circle class=\"lc-f%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.6\"/>", curve.model(), x(sparsity(curve, i)),
                y(curve.points().get(i).ratio())));
    }

    private void crossing(CurveFigures curve) {
        Level level = report.measured(curve).critical(Estimator.LINEAR).level();
        if (level.kind() == Level.Kind.AT) {
            add("<circle class=\"lc-line lc-m%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"6\"/>", curve.model(), x(level.sparsity()), y(bar));
        }
    }

    /** The points that can be drawn, by rising sparsity. */
    private List<Integer> finite(CurveFigures curve) {
        List<Point> points = report.measured(curve).points();
        return IntStream.range(0, points.size()).boxed().filter(i -> Double.isFinite(curve.points().get(i).ratio()))
                .sorted(Comparator.comparingDouble(i -> points.get(i).sparsity())).toList();
    }

    private double sparsity(CurveFigures curve, int point) {
        return report.measured(curve).points().get(point).sparsity();
    }

    private String at(double sparsity, double ratio) {
        return String.format(Locale.ROOT, "%.1f,%.1f", x(sparsity), y(ratio));
    }

    private static double x(double sparsity) {
        return LEFT + sparsity * (WIDTH - LEFT - RIGHT);
    }

    /** A ratio far above the plot is drawn at ten times its height: some viewers give up on huge coordinates. */
    private double y(double ratio) {
        return top + PLOT_HEIGHT * (1 - Math.min((ratio - least) / (most - least), 10));
    }

    private static String dash(int model) {
        List<Integer> dash = Palette.dash(model);
        return dash.isEmpty() ? "" : " stroke-dasharray=\"" + dash.stream().map(String::valueOf).collect(Collectors.joining(" ")) + "\"";
    }

    private static String shortened(String name) {
        return name.codePointCount(0, name.length()) <= LONGEST_NAME ? name : name.substring(0, name.offsetByCodePoints(0, LONGEST_NAME - 1)) + "…";
    }

    private static String escaped(String text) {
        return Html.text(text).markup();
    }

    private void add(String format, Object... values) {
        svg.append(String.format(Locale.ROOT, format, values)).append('\n');
    }
}
