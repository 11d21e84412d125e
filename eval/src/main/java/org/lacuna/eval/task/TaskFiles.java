package org.lacuna.eval.task;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.Set;
import org.lacuna.eval.robustness.ResultJson;
import org.lacuna.eval.task.TaskMeasurement.Curve;
import org.lacuna.eval.task.TaskMeasurement.Point;
import org.lacuna.eval.task.TaskMeasurement.Score;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.Json;

/**
 * The files of a folder of results: {@code TASK.json} each, {@code results.json} as lm-evaluation-harness writes it, {@code curves.csv}, and {@code subtasks.csv} where a
 * task has subtasks.
 */
public final class TaskFiles {
    /** The file that has what all tasks have in one. */
    public static final String ALL = "results.json";
    private static final String SUBTASKS = "group_subtasks";

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
        if (results.stream().anyMatch(result -> !result.task().subtasks().isEmpty())) {
            AtomicFiles.write(folder.resolve("subtasks.csv"), subtasks(results));
        }
    }

    /**
     * The dense metrics, as lm-evaluation-harness' {@code results.json} has them: {@code "acc,none"}, {@code "acc_stderr,none"}. A task with subtasks is a group, and they
     * are tasks.
     */
    public static ObjectNode harness(List<TaskMeasurement> results) {
        ObjectNode all = Json.object();
        ObjectNode metrics = all.putObject("results");
        ObjectNode groups = Json.object();
        ObjectNode members = Json.object();
        ObjectNode samples = Json.object();
        for (TaskMeasurement result : results) {
            String name = result.task().name();
            put(metrics, name, result.dense());
            samples.putObject(name).put("original", result.task().original()).put("effective", result.task().documents());
            List<SubtaskScores> subtasks = SubtaskScores.of(result.task(), result.dense());
            if (!subtasks.isEmpty()) {
                put(groups, name, result.dense());
                subtasks.forEach(subtask -> members.withArray(name).add(subtask.subtask().name()));
            }
            for (SubtaskScores subtask : subtasks) {
                put(metrics, subtask.subtask().name(), subtask.scores());
                samples.putObject(subtask.subtask().name()).put("original", subtask.subtask().original()).put("effective", subtask.subtask().documents());
            }
        }
        if (!groups.isEmpty()) {
            all.set("groups", groups);
        }
        all.set(SUBTASKS, members);
        all.set("n-samples", samples);
        results.stream().findFirst().ifPresent(result -> all.putObject("config").put("model", "lacuna").put("model_args", "pretrained=" + result.model().checkpoint())
                .put("model_num_parameters", result.model().parameters()).put("model_sha", result.model().sha256()));
        return all;
    }

    private static void put(ObjectNode to, String name, List<Score> scores) {
        ObjectNode task = to.putObject(name).put("alias", name).put("name", name).put("sample_len", scores.get(0).values().size());
        for (Score score : scores) {
            task.put(score.metric().key() + ",none", score.value());
            if (score.standardError().isPresent()) {
                task.put(score.metric().key() + "_stderr,none", score.standardError().getAsDouble());
            } else {
                task.put(score.metric().key() + "_stderr,none", "N/A");
            }
        }
    }

    /**
     * The tasks that have a file each, by what {@link #harness} gave.
     *
     * @param json what a file holds; may be anything
     */
    public static List<String> tasks(JsonNode json) {
        Set<String> subtasks = new HashSet<>();
        json.path(SUBTASKS).forEach(members -> members.forEach(member -> subtasks.add(member.asText())));
        List<String> tasks = new ArrayList<>();
        json.path("results").fieldNames().forEachRemaining(name -> {
            if (!subtasks.contains(name)) {
                tasks.add(name);
            }
        });
        return tasks;
    }

    private static String subtasks(List<TaskMeasurement> results) {
        StringBuilder text = new StringBuilder("task,subtask,documents,metric,rule,site,p,sparsity,value,stderr\n");
        for (TaskMeasurement result : results) {
            for (SubtaskScores subtask : SubtaskScores.of(result.task(), result.dense())) {
                rows(text, result, subtask, "none,,,");
            }
            for (Curve curve : result.curves()) {
                for (Point point : curve.points()) {
                    for (SubtaskScores subtask : SubtaskScores.of(result.task(), point.scores())) {
                        rows(text, result, subtask, String.join(",", result.settings().rule(), curve.sites().key(), number(point.p()), number(subtask.sparsity(point))));
                    }
                }
            }
        }
        return text.toString();
    }

    private static void rows(StringBuilder text, TaskMeasurement result, SubtaskScores subtask, String treatment) {
        for (Score score : subtask.scores()) {
            text.append(String.join(",", result.task().name(), subtask.subtask().name(), Integer.toString(subtask.subtask().documents()), score.metric().key(), treatment,
                    number(score.value()), error(score))).append('\n');
        }
    }

    private static String error(Score score) {
        return score.standardError().isPresent() ? number(score.standardError().getAsDouble()) : "";
    }

    private static String csv(List<TaskMeasurement> results) {
        StringBuilder text = new StringBuilder("task,metric,rule,site,p,sparsity,value,stderr,change_low,change_high,documents_needed\n");
        for (TaskMeasurement result : results) {
            for (Curve curve : result.curves()) {
                for (Point point : curve.points()) {
                    for (Score score : point.scores()) {
                        String metric = score.metric().key();
                        text.append(String.join(",", result.task().name(), metric, result.settings().rule(), curve.sites().key(), number(point.p()), number(point.sparsity()),
                                number(score.value()), error(score), number(point.change().get(metric).low()),
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
