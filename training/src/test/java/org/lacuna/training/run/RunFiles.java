package org.lacuna.training.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.lacuna.run.folder.Json;
import org.lacuna.run.folder.MetricsLog;

/** What two runs are compared by. */
final class RunFiles {
    static final Path CONFIGS = Path.of("..", "configs");
    static final Path NANO = CONFIGS.resolve("nano.yaml");

    private RunFiles() {}

    /** Everything that a run can have beside its steps, all at once. */
    static final List<String> CAREFUL = List.of("train.schedule=wsd", "train.groups=[{pattern: '*norm*', lr: 0.5, weightDecay: 0.01}]", "train.ema=0.9", "train.patience=50",
            "train.keep={last: 2, best: true, every: 20}", "train.rollback={times: 2, factor: 0.5}", "train.evalEvery=5",
            "objective.penalties=[{kind: l1, site: intermediate, lambda: 1e-3, target: 0.6}]");

    private static final String EVENTS = "events.out.tfevents.";

    /** The metrics, each line without what depends on the machine's pace. */
    static List<String> metrics(Path run) {
        return MetricsLog.read(run.resolve("metrics.jsonl")).stream().map(RunFiles::withoutTime).toList();
    }

    private static String withoutTime(JsonNode line) {
        ObjectNode copy = line.deepCopy();
        copy.remove(MetricsLines.TIME);
        return Json.line(copy);
    }

    /** All files of the last step's checkpoint (model, average, optimizer, state) and the metrics are the same, byte for byte. */
    static void assertSame(Path expected, Path found, String step) throws IOException {
        assertEquals(metrics(expected), metrics(found), "metrics of " + found);
        Path last = expected.resolve("checkpoints").resolve(step);
        List<String> files = list(last);
        assertTrue(files.containsAll(List.of("model.safetensors", "optimizer.safetensors", "config.json", "tokenizer.json", "state.json")), files.toString());
        assertEquals(files, list(found.resolve("checkpoints").resolve(step)));
        for (String file : files) {
            if (Files.isRegularFile(last.resolve(file))) {
                assertArrayEquals(Files.readAllBytes(last.resolve(file)), Files.readAllBytes(found.resolve("checkpoints").resolve(step).resolve(file)), file + " of " + found);
            }
        }
    }

    /** Everything in a folder, sorted, hidden files too, but TensorBoard's files, of which each process has its own. */
    static List<String> list(Path folder) throws IOException {
        try (Stream<Path> tree = Files.walk(folder)) {
            return tree.filter(p -> !p.equals(folder)).map(p -> folder.relativize(p).toString()).filter(name -> !name.startsWith(EVENTS)).sorted().toList();
        }
    }
}
