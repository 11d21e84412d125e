package org.lacuna.eval.command;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.lacuna.eval.method.Method;
import org.lacuna.eval.method.Methods;
import org.lacuna.eval.report.Shown;
import org.lacuna.eval.robustness.DenseResult;
import org.lacuna.eval.robustness.Estimate;
import org.lacuna.eval.robustness.JointChoice;
import org.lacuna.eval.robustness.JointPoint;
import org.lacuna.eval.robustness.JointResult;
import org.lacuna.eval.robustness.Settings;
import org.lacuna.sparsity.critical.PairedBootstrap.Interval;

/** What {@code eval --joint} prints: the frontier as far as the bar, and what it saves within it. */
final class JointTable {
    private JointTable() {
    }

    static List<String> lines(JointResult joint, DenseResult dense, Settings settings) {
        List<JointPoint> frontier = joint.frontier().stream().map(joint.points()::get).toList();
        List<JointPoint> shown = new ArrayList<>();
        for (JointPoint point : frontier) {
            shown.add(point);
            if (Math.exp(point.loss() - dense.loss()) > settings.bar()) {
                break;
            }
        }
        int width = Math.max(4, shown.stream().mapToInt(point -> Shown.combination(point.p()).length()).max().orElseThrow() + 2);
        List<String> lines = new ArrayList<>();
        lines.add(String.format(Locale.ROOT, "joint  %d combinations of p; saved: of the operations and weight bytes of %s, counted and not measured", joint.points().size(),
                settings.joint().orElseThrow().saves()));
        lines.add("");
        lines.add(format("%-" + width + "s%-9s%-27s%s", "p", "saved", "perplexity / dense", "sparsity"));
        for (JointPoint point : shown) {
            String ratio = format("%.4f [%.4f, %.4f]", Math.exp(point.loss() - dense.loss()), Math.exp(point.increase().low()), Math.exp(point.increase().high()));
            lines.add(format("%-" + width + "s%-9.4f%-27s%s", Shown.combination(point.p()), point.saved(), ratio,
                    point.sparsity().entrySet().stream().map(site -> format("%s %.4f", site.getKey().key(), site.getValue())).collect(Collectors.joining(", "))));
        }
        Method method = Methods.byName(settings.rule());
        joint.points().stream().filter(point -> point.p().values().stream().allMatch(method::keepsAll)).findFirst()
                .ifPresent(point -> lines.add(format("zeros that are there without a rule save %.4f of it", point.saved())));
        if (shown.size() < frontier.size()) {
            lines.add(format("and %d more that save more and lose more", frontier.size() - shown.size()));
        }
        JointChoice choice = joint.choice();
        lines.add("");
        lines.add("a p for each   " + saves(joint, choice.joint(), choice.saved()));
        lines.add("one p for all  " + saves(joint, choice.same(), choice.savedSame()));
        Interval more = choice.more();
        lines.add(format("difference     [%.4f, %.4f], both chosen anew on each draw of the windows; never below 0, as the one is chosen among more", more.low(), more.high()));
        return lines;
    }

    private static String saves(JointResult joint, OptionalInt place, Estimate saved) {
        return place.isEmpty() ? "none holds the bar" : "saves " + EvalTable.text(saved) + " with " + Shown.combination(joint.points().get(place.getAsInt()).p());
    }

    private static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
