package org.lacuna.eval.command;

import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.lacuna.eval.measure.Evaluation;
import org.lacuna.eval.memory.ForwardMemory;
import org.lacuna.eval.report.Savings;
import org.lacuna.eval.report.Shown;
import org.lacuna.eval.robustness.DataSummary;
import org.lacuna.eval.robustness.DenseResult;
import org.lacuna.eval.robustness.Estimate;
import org.lacuna.eval.robustness.JointResult;
import org.lacuna.eval.robustness.LayerSet;
import org.lacuna.eval.robustness.ModelSummary;
import org.lacuna.eval.robustness.Settings;
import org.lacuna.eval.robustness.SiteResult;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.critical.Estimator;

/** What {@code eval} prints, line by line as it is measured. */
final class EvalTable {
    static final List<Estimator> COLUMNS = List.of(Estimator.LINEAR, Estimator.FIRST, Estimator.GRID);

    private final PrintWriter out;
    private LayerSet ruled = LayerSet.ALL;
    /** Characters of a site's column. */
    private int siteWidth = siteWidth(List.of());

    private EvalTable(PrintWriter out) {
        this.out = out;
    }

    static EvalTable to(PrintWriter out) {
        return new EvalTable(out);
    }

    static EvalTable silent() {
        return new EvalTable(new PrintWriter(Writer.nullWriter()));
    }

    void head(Evaluation evaluation, Settings settings) {
        ModelSummary model = evaluation.model();
        DataSummary data = evaluation.data();
        line("model  %s: %s, %,d parameters, %s %s", model.name(), model.checkpoint(), model.parameters(), model.feedForward(), model.activation());
        Evaluation.Part part = evaluation.part();
        line("data   %s: %,d windows of %,d tokens, %s of the validation part, which is %s %% of the tokens", data.name(), data.windows(), data.windowLength(),
                data.windows() == part.windows() ? "all" + (part.rest() == 0 ? "" : String.format(Locale.ROOT, " but the last %,d tokens", part.rest()))
                        : String.format(Locale.ROOT, "the first of %,d", part.windows()), number(Math.round(1000 * part.share()) / 10.0));
        model.trainedOnOther(data).ifPresent(note -> line("note   %s", note));
        line("rule   %s in %s, %s; critical sparsity: perplexity at most %s × dense, %s %% intervals over the choice of windows",
                settings.rule(), Shown.layers(settings.layers()), Shown.tokens(settings.coverage()), number(settings.bar()),
                number(100 * settings.confidence()));
        int curves = settings.sites().size();
        siteWidth = siteWidth(settings.sites());
        ruled = settings.layers();
        int combinations = settings.joint().map(grid -> grid.points().size()).orElse(0);
        line("plan   without a rule, then %,d %s of %,d values of p%s: %,d tokens through the model", curves, curves == 1 ? "curve" : "curves", settings.grid().size(),
                combinations == 0 ? "" : String.format(Locale.ROOT, ", then %,d combinations of p at %s", combinations,
                        settings.joint().orElseThrow().sites().stream().map(Site::key).collect(Collectors.joining(", "))),
                (1 + (long) curves * settings.grid().size() + combinations) * data.windows() * data.windowLength());
    }

    void note(String note) {
        line("note   %s", note);
    }

    void memory(ForwardMemory memory) {
        line("memory %s", memory.line());
    }

    void dense(DenseResult dense) {
        String perByte = dense.bitsPerByte().isPresent() ? String.format(Locale.ROOT, ", %.4f bits a byte", dense.bitsPerByte().getAsDouble()) : "";
        line("dense  loss %.4f nats a token%s, perplexity %.4f", dense.loss(), perByte, dense.perplexity());
        line("       exact zeros%s %s", ruled.isAll() ? "" : " (of all layers)", String.join(", ", dense.exactZeros().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(site -> String.format(Locale.ROOT, "%s %.4f", site.getKey().key(),
                        site.getValue().stream().mapToDouble(Double::doubleValue).average().orElseThrow()))
                .toList()));
        line("");
        line("%-" + siteWidth + "s%-26s%-26s%s", "site", "linear", "first", "grid");
    }

    void curve(SiteResult curve) {
        StringBuilder row = new StringBuilder(String.format(Locale.ROOT, "%-" + siteWidth + "s", curve.sites().key()));
        for (Estimator estimator : COLUMNS) {
            row.append(String.format(Locale.ROOT, "%-26s", text(curve.critical(estimator))));
        }
        line("%s", row.toString().stripTrailing());
    }

    void joint(JointResult joint, DenseResult dense, Settings settings) {
        line("");
        JointTable.lines(joint, dense, settings).forEach(text -> line("%s", text));
    }

    void legend() {
        line("%s", Shown.ESTIMATORS);
    }

    void savings(Savings savings) {
        savings.lines().forEach(text -> {
            line("");
            line("%s", text);
        });
    }

    void kept(Path file) {
        line("");
        line("%s", file);
    }

    /** A column that the keys fit into. */
    static int siteWidth(List<SiteSet> sites) {
        return Math.max(14, 2 + sites.stream().mapToInt(set -> set.key().length()).max().orElse(0));
    }

    static String text(Estimate estimate) {
        String interval = String.format(Locale.ROOT, " [%.4f, %.4f]", estimate.interval().low(), estimate.interval().high());
        return Shown.level(estimate.level(), sparsity -> String.format(Locale.ROOT, "%.4f", sparsity)) + interval;
    }

    private static String number(double value) {
        return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
    }

    private void line(String format, Object... values) {
        out.println(String.format(Locale.ROOT, format, values));
        out.flush();
    }
}
