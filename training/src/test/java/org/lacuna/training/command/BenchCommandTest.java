package org.lacuna.training.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.Initialization;
import org.lacuna.model.Model;
import org.lacuna.run.ExitCode;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.Json;
import org.lacuna.training.bench.Shape;
import picocli.CommandLine;

class BenchCommandTest {
    private static final String TINY = " --layers 1 --hidden 8 --intermediate 12 --heads 2 --vocabulary 32 --batch 2 --window 4 --workers 2";

    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String flags) {
        return new CommandLine(new BenchCommand()).setCaseInsensitiveEnumValuesAllowed(true).setOut(new PrintWriter(out)).setErr(new PrintWriter(err))
                .setExecutionExceptionHandler((e, line, parsed) -> {
                    err.write(e.getMessage());
                    return ExitCode.of(e);
                }).execute(flags.split(" "));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            train --hidden 0                        | --hidden: must be at least 1, not 0
            train --heads 0 --layers -1             | 2 problems:
            gemm --heads 3                          | --heads: 3 does not divide --hidden 256
            memory --hidden 12                      | --heads: 4 makes heads of 3 numbers
            train --steps 0                         | --steps: must be at least 1, not 0
            gemm --runs 0                           | --runs: must be at least 1, not 0
            generate --runs 0                       | --runs: must be at least 1, not 0
            generate --new-tokens 1                 | --new-tokens: must be at least 2, not 1
            generate --prompt-tokens 100            | --prompt-tokens and --new-tokens: 100 and 64 are more than the 128 of --window
            generate --precision bf16               | --precision:
            eval --runs 0                           | --runs: must be at least 1, not 0
            memory --steps -1                       | --steps: must be at least 1, not -1
            eval --batch 3 --workers 2              | --batch: 3 is not a multiple of --workers 2
            train --accumulation 0                  | --accumulation: must be at least 1, not 0
            train --accumulation 3                  | --accumulation: 3 does not divide --batch 16
            memory --accumulation 32                | --accumulation: 32 does not divide --batch 16
            memory --accumulation 2 --shards 3      | --batch: 16 is not a multiple of --shards 3 times --accumulation 2
            train --batch 4 --workers 2 --window 1000000000 | --window: 4 windows of 1000000000 tokens are more
            train --warm-up -1                      | --warm-up: must be at least 0, not -1
            train --steps 2000000                   | --steps: must be at most 1000000, not 2000000
            gemm --workers -1                       | --workers: must be at least 0, not -1
            gemm --workers 100000 --batch 100000    | --workers: must be at most 4096, not 100000
            gemm --batch 2 --workers 2 --window 1000000 | --batch: 1000000 tokens of a worker make activations of 2752000000 bytes
            train --vocabulary 16000000             | --vocabulary: makes a weight of 16000000 × 256 numbers
            train --model /proc/lacuna              | /proc/lacuna: no such folder; expected a checkpoint or a run
            generate --model=                       | the name of the model is empty; expected the folder of a checkpoint or of a run
            eval --json=                            | the name of the file to write is empty; expected one
            train --tokens /proc/lacuna             | there is no file /proc/lacuna
            eval --json /proc/lacuna/x              | /proc/lacuna/x: can't be written
            """)
    void wrongFlagsAreNamedBeforeAnythingIsMeasured(String flags, String named) {
        int exit = run(flags);
        assertEquals(flags.contains("--json /proc") ? ExitCode.FAILED : ExitCode.BAD_INPUT, exit, err.toString());
        assertTrue(err.toString().startsWith(named), err.toString());
        assertEquals("", out.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"train", "memory"})
    void aStepThatDoesNotFitTheMachineIsRefused(String command) {
        assertEquals(ExitCode.FAILED, run(command + " --batch 6000 --shards 1"));
        assertTrue(err.toString().matches("bench: too large for this machine: parameters, moments and gradients take [0-9,]+ bytes, the activations of 1 shards [0-9,]+, .*--batch.*"),
                err.toString());
    }

    @Test
    void anUnknownPrecisionIsAWrongArgument() {
        assertEquals(ExitCode.BAD_INPUT, run("eval --precision fp8"));
        assertTrue(err.toString().contains("--precision"), err.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"train", "gemm", "eval", "generate", "memory"})
    void theHelpNamesTheShape(String command) {
        assertEquals(ExitCode.DONE, run(command + " --help"));
        assertTrue(out.toString().contains("--intermediate") && !out.toString().contains("null"), out.toString());
    }

    @Test
    void theTableGoesToStandardOutputAndTheJsonToAFile() {
        Path file = folder.resolve("memory.json");
        assertEquals(ExitCode.DONE, run("memory --warm-up 0 --steps 1 --json " + file + TINY), err.toString());
        assertTrue(out.toString().contains("moments"), out.toString());
        assertEquals(12, Json.read(file).get("setup").get("intermediate").asInt());
    }

    @Test
    void aTokenReadsTheWeightsThatItNeeds() {
        Path file = folder.resolve("generate.json");
        assertEquals(ExitCode.DONE, run("generate --warm-up 0 --runs 1 --prompt-tokens 2 --new-tokens 2 --json " + file + TINY), err.toString());
        assertTrue(out.toString().contains("each token"), out.toString());
        // Attention 4 · 8 · 8, FFN 3 · 8 · 12, three norms of 8, the output embedding 32 · 8; of the input embedding a row is looked up.
        assertEquals(4 * (4 * 64 + 3 * 96 + 3 * 8 + 32 * 8), Json.read(file).get("weightBytesPerToken").asLong());
        assertTrue(Json.read(file).get("tokensPerSecond").asDouble() > 0);
    }

    @Test
    void whatIsComputedAgainIsNotKept() {
        String sized = "memory --warm-up 0 --steps 1 --layers 3 --json %s --recompute %s" + TINY.replace("--layers 1", "").replace("  ", " ");
        Path kept = folder.resolve("kept.json");
        Path again = folder.resolve("again.json");
        assertEquals(ExitCode.DONE, run(String.format(sized, kept, "none")), err.toString());
        assertEquals(ExitCode.DONE, run(String.format(sized, again, "layer")), err.toString());
        assertEquals("layer", Json.read(again).get("setup").get("recompute").asText());
        assertTrue(Json.read(again).get("arenaBytes").asLong() < Json.read(kept).get("arenaBytes").asLong());
        assertEquals(ExitCode.BAD_INPUT, run("eval --recompute layer"));
    }

    @Test
    void roundsOfABatchHoldLessAndAreTheSameStep() {
        String sized = " --warm-up 0 --steps 2 --shards 1 --batch 4 --accumulation %d --json %s" + TINY.replace("--batch 2 ", "");
        Path whole = folder.resolve("whole.json");
        Path rounds = folder.resolve("rounds.json");
        assertEquals(ExitCode.DONE, run("memory" + String.format(sized, 1, whole)), err.toString());
        assertEquals(ExitCode.DONE, run("memory" + String.format(sized, 4, rounds)), err.toString());
        assertTrue(out.toString().contains("batch 4 × 4, fp32") && out.toString().contains("batch 4 × 4 in 4 rounds, fp32"), out.toString());
        assertEquals(4, Json.read(rounds).get("setup").get("accumulation").asInt());
        assertTrue(Json.read(rounds).get("arenaBytes").asLong() < Json.read(whole).get("arenaBytes").asLong());
        assertEquals(ExitCode.DONE, run("train" + String.format(sized, 1, whole)), err.toString());
        assertEquals(ExitCode.DONE, run("train" + String.format(sized, 4, rounds)), err.toString());
        JsonNode one = Json.read(whole);
        JsonNode four = Json.read(rounds);
        assertEquals(1, one.get("setup").get("accumulation").asInt());
        assertEquals(one.get("flopsPerStep"), four.get("flopsPerStep"));
        assertEquals(flops(one), flops(four));
        for (int i = 0; i < 2; i++) {
            assertEquals(one.get("losses").get(i).asDouble(), four.get("losses").get(i).asDouble(), 1e-6);
        }
        // A worker for each window of a round, not of the batch.
        assertEquals(ExitCode.DONE, run("memory --warm-up 0 --steps 1 --accumulation 2 --json " + whole + TINY), err.toString());
        assertEquals(1, Json.read(whole).get("setup").get("shards").asInt());
        assertEquals(ExitCode.BAD_INPUT, run("eval --accumulation 2"));
    }

    private static long flops(JsonNode figures) {
        long flops = 0;
        for (JsonNode op : figures.get("ops")) {
            flops += op.get("flops").asLong();
        }
        return flops;
    }

    @Test
    void aCheckpointAndAFileOfTokensAreTrainedOn() throws Exception {
        Model model = Initialization.of(Shape.llama(1, 8, 12, 2, 32, 4), new CpuDevice(), 7);
        Path checkpoint = folder.resolve("checkpoint");
        AtomicFiles.folder(checkpoint, made -> Checkpoint.write(made, model));
        Path tokens = Files.write(folder.resolve("tokens"), ByteBuffer.allocate(2 * 5 * 4).array());
        String flags = "train --warm-up 1 --steps 2 --batch 2 --window 4 --workers 2 --json - --tokens " + tokens + " --model " + checkpoint;
        assertEquals(ExitCode.DONE, run(flags), err.toString());
        JsonNode json = Json.parse("standard output", out.toString());
        assertEquals(8, json.get("setup").get("hidden").asInt());
        double[] losses = Stream.of(0, 1, 2).mapToDouble(i -> json.get("losses").get(i).asDouble()).toArray();
        assertEquals(3, json.get("losses").size());
        assertTrue(losses[2] < losses[1] && losses[1] < losses[0], json.get("losses").toString());
        assertEquals(ExitCode.BAD_INPUT, run(flags + " --layers 2"));
        assertTrue(err.toString().startsWith("--layers: the shape is that of --model; leave it out"), err.toString());
    }
}
