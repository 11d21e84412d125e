package org.lacuna.eval.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.DoubleFunction;
import org.lacuna.eval.activation.ModelOverlap;
import org.lacuna.eval.compare.Comparison.Difference;
import org.lacuna.eval.report.Report.CurveFigures;
import org.lacuna.eval.report.Report.ModelFigures;
import org.lacuna.eval.robustness.Estimate;
import org.lacuna.eval.robustness.ModelSummary;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.critical.Estimator;
import org.lacuna.sparsity.critical.Level;
import org.lacuna.sparsity.critical.PairedBootstrap.Interval;

/** A comparison's main tables as Markdown. */
final class ReportText {
    private static final String UNKNOWN = "–";

    private final Report report;
    private final Markdown text = new Markdown();

    private ReportText(Report report) {
        this.report = report;
    }

    static String markdown(Report report) {
        ReportText text = new ReportText(report);
        text.all();
        return text.text.toString();
    }

    private void all() {
        text.line("# " + Markdown.plain(report.title()));
        text.line("");
        if (!report.comparison().notes().isEmpty()) {
            text.line("Not fully comparable:");
            text.line("");
            report.comparison().notes().forEach(note -> text.line("- " + Markdown.plain(note)));
            text.line("");
        }
        text.line(Markdown.plain(report.summary()));
        text.line("");
        List<String> controls = new ArrayList<>(Shown.controls(report.comparison(), report.labels()));
        LittleLearned.of(report.comparison(), report.baselines()).note().ifPresent(controls::add);
        if (!controls.isEmpty()) {
            text.line(Markdown.plain(String.join(" ", controls)));
            text.line("");
        }
        report.leaderboard().ifPresent(this::leaderboard);
        critical();
        baselines();
        differences();
        savings();
        if (!report.overlaps().isEmpty()) {
            overlaps();
        }
    }

    private void leaderboard(Leaderboard board) {
        text.line("## Leaderboard");
        text.line("");
        LittleLearned little = LittleLearned.of(report.comparison(), report.baselines());
        text.line(Shown.leaderboard(board));
        for (Leaderboard.Board alike : board.boards()) {
            text.line("");
            text.line(alike.apart().map(why -> why + " ").orElse("") + "Measured with " + Markdown.plain(alike.measured()) + ".");
            text.line("");
            text.head(List.of("rank", "model", "critical sparsity", "parameters", "loss", "perplexity", "bits/byte", "left of a block", "zeros", "activation",
                    "tokens seen", "training", "origin"));
            alike.rows().forEach(row -> text.row(row(row, little)));
        }
        text.line("");
    }

    private List<String> row(Leaderboard.Row row, LittleLearned little) {
        ModelSummary model = report.result(row.model()).model();
        ModelFigures figures = report.models().get(row.model());
        Double zeros = figures.exactZeros().get(Site.INTERMEDIATE);
        return List.of(row.rank().map(Leaderboard.Rank::shown).orElse(UNKNOWN), row.label() + little.mark(row.model()), row.critical().map(ReportText::estimate).orElse("not measured"),
                Shown.count(model.parameters()), Shown.four(report.result(row.model()).dense().loss()), Shown.four(figures.perplexity()), known(figures.bitsPerByte()),
                row.saved().map(Savings.Saved::shown).orElse(UNKNOWN),
                zeros == null ? UNKNOWN : Shown.percent(zeros), model.activation(), known(model.tokensSeen()), model.training().name().toLowerCase(Locale.ROOT), model.checkpoint());
    }

    private void critical() {
        text.line("## Critical sparsity");
        text.line("");
        text.line("The share of values at a site that can be left out before a model's perplexity exceeds its bar (" + bars() + " × its own without a rule); here linear. " + Shown.TO_CITE);
        text.line("");
        List<SiteSet> sites = List.of(SiteSet.values()).stream().filter(set -> !report.curves(set).isEmpty()).toList();
        List<String> head = new ArrayList<>(List.of("model", "loss"));
        boolean several = report.models().size() > 1;
        if (several) {
            head.add("× control");
        }
        head.addAll(List.of("bits/byte", "zeros"));
        sites.forEach(set -> head.add(Tables.name(set)));
        text.head(head);
        for (int i = 0; i < report.models().size(); i++) {
            int model = i;
            Double zeros = report.models().get(i).exactZeros().get(Site.INTERMEDIATE);
            List<String> row = new ArrayList<>(List.of(report.label(i), Shown.four(report.result(i).dense().loss())));
            if (several) {
                row.add(toControl(i));
            }
            row.addAll(List.of(known(report.models().get(i).bitsPerByte()), zeros == null ? UNKNOWN : Shown.percent(zeros)));
            sites.forEach(set -> row.add(report.curves(set).stream().filter(curve -> curve.model() == model).findFirst().map(this::estimate).orElse(UNKNOWN)));
            text.row(row);
        }
        text.line("");
    }

    private String bars() {
        return String.join(", ", report.comparison().models().stream().map(result -> Shown.plain(result.settings().bar())).distinct().toList());
    }

    private String toControl(int model) {
        return model == report.control(model) ? "control" : report.comparison().losses().stream().filter(ratio -> ratio.model() == model && ratio.against() == report.control(model)).findFirst()
                .map(ratio -> Shown.four(ratio.ratio()) + interval(ratio.interval(), Shown::four)).orElse(UNKNOWN);
    }

    private void baselines() {
        if (report.baselines().isEmpty()) {
            return;
        }
        text.line("What else predicts this text, in nats a token and bits a byte:");
        text.line("");
        text.head(List.of("baseline", "loss a token", "bits a byte", "measured on"));
        report.baselines().forEach(baseline -> text.row(List.of(baseline.name(), known(baseline.loss()), known(baseline.bitsPerByte()), baseline.measuredOn())));
        text.line("");
    }

    /** What could be spared, counted from the levels above. */
    private void savings() {
        List<String> lines = report.savings();
        if (!lines.isEmpty()) {
            text.line("## What to use");
            text.line("");
            lines.forEach(line -> text.line("- " + Markdown.plain(line)));
            text.line("");
        }
    }

    private void differences() {
        List<Difference> linear = report.comparison().differences().stream().filter(difference -> difference.estimator() == Estimator.LINEAR).toList();
        if (linear.isEmpty()) {
            return;
        }
        text.line("## Differences");
        text.line("");
        text.line("Of critical sparsity (linear), in percentage points. p: one-sided, of the model's being larger, by exchanging windows between the two; not corrected for being many.");
        text.line("");
        text.head(List.of("site", "model", "minus", "difference", "p"));
        linear.forEach(difference -> text.row(List.of(Tables.name(difference.sites()), report.label(difference.model()), report.label(difference.against()),
                Shown.difference(difference, Shown::points) + interval(difference.interval(), Shown::points),
                difference.exchanged().isPresent() ? String.format(Locale.ROOT, "%.2g", difference.exchanged().getAsDouble()) : UNKNOWN)));
        text.line("");
    }

    private void overlaps() {
        text.line("## Neurons that are active together");
        text.line("");
        text.line(Shown.overlaps(report.overlaps()));
        text.line("");
        text.head(List.of("model", "and", "active", "all layers", "by chance", "each layer (by chance)"));
        for (ModelOverlap overlap : report.overlaps()) {
            text.row(List.of(report.label(overlap.model()), report.label(overlap.against()), overlap.active(), Shown.four(overlap.overlap()) + interval(overlap.interval(), Shown::four),
                    Shown.four(overlap.expected()),
                    String.join(", ", overlap.layers().stream().map(layer -> Shown.four(layer.overlap()) + " (" + Shown.four(layer.expected()) + ")").toList())));
        }
        text.line("");
    }

    private String estimate(CurveFigures curve) {
        return estimate(report.measured(curve).critical(Estimator.LINEAR));
    }

    private static String estimate(Estimate estimate) {
        return Shown.level(estimate.level(), Shown::percent) + (estimate.level().kind() == Level.Kind.NONE ? "" : interval(estimate.interval(), Shown::percent).replace("\u00a0%", ""));
    }

    private static String interval(Interval interval, DoubleFunction<String> shown) {
        return " [" + shown.apply(interval.low()) + ", " + shown.apply(interval.high()) + "]";
    }

    private static String known(OptionalDouble number) {
        return number.isPresent() ? Shown.four(number.getAsDouble()) : UNKNOWN;
    }

    private static String known(OptionalLong number) {
        return number.isPresent() ? Shown.count(number.getAsLong()) : UNKNOWN;
    }
}
