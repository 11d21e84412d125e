package org.lacuna.eval.command;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import org.lacuna.eval.memory.ForwardMemory;
import org.lacuna.eval.report.Shown;
import org.lacuna.eval.robustness.DataSummary;
import org.lacuna.eval.robustness.ModelSummary;
import org.lacuna.eval.task.TaskEvaluation;
import org.lacuna.eval.task.TaskMeasurement.Curve;
import org.lacuna.eval.task.TaskMeasurement.Score;
import org.lacuna.eval.task.TaskMeasurement.TaskSummary;
import org.lacuna.eval.task.TaskNotes;
import org.lacuna.eval.task.TaskSettings;

/** Prints what tasks give as it is found. */
final class TaskTable implements TaskEvaluation.Progress {
    private final PrintWriter out;
    /** Characters of a site's column. */
    private int siteWidth = EvalTable.siteWidth(List.of());

    TaskTable(PrintWriter out) {
        this.out = out;
    }

    void head(ModelSummary model, TaskSettings settings) {
        line("model  %s: %s, %,d parameters, %s %s", model.name(), model.checkpoint(), model.parameters(), model.feedForward(), model.activation());
        line("rule   %s in %s, %s; critical sparsity: accuracy at least %s × dense, perplexity at most %s × dense; %s %% intervals over the choice of "
                + "documents",
                settings.rule(), Shown.layers(settings.layers()), Shown.tokens(settings.coverage()), settings.accuracy(), settings.perplexity(),
                Math.round(100 * settings.confidence()));
        siteWidth = EvalTable.siteWidth(settings.sites());
    }

    void calibration(DataSummary text) {
        line("text   thresholds from %,d windows of %,d tokens of the training part of %s", text.windows(), text.windowLength(), text.name());
    }

    void legend() {
        line("%s", Shown.ESTIMATORS);
        line("Cite linear with its interval, as compare and results.json do. Where grid lies far above it, the accuracy crosses its bar more than once, as it does by chance "
                + "where documents are few.");
    }

    void memory(ForwardMemory memory) {
        line("memory %s", memory.line());
    }

    @Override
    public void dense(TaskSummary task, List<Score> scores) {
        line("");
        line("task   %s: %,d documents, %s", task.name(), task.documents(), TaskNotes.asked(task));
        line("dense  %s", String.join(", ", scores.stream().map(TaskTable::score).toList()));
        TaskNotes.subtasks(task, scores).ifPresent(spread -> line("       %s", spread));
        TaskNotes.of(task, scores).forEach(note -> line("note   %s", note));
        line("%-" + siteWidth + "s%-12s%-26s%-26s%s", "site", "metric", "linear", "first", "grid");
    }

    private static String score(Score score) {
        String text = String.format(Locale.ROOT, "%s %.4f", score.metric().key(), score.value());
        return score.standardError().isPresent() ? text + String.format(Locale.ROOT, " ± %.4f", score.standardError().getAsDouble()) : text;
    }

    @Override
    public void curve(Curve curve) {
        curve.critical().forEach((metric, estimates) -> {
            StringBuilder row = new StringBuilder(String.format(Locale.ROOT, "%-" + siteWidth + "s%-12s", curve.sites().key(), metric));
            if (estimates.isEmpty()) {
                line("%s", row.append("can't be told: see the note above"));
                return;
            }
            EvalTable.COLUMNS.forEach(estimator -> row.append(String.format(Locale.ROOT, "%-26s",
                    EvalTable.text(estimates.stream().filter(estimate -> estimate.estimator() == estimator).findFirst().orElseThrow()))));
            line("%s", row.toString().stripTrailing());
        });
    }

    private void line(String format, Object... values) {
        out.println(String.format(Locale.ROOT, format, values));
        out.flush();
    }
}
