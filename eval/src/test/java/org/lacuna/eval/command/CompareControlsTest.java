package org.lacuna.eval.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.data.tokenize.ByteTokenizer;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.Initialization;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.Json;
import picocli.CommandLine;

/** {@code compare} of runs that have controls. */
class CompareControlsTest {
    private static final CpuDevice DEVICE = new CpuDevice();
    private static final String PENALTY = "{kind: l1, lambda: 0.003}";

    @TempDir
    private Path folder;
    private Path text;
    private Throwable failure;

    @BeforeEach
    void makeText() throws IOException {
        text = Files.writeString(folder.resolve("text.txt"), IntStream.range(0, 400).mapToObj(i -> "line " + i * i % 97).collect(Collectors.joining("\n")));
    }

    /** A run with a checkpoint at each of some steps, none trained. */
    private Path run(String name, String penalties, long seed, int... steps) throws IOException {
        Path run = folder.resolve(name);
        ModelConfig config = ModelConfig.llama(257, 16, 24, 2, 2, 1, 8, 1e-6, RotaryPosition.plain(10_000), true, FeedForward.gated("relu"), 64, 0.1, OptionalInt.empty(), List.of(256));
        for (int step : steps) {
            Path checkpoint = run.resolve("checkpoints").resolve("step-0000" + step);
            AtomicFiles.folder(checkpoint, fresh -> Checkpoint.write(fresh, Initialization.of(config, DEVICE, seed + step)));
            new ByteTokenizer().save(checkpoint.resolve("tokenizer.json"));
            Files.writeString(checkpoint.resolve("state.json"), "{\"step\": " + step + ", \"tokens\": " + 100 * step + "}");
        }
        Files.writeString(run.resolve("config.yaml"), "name: x\nmodel: {hidden: 16}\ndata: {text: " + text + "}\ntrain: {seed: 9}\nobjective: {penalties: [" + penalties + "]}\n");
        return run;
    }

    private JsonNode compare(Path... models) {
        StringWriter printed = new StringWriter();
        Path out = folder.resolve("report");
        List<String> args = new ArrayList<>(List.of("--windows", "2", "--window", "16", "--replicates", "40", "--sites", "intermediate", "--out", out.toString()));
        for (Path model : models) {
            args.add(model.toString());
        }
        failure = null;
        new CommandLine(new CompareCommand()).setOut(new PrintWriter(printed)).setExecutionExceptionHandler((e, line, parsed) -> {
            failure = e;
            return 2;
        }).execute(args.toArray(String[]::new));
        return failure == null ? Json.read(out.resolve("report.json")) : Json.object();
    }

    private static List<String> names(JsonNode report) {
        return StreamSupport.stream(report.get("models").spliterator(), false).map(model -> model.get("label").asText()).toList();
    }

    @Test
    void aRunAloneIsComparedWithItsControl() throws IOException {
        Path run = run("mine", PENALTY, 1, 12);
        run("mine/control", "", 5, 12);
        JsonNode report = compare(run);
        assertEquals(null, failure);
        assertEquals(List.of("mine", "mine-control"), names(report));
        assertEquals("[1,1]", report.at("/comparison/controls").toString());
        assertEquals(1, report.at("/comparison/losses").size());
        assertEquals("0-1", report.at("/comparison/losses/0/model").asText() + "-" + report.at("/comparison/losses/0/against").asText());
        assertEquals("natural", report.at("/comparison/models/1/model/training").asText());
        assertTrue(report.at("/models/0/dead_share").isNumber() && report.at("/models/0/exact_zeros/intermediate").isNumber());
        assertTrue(report.at("/comparison/models/0/model/tokens_per_second").isNull(), "no metrics.jsonl");
    }

    @Test
    void eachRunBringsItsOwnControlAndNoneComesTwice() throws IOException {
        Path one = run("one", PENALTY, 1, 12);
        Path controlOfOne = run("one/control", "", 5, 12);
        Path two = run("two", PENALTY, 30, 12);
        run("two/control", "", 40, 12);
        Path silu = run("silu", "", 50, 12);
        JsonNode report = compare(one, two, silu);
        assertEquals(List.of("one", "one-control", "two", "two-control", "silu"), names(report));
        assertEquals("[1,1,3,3,4]", report.at("/comparison/controls").toString());
        JsonNode named = compare(controlOfOne, one, two);
        assertEquals(List.of("one-control", "one", "two", "two-control"), names(named));
        assertEquals("[0,0,3,3]", named.at("/comparison/controls").toString());
    }

    /** A checkpoint on the way has the control's of the same step, which has seen as many tokens; without one the control's latest, with a note. */
    @Test
    void aCheckpointsControlIsOfTheSameStep() throws IOException {
        Path run = run("mine", PENALTY, 1, 12, 24, 36);
        run("mine/control", "", 5, 12, 24);
        JsonNode there = compare(run.resolve("checkpoints/step-000012"));
        assertTrue(there.at("/comparison/models/1/model/checkpoint").asText().endsWith("mine/control/checkpoints/step-000012"), there.at("/comparison/models/1/model").toString());
        assertTrue(!there.at("/comparison/notes").toString().contains("number of tokens it was trained on"), there.at("/comparison/notes").toString());
        JsonNode latest = compare(run);
        assertTrue(latest.at("/comparison/models/1/model/checkpoint").asText().endsWith("mine/control/checkpoints/step-000024"), latest.at("/comparison/models/1/model").toString());
        assertTrue(latest.at("/comparison/notes").toString().contains("the number of tokens it was trained on is 3,600, for \\\"mine-control\\\" 2,400"),
                latest.at("/comparison/notes").toString());
    }

    @Test
    void aRunAloneWithoutAControlIsRefused() throws IOException {
        Path run = run("mine", PENALTY, 1, 12);
        compare(run);
        String message = assertInstanceOf(InputException.class, failure).getMessage();
        assertTrue(message.contains(run + " has no control to be compared with (nothing in " + run.resolve("control") + ")"), message);
        compare(Files.move(run.resolve("checkpoints/step-000012"), folder.resolve("bare")));
        assertTrue(assertInstanceOf(InputException.class, failure).getMessage().contains("it is no run's checkpoint"), failure.getMessage());
    }

    /** The median over the last half of the steps' lines: of 4, 10, 100 and 20 tokens a second the last two, 100 and 20. */
    @Test
    void speedIsThatOfTheLastHalfOfTheSteps() throws IOException {
        Path run = run("mine", PENALTY, 1, 12);
        run("mine/control", "", 5, 12);
        Files.writeString(run.resolve("metrics.jsonl"), """
                {"step":1,"loss":5.0,"tokens":8,"time":{"seconds":2.0}}
                {"step":2,"loss":5.0,"tokens":8,"time":{"seconds":0.8}}
                {"step":2,"validation":{"loss":5.0,"tokens":1000}}
                {"step":3,"loss":5.0,"tokens":8,"time":{"seconds":0.08}}
                {"step":4,"loss":5.0,"tokens":8,"time":{"seconds":0.4}}
                {"step":5,"lo""");
        Files.write(run.resolve("control/metrics.jsonl"), new byte[] {'{', (byte) 0xff, '\n'});
        JsonNode report = compare(run);
        assertEquals(60, report.at("/comparison/models/0/model/tokens_per_second").asDouble(), 1e-9);
        assertTrue(report.at("/comparison/models/1/model/tokens_per_second").isNull(), "a damaged log is no obstacle");
    }
}
