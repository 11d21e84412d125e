package org.lacuna.eval.task;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import org.lacuna.eval.robustness.Estimate;
import org.lacuna.eval.robustness.ResultJson;
import org.lacuna.eval.task.TaskMeasurement.Curve;
import org.lacuna.eval.task.TaskMeasurement.Point;
import org.lacuna.eval.task.TaskMeasurement.Score;
import org.lacuna.eval.task.TaskMeasurement.TaskSummary;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.Json;
import org.lacuna.sparsity.critical.Estimator;

/**
 * The files of a folder of results: {@code TASK.json} each, {@code results.json} as lm-evaluation-harness writes it, {@code curves.csv}, and {@code subtasks.csv} where a
 * task has subtasks.
 */
public final class TaskFiles {
    /** The file that has what all tasks have in one. */
    public static final String ALL = "results.json";
    private static final String SUBTASKS = "group_subtasks";
    private static final String SUBTASKS_FILE = "subtasks.csv";

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
            AtomicFiles.write(folder.resolve(SUBTASKS_FILE), subtasks(results));
        } else {
            remove(folder.resolve(SUBTASKS_FILE)); // of what was measured into the folder before
        }
    }

    private static void remove(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new RunException(file + ": can't be removed: " + AtomicFiles.reason(e), e);
        }
    }

    /**
     * The metrics without a rule, as lm-evaluation-harness' {@code results.json} has them: {@code "acc,none"}, {@code "acc_stderr,none"}, with what it tells beside them. A
     * task with subtasks is a group, and they are tasks. What the harness does not know is under {@code sparse}: the metrics under the rule, and which rule that is.
     */
    public static ObjectNode harness(List<TaskMeasurement> results) {
        ObjectNode all = Json.object();
        List.of("results", "groups", SUBTASKS, "configs", "versions", "n-shot", "higher_is_better", "n-samples").forEach(all::putObject);
        for (TaskMeasurement result : results) {
            TaskSummary task = result.task();
            JsonNode version = task.config().at("/metadata/version");
            put(all.withObject("/results"), task.name(), result.dense());
            List<SubtaskScores> subtasks = SubtaskScores.of(task, result.dense());
            if (subtasks.isEmpty()) {
                describe(all, result, task.name(), version, task.original(), task.documents());
                continue;
            }
            put(all.withObject("/groups"), task.name(), result.dense());
            about(all, result, task.name(), version);
            for (SubtaskScores subtask : subtasks) {
                String name = subtask.subtask().name();
                all.withObject("/" + SUBTASKS).withArray(task.name()).add(name);
                put(all.withObject("/results"), name, subtask.scores());
                describe(all, result, name, task.config().at("/subtasks/version"), subtask.subtask().original(), subtask.subtask().documents());
            }
        }
        if (all.get("groups").isEmpty()) {
            all.remove("groups");
        }
        results.stream().findFirst().ifPresent(result -> how(all, result));
        all.set("sparse", sparse(results));
        return all;
    }

    /** What the harness tells of a task that is no group; its version is a number there, a group's a text. */
    private static void describe(ObjectNode all, TaskMeasurement result, String name, JsonNode version, int original, int documents) {
        ObjectNode config = result.task().config().deepCopy();
        all.withObject("/configs").set(name, config.put("task", name));
        all.withObject("/n-samples").putObject(name).put("original", original).put("effective", documents);
        about(all, result, name, version);
        if (version.asText().matches("\\d{1,9}(\\.\\d{1,9})?")) {
            all.withObject("/versions").put(name, Double.parseDouble(version.asText()));
        }
    }

    /** What it tells of every task and group. */
    private static void about(ObjectNode all, TaskMeasurement result, String name, JsonNode version) {
        all.withObject("/versions").put(name, version.isTextual() ? version.asText() : "N/A");
        all.withObject("/n-shot").set(name, result.task().config().path("num_fewshot"));
        ObjectNode higher = all.withObject("/higher_is_better").putObject(name);
        result.dense().forEach(score -> higher.put(score.metric().key(), score.metric().higherIsBetter()));
    }

    private static void how(ObjectNode all, TaskMeasurement result) {
        ObjectNode config = all.putObject("config").put("model", "lacuna").put("model_args", "pretrained=" + result.model().checkpoint())
                .put("model_num_parameters", result.model().parameters()).put("model_sha", result.model().sha256()).put("rule", "none");
        OptionalDouble limit = result.task().limit();
        if (limit.isPresent()) {
            config.put("limit", limit.getAsDouble());
        } else {
            config.putNull("limit");
        }
        all.set("git_hash", result.provenance().path("git_commit"));
        all.put("date", Instant.parse(result.provenance().path("time").asText()).getEpochSecond());
        all.put("lacuna_version", result.provenance().path("lacuna").asText());
        all.put("model_source", "lacuna").put("model_name", result.model().checkpoint()).put("max_length", result.task().maxLength());
    }

    /** By task and site, every point: p, the share that is left out, and the metrics as they stand in the results; and each metric's critical sparsity. */
    private static ObjectNode sparse(List<TaskMeasurement> results) {
        ObjectNode sparse = Json.object();
        results.stream().findFirst().ifPresent(result -> sparse.put("rule", result.settings().rule()).put("layers", result.settings().layers().toString())
                .put("coverage", result.settings().coverage().toString()));
        results.stream().findFirst().flatMap(TaskMeasurement::calibration).ifPresent(calibration -> sparse.set("calibration_text", ResultJson.tree(calibration.text())));
        ObjectNode tasks = sparse.putObject("results");
        ObjectNode levels = sparse.putObject("critical_sparsity");
        for (TaskMeasurement result : results) {
            ObjectNode sites = tasks.putObject(result.task().name());
            for (Curve curve : result.curves()) {
                ArrayNode points = sites.putArray(curve.sites().key());
                curve.points().forEach(point -> metrics(points.addObject().put("p", point.p()).put("sparsity", point.sparsity()), point.scores()));
                ObjectNode ofMetrics = levels.withObject("/" + result.task().name()).putObject(curve.sites().key());
                curve.critical().forEach((metric, estimates) -> ofMetrics.set(metric, level(estimates)));
            }
        }
        return sparse;
    }

    /** The one of the estimates that is to be cited; null where none can be told. */
    private static JsonNode level(List<Estimate> estimates) {
        return estimates.stream().filter(estimate -> estimate.estimator() == Estimator.LINEAR).findFirst().map(ResultJson::tree).orElseGet(NullNode::getInstance);
    }

    private static void put(ObjectNode to, String name, List<Score> scores) {
        metrics(to.putObject(name).put("alias", name).put("name", name).put("sample_len", scores.get(0).values().size()), scores);
    }

    private static void metrics(ObjectNode task, List<Score> scores) {
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
