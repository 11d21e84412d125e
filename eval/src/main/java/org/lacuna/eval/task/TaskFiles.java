package org.lacuna.eval.task;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import org.lacuna.eval.robustness.ResultJson;
import org.lacuna.eval.task.TaskMeasurement.Curve;
import org.lacuna.eval.task.TaskMeasurement.Point;
import org.lacuna.eval.task.TaskMeasurement.Score;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.Json;

/** The files of a folder of results: {@code TASK.json} each, {@code results.json} as lm-evaluation-harness writes it, {@code curves.csv}. */
public final class TaskFiles {
    /** The file that has what all tasks have in one. */
    public static final String ALL = "results.json";

    private TaskFiles() {
    }

    /** A task's own file. */
    public static Path file(Path folder, String task) {
        return folder.resolve(task + ".json");
    }

    /** Writes a task's own file. */
    public static void write(Path folder, TaskMeasurement result) {
        AtomicFiles.write(file(folder, result.task().name()), ResultJson.text(result));
    }

    /** Writes what all tasks have in one. */
    public static void writeAll(Path folder, List<TaskMeasurement> results) {
        AtomicFiles.write(folder.resolve(ALL), harness(results).toPrettyString() + "\n");
        AtomicFiles.write(folder.resolve("curves.csv"), csv(results));
    }

    /** The dense metrics, as lm-evaluation-harness' {@code results.json} has them: {@code "acc,none"}, {@code "acc_stderr,none"}. */
    public static ObjectNode harness(List<TaskMeasurement> results) {
        ObjectNode all = Json.object();
        ObjectNode metrics = all.putObject("results");
        ObjectNode samples = Json.object();
        for (TaskMeasurement result : results) {
            ObjectNode task = metrics.putObject(result.task().name()).put("alias", result.task().name());
            for (Score score : result.dense()) {
                task.put(score.metric().key() + ",none", score.value());
                if (score.standardError().isPresent()) {
                    task.put(score.metric().key() + "_stderr,none", score.standardError().getAsDouble());
                } else {
                    task.put(score.metric().key() + "_stderr,none", "N/A");
                }
            }
            samples.putObject(result.task().name()).put("original", result.task().documents() + result.task().leftOut()).put("effective", result.task().documents());
        }
        all.set("n-samples", samples);
        results.stream().findFirst().ifPresent(result -> all.putObject("config").put("model", "lacuna").put("model_args", "pretrained=" + result.model().checkpoint())
                .put("model_num_parameters", result.model().parameters()).put("model_sha", result.model().sha256()));
        return all;
    }

    private static String csv(List<TaskMeasurement> results) {
        StringBuilder text = new StringBuilder("task,metric,rule,site,p,sparsity,value,stderr,change_low,change_high,documents_needed\n");
        for (TaskMeasurement result : results) {
            for (Curve curve : result.curves()) {
                for (Point point : curve.points()) {
                    for (Score score : point.scores()) {
                        String metric = score.metric().key();
                        text.append(String.join(",", result.task().name(), metric, result.settings().rule(), curve.sites().key(), number(point.p()), number(point.sparsity()),
                                number(score.value()), score.standardError().isPresent() ? number(score.standardError().getAsDouble()) : "", number(point.change().get(metric).low()),
                                number(point.change().get(metric).high()), needed(point, metric))).append('\n');
                    }
                }
            }
        }
        return text.toString();
    }

    private static String needed(Point point, String metric) {
        OptionalLong needed = point.needed().getOrDefault(metric, OptionalLong.empty());
        return needed.isPresent() ? Long.toString(needed.getAsLong()) : "";
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%s", value);
    }
}
