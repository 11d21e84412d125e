package org.lacuna.training.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.lacuna.graph.Precision;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.run.ExitCode;
import org.lacuna.run.folder.Json;

/** However a run is cut into processes and spread over workers, it ends in the same bytes. Beside other tests: it mostly waits for processes. */
@Timeout(300)
@Execution(ExecutionMode.CONCURRENT)
class ResumeTest {
    @TempDir
    private Path temp;

    /** Runs processes one after the other in one folder, each to its step; the last one to the end. */
    private Path run(String name, List<Integer> stops, String... sets) throws IOException, InterruptedException {
        return run(name, stops, List.of(), sets);
    }

    private Path run(String name, List<Integer> stops, List<String> jvm, String... sets) throws IOException, InterruptedException {
        Path folder = temp.resolve(name);
        for (int i = 0; i <= stops.size(); i++) {
            int stop = i < stops.size() ? stops.get(i) : 0;
            List<String> args = new ArrayList<>(List.of(RunFiles.NANO.toString(), folder.toString(), Integer.toString(stop)));
            args.addAll(List.of(sets));
            Path log = temp.resolve(name + i + ".log");
            Process process = NanoProcess.start(log, List.of(), jvm, args);
            assertTrue(process.waitFor(120, TimeUnit.SECONDS), "still running");
            assertEquals(stop == 0 ? ExitCode.DONE : ExitCode.INTERRUPTED, process.exitValue(), () -> read(log));
        }
        return folder;
    }

    private static String read(Path log) {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            return e.toString();
        }
    }

    @Test
    void piecesAndWorkersDoNotChangeAByte() throws IOException, InterruptedException {
        Path whole = run("whole", List.of());
        RunFiles.assertSame(whole, run("halves", List.of(30), "train.workers=2"), "step-000060");
        RunFiles.assertSame(whole, run("thirds", List.of(20, 40), "train.workers=1"), "step-000060");
    }

    @Test
    void bf16IsNoObstacle() throws IOException, InterruptedException {
        Path whole = run("whole", List.of(), "train.precision=bf16");
        assertEquals(new CpuDevice().in(Precision.BF16).gemm(), Json.read(whole.resolve("provenance.json")).get("gemm").asText());
        RunFiles.assertSame(whole, run("halves", List.of(30), "train.precision=bf16", "train.workers=2"), "step-000060");
        RunFiles.assertSame(whole, run("thirds", List.of(20, 40), "train.precision=bf16", "train.workers=1"), "step-000060");
    }

    /**
     * A step that diverges, a moving average, parameter groups, dropout, samples, snapshots and the removal of checkpoints, cut before the divergence, within the steps
     * that are taken twice, and behind them.
     */
    @Test
    void allFeaturesAtOnceAreNoObstacle() throws IOException, InterruptedException {
        List<String> sets = new ArrayList<>(RunFiles.CAREFUL);
        sets.addAll(List.of("train.saveEvery=10", "train.dropout=0.1", "train.sample={every: 11, prompt: Once, tokens: 12}", "train.snapshot={every: 11, windows: 3}"));
        List<String> jvm = List.of("-D" + NanoProcess.POISON + "=23");
        Path whole = run("whole", List.of(), jvm, with(sets, "train.workers=1"));
        Path pieces = run("pieces", List.of(7, 22, 33, 50), jvm, with(sets, "train.workers=2"));
        RunFiles.assertSame(whole, pieces, "step-000060");
        assertEquals(RunFiles.list(whole), RunFiles.list(pieces));
        List<String> back = RunFiles.metrics(whole).stream().filter(line -> line.contains("rollback")).toList();
        assertEquals(List.of("{\"step\":21,\"rollback\":{\"diverged\":24,\"to\":20,\"count\":1,\"lr_factor\":0.5}}"), back);
        assertEquals(6, RunFiles.metrics(whole).stream().filter(line -> line.contains("\"sample\"")).count());
        assertEquals(6, RunFiles.metrics(whole).stream().filter(line -> line.contains("\"snapshot\"")).count());
        assertEquals(Files.readString(whole.resolve("report.html")), Files.readString(pieces.resolve("report.html")));
        assertTrue(Files.exists(pieces.resolve("checkpoints/step-000060/ema/model.safetensors")));
        assertEquals(List.of("step-000000", "step-000020", "step-000040", "step-000050", "step-000060"),
                RunFiles.list(whole.resolve("checkpoints")).stream().filter(name -> !name.contains("/")).toList());
    }

    private static String[] with(List<String> sets, String set) {
        return Stream.concat(sets.stream(), Stream.of(set)).toArray(String[]::new);
    }

    /** An epoch has ten windows, a batch four: the run is cut within an epoch, and where an edge lies within a batch. */
    @Test
    void anEpochsEdgeIsNoObstacle() throws IOException, InterruptedException {
        Path text = Files.writeString(temp.resolve("text"), "It was a dark and stormy night. ".repeat(4).substring(0, 120));
        String[] sets = {"data.text=" + text, "data.validationFraction=0.3", "train.workers=1", "train.steps=24"};
        RunFiles.assertSame(run("one", List.of(), sets), run("pieces", List.of(4, 7), sets), "step-000024");
    }

    /** A process that died between its last checkpoint and what comes after it. */
    @Test
    void aRunWithoutStepsLeftGetsWhatItStillLacks() throws IOException, InterruptedException {
        Path whole = run("whole", List.of(), "train.keep={last: 1}");
        Path late = run("late", List.of());
        Files.delete(late.resolve("report.html"));
        assertTrue(RunFiles.list(late).contains("checkpoints/step-000040"));
        run("late", List.of(), "train.keep={last: 1}");
        assertEquals(RunFiles.list(whole), RunFiles.list(late));
    }
}
