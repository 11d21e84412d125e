package org.lacuna.data.task;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.data.tokenize.ByteTokenizer;

/** The task files in the README, with data beside them. */
class ReadmeTasksTest {
    @TempDir
    Path folder;

    /** Indented stretches of the README, without the indent. */
    private static List<String> blocks() throws IOException {
        List<String> blocks = new ArrayList<>();
        for (String part : Files.readString(Path.of("README.md")).split("(?m)^(?=\\S)")) {
            String block = part.lines().filter(line -> line.startsWith("    ")).map(line -> line.substring(4)).collect(Collectors.joining("\n"));
            blocks.add(block);
        }
        return blocks;
    }

    private static String block(String beginning) throws IOException {
        return blocks().stream().filter(block -> block.startsWith(beginning)).findFirst().orElseThrow();
    }

    @Test
    void theTaskWhoseAnswersAreWritten() throws IOException {
        Path file = Files.writeString(folder.resolve("capitals.yaml"), block("task: capitals"));
        Files.writeString(folder.resolve("capitals.jsonl"), block("{\"question\": \"What is the capital"));
        Task task = Task.open(file.toString(), folder.resolve("elsewhere"));
        assertEquals("Question: What is the capital of the Netherlands?\nAnswer:", task.documents().get(0).prompts().get(0).context());
        List<Request> requests = task.requests(new ByteTokenizer(), 256);
        for (String right : List.of(" It is Amsterdam.", " amsterdam", " AMSTERDAM!\nQuestion: And of France?")) {
            assertEquals(1, value(task, requests, new Answer.Generated(right)), right);
        }
        for (String wrong : List.of(" The Hague", "", " It is in Amsterdam.")) {
            assertEquals(0, value(task, requests, new Answer.Generated(wrong)), wrong);
        }
    }

    @Test
    void theTaskThatChooses() throws IOException {
        Files.createDirectories(folder.resolve("mine"));
        Path file = Files.writeString(folder.resolve("mine.yaml"), block("task: mine"));
        for (String part : List.of("train", "test")) {
            Files.write(folder.resolve("mine/" + part + ".jsonl"), List.of("{\"question\": \"%s 1\", \"choices\": [\"x\", \"y\"], \"answer\": 1}".formatted(part),
                    "{\"question\": \"%s 2\", \"choices\": [\"x\", \"y\"], \"answer\": \"x\"}".formatted(part)));
        }
        Task task = Task.open(file.toString(), folder.resolve("elsewhere"));
        assertEquals("Question: train 1\nAnswer: y\n\nQuestion: train 2\nAnswer: x\n\nQuestion: test 1\nAnswer:", task.documents().get(0).prompts().get(0).context());
        assertEquals(List.of(MetricKind.ACC, MetricKind.ACC_NORM), task.metrics());
        assertEquals(Arrays.asList(0, 0, 1, 1), task.requests(new ByteTokenizer(), 256).stream().map(Request::document).toList());
    }

    private static double value(Task task, List<Request> requests, Answer answer) {
        return task.score(requests, List.of(answer)).metrics().get(0).value();
    }
}
