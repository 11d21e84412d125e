package org.lacuna.training.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

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

    /** The metrics, each line without what depends on the machine's pace. */
    static List<String> metrics(Path run) {
        return MetricsLog.read(run.resolve("metrics.jsonl")).stream().map(RunFiles::withoutTime).toList();
    }

    private static String withoutTime(JsonNode line) {
        ObjectNode copy = line.deepCopy();
        copy.remove(MetricsLines.TIME);
        return Json.line(copy);
    }

    /** Model, optimizer, state and metrics of the last step are the same, byte for byte. */
    static void assertSame(Path expected, Path found, String step) throws IOException {
        assertEquals(metrics(expected), metrics(found), "metrics of " + found);
        for (String file : List.of("model.safetensors", "optimizer.safetensors", "config.json", "tokenizer.json", "state.json")) {
            assertArrayEquals(Files.readAllBytes(expected.resolve("checkpoints").resolve(step).resolve(file)),
                    Files.readAllBytes(found.resolve("checkpoints").resolve(step).resolve(file)), file + " of " + found);
        }
    }

    /** Everything in a folder, sorted, hidden files too. */
    static List<String> list(Path folder) throws IOException {
        try (Stream<Path> tree = Files.walk(folder)) {
            return tree.filter(p -> !p.equals(folder)).map(p -> folder.relativize(p).toString()).sorted().toList();
        }
    }
}
