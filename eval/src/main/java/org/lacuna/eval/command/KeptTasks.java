package org.lacuna.eval.command;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.lacuna.eval.compare.TaskComparing.Results;
import org.lacuna.eval.robustness.ResultJson;
import org.lacuna.eval.task.TaskFiles;
import org.lacuna.eval.task.TaskMeasurement;
import org.lacuna.eval.task.TaskProblems;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.Json;

/** Results that {@code eval --tasks … --out DIR} wrote. */
final class KeptTasks {
    private KeptTasks() {}

    /** The folder that a name on the command line stands for; empty if it holds no such results. */
    static Optional<Path> folder(String name) {
        try {
            return Optional.of(Path.of(name)).filter(path -> Files.isRegularFile(path.resolve(TaskFiles.ALL)));
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }

    /**
     * Reads them: the tasks that {@value TaskFiles#ALL} names.
     *
     * @throws InputException if it is not Lacuna's, or a task's file is missing, damaged, of another version or of another model
     */
    static Results read(Path folder) {
        Path all = folder.resolve(TaskFiles.ALL);
        JsonNode json = Json.read(all);
        List<String> tasks = TaskFiles.tasks(json);
        if (!json.at("/config/model").asText().equals("lacuna") || tasks.isEmpty() || tasks.stream()
                .anyMatch(task -> !task.matches("[A-Za-z0-9][A-Za-z0-9_.-]{0,99}"))) {
            throw new InputException(all + ": is not what eval --tasks --out wrote; expected config.model lacuna and results of tasks");
        }
        List<TaskMeasurement> results = tasks.stream().map(task -> ResultJson.read(TaskFiles.file(folder, task), TaskMeasurement.class,
                TaskMeasurement.VERSION)).toList();
        for (TaskMeasurement result : results) {
            List<String> problems = TaskProblems.of(result);
            if (!problems.isEmpty()) {
                throw new InputException(problems.stream().map(problem -> TaskFiles.file(folder, result.task().name()) + ": not what eval writes: " + problem).toList());
            }
            if (!result.model().sha256().equals(json.at("/config/model_sha").asText())
                    || !result.model().configSha256().equals(results.get(0).model().configSha256())) {
                throw new InputException(TaskFiles.file(folder, result.task().name()) + ": is of another model than " + all
                        + "; measure again into an empty folder");
            }
        }
        return new Results(folder.toString(), results);
    }
}
