package org.lacuna.training.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.data.sample.Windows;
import org.lacuna.eval.source.ModelSource;
import org.lacuna.graph.Device;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.Model;
import org.lacuna.run.InputException;
import org.lacuna.run.InterruptedRunException;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.MetricsLog;
import org.lacuna.training.progress.PlainProgress;
import org.lacuna.training.recipe.TrainRecipe;

/** Averages, early ends, rollbacks and the removal of checkpoints in whole runs. */
class CarefulRunTest {
    private static final Device DEVICE = new CpuDevice();

    @TempDir
    private Path temp;

    private static TrainRecipe tiny(String... sets) {
        return TrainRecipe.load(RunFiles.NANO, Stream.concat(NanoProcess.TINY.stream(), Stream.of(sets)).toList());
    }

    private static List<JsonNode> metrics(Path run) {
        return MetricsLog.read(run.resolve("metrics.jsonl"));
    }

    private static List<String> checkpoints(Path run) throws IOException {
        return RunFiles.list(run.resolve("checkpoints")).stream().filter(name -> !name.contains("/")).toList();
    }

    @Test
    void theAverageIsAModelOfItsOwn() throws IOException {
        Path folder = temp.resolve("run");
        StringWriter lines = new StringWriter();
        try (TrainingRun run = TrainingRun.begin(tiny("train.ema=0.9", "train.steps=20"), folder, DEVICE)) {
            run.train(new PlainProgress(new PrintWriter(lines), 20), () -> false);
            Path ema = folder.resolve("checkpoints/step-000020/ema");
            assertEquals(List.of("config.json", "model.safetensors", "tokenizer.json"), RunFiles.list(ema));
            Model loaded = Checkpoint.load(ModelSource.of(ema.toString()).checkpoint(), DEVICE);
            Model plain = run.trainer().model();
            for (String name : plain.parameters().names()) {
                assertArrayEquals(run.trainer().average().orElseThrow().parameters().tensor(name).toFloats(), loaded.parameters().tensor(name).toFloats());
            }
            JsonNode last = metrics(folder).get(20);
            assertEquals(List.of("step", "validation", "ema"), List.copyOf(last.properties().stream().map(e -> e.getKey()).toList()));
            assertNotEquals(last.get("validation").get("loss"), last.get("ema").get("loss"));
            assertEquals(last.get("validation").get("tokens"), last.get("ema").get("tokens"));
            assertTrue(lines.toString().contains(String.format("| ema loss: %.4f", last.get("ema").get("loss").asDouble())), lines.toString());
            // What was measured is the loss of the average: the same, put in the model's place.
            double measured = last.get("ema").get("loss").asDouble();
            Checkpoint.read(ema, plain);
            assertEquals(measured, run.trainer().validation(Windows.first(run.corpus().validation(), 3, 8)).measure().loss());
        }
        Path changed = folder.resolve("checkpoints/step-000020/ema/model.safetensors");
        byte[] bytes = Files.readAllBytes(changed);
        Files.write(changed, Arrays.copyOf(bytes, 50));
        InputException e = assertThrows(InputException.class, () -> TrainingRun.resume(folder, Optional.empty(), DEVICE, line -> {}));
        assertTrue(e.getMessage().contains(changed.toString()) && e.getMessage().contains("damaged"), e.getMessage());
    }

    @Test
    void aGroupThatIsNowhereIsRefusedBeforeAnythingIsWritten() {
        Path folder = temp.resolve("run");
        InputException e = assertThrows(InputException.class, () -> TrainingRun.begin(tiny("train.groups=[{pattern: '*nrm*'}]"), folder, DEVICE));
        assertTrue(e.getMessage().startsWith("train.groups: the pattern \"*nrm*\" matches no parameter") && e.getMessage().contains("model.layers.0."), e.getMessage());
        assertFalse(Files.exists(folder));
    }

    /** With no learning rate no validation is better than the first. */
    @Test
    void patienceEndsTheRunAndAResumeHasNothingLeft() throws IOException {
        String[] sets = {"train.lr=0", "train.evalEvery=4", "train.patience=3", "train.saveEvery=10"};
        Path whole = temp.resolve("whole");
        AfterStep progress = new AfterStep(step -> {});
        try (TrainingRun run = TrainingRun.begin(tiny(sets), whole, DEVICE)) {
            assertEquals(16, run.train(progress, () -> false).orElseThrow().step());
            assertEquals(0, run.stepsLeft());
        }
        double loss = metrics(whole).get(4).get("validation").get("loss").asDouble();
        assertEquals(List.of(String.format("ended after step 16 of 60: 3 validations brought no lower loss than %.4f at step 4 (train.patience)", loss)), progress.notes());
        assertEquals(List.of("step-000010", "step-000016"), checkpoints(whole));
        Path pieces = temp.resolve("pieces");
        try (TrainingRun run = TrainingRun.begin(tiny(sets), pieces, DEVICE)) {
            assertThrows(InterruptedRunException.class, () -> run.train(new AfterStep(step -> {}), () -> run.step() == 13));
            assertEquals(47, run.stepsLeft());
        }
        try (TrainingRun run = TrainingRun.resume(pieces, Optional.empty(), DEVICE, line -> {})) {
            assertEquals(16, run.train(new AfterStep(step -> {}), () -> false).orElseThrow().step());
        }
        RunFiles.assertSame(whole, pieces, "step-000016");
        List<String> before = RunFiles.list(whole);
        try (TrainingRun run = TrainingRun.resume(whole, Optional.empty(), DEVICE, line -> {})) {
            assertEquals(0, run.stepsLeft());
            assertTrue(run.earlyEnd().isPresent());
            assertEquals(Optional.empty(), run.train(new AfterStep(step -> {}), () -> false));
        }
        assertEquals(before, RunFiles.list(whole));
    }

    @Test
    void aDivergedRunGoesBackWithALowerRate() throws IOException {
        Path folder = temp.resolve("run");
        TrainRecipe recipe = tiny("train.steps=30", "train.warmup=0", "train.schedule=constant", "train.lr=0.004", "train.saveEvery=10", "train.rollback={times: 2, factor: 0.25}");
        AfterStep progress;
        try (TrainingRun run = TrainingRun.begin(recipe, folder, DEVICE)) {
            progress = AfterStep.poison(run, 13, 2);
            run.train(progress, () -> false);
        }
        List<JsonNode> lines = metrics(folder).stream().filter(line -> !line.has("validation")).toList();
        assertEquals("{\"step\":11,\"rollback\":{\"diverged\":14,\"to\":10,\"count\":1,\"lr_factor\":0.25}}", lines.get(10).toString());
        assertEquals("{\"step\":11,\"rollback\":{\"diverged\":14,\"to\":10,\"count\":2,\"lr_factor\":0.0625}}", lines.get(11).toString());
        assertEquals(32, lines.size());
        for (int i = 0; i < 32; i++) {
            assertEquals(i < 10 ? i + 1 : i < 12 ? 11 : i - 1, lines.get(i).get("step").asInt());
            assertTrue(lines.get(i).has("rollback") || lines.get(i).get("lr").asDouble() == (i < 10 ? 0.004 : 0.00025), lines.get(i).toString());
        }
        assertEquals(2, progress.notes().size());
        assertTrue(progress.notes().get(0).startsWith("step 14: the loss is NaN") && progress.notes().get(0).endsWith("; went back to step 10 with the learning rate times 0.2500 (1 of 2 times)"),
                progress.notes().get(0));
        assertEquals(List.of("step-000000", "step-000010", "step-000020", "step-000030"), checkpoints(folder));
        assertTrue(Files.readString(folder.resolve("checkpoints/step-000030/state.json")).contains("\"diverged\" : 14"));
    }

    /** The same steps with the same data as a run whose rate was the lower one from the checkpoint on: the cursor and the moments went back too. */
    @Test
    void whatIsTakenAgainIsWhatWouldHaveBeenTaken() throws IOException {
        String[] sets = {"train.steps=15", "train.saveEvery=5", "train.ema=0.5", "train.rollback={times: 1, factor: 0.5}"};
        Path diverged = temp.resolve("diverged");
        try (TrainingRun run = TrainingRun.begin(tiny(sets), diverged, DEVICE)) {
            run.train(AfterStep.poison(run, 7, 1), () -> false);
        }
        Path smooth = temp.resolve("smooth");
        try (TrainingRun run = TrainingRun.begin(tiny(sets), smooth, DEVICE)) {
            run.train(new AfterStep(step -> {
                if (step == 5) {
                    run.trainer().scaleLearningRate(0.5);
                }
            }), () -> false);
        }
        for (String file : List.of("model.safetensors", "optimizer.safetensors", "ema/model.safetensors")) {
            assertArrayEquals(Files.readAllBytes(smooth.resolve("checkpoints/step-000015").resolve(file)), Files.readAllBytes(diverged.resolve("checkpoints/step-000015").resolve(file)), file);
        }
    }

    @Test
    void itGoesBackToTheBeginningAndOnlySoOften() throws IOException {
        Path folder = temp.resolve("run");
        try (TrainingRun run = TrainingRun.begin(tiny("train.rollback={times: 1, factor: 0.5}"), folder, DEVICE)) {
            AfterStep progress = AfterStep.poison(run, 3, 2);
            RunException e = assertThrows(RunException.class, () -> run.train(progress, () -> false));
            assertEquals(1, progress.notes().size());
            assertTrue(progress.notes().get(0).contains("went back to step 0 "), progress.notes().get(0));
            assertTrue(e.getMessage().startsWith("step 4: ") && e.getMessage().endsWith("the run went back 1 times, to a learning rate times 0.5000"), e.getMessage());
        }
        assertEquals(List.of("step-000000"), checkpoints(folder));
    }

    /** A mask refuses a vector that is not finite before there is a loss, in a validation too. */
    @Test
    void aModelWithMasksGoesBackToo() throws IOException {
        Path folder = temp.resolve("run");
        try (TrainingRun run = TrainingRun.begin(tiny("train.steps=12", "train.saveEvery=5", "train.evalEvery=7", "train.rollback={times: 1, factor: 0.5}",
                "model.layers=2", "model.masks=[{site: intermediate, rule: top_k, value: 0.5}]"), folder, DEVICE)) {
            AfterStep progress = AfterStep.poison(run, 7, 1);
            run.train(progress, () -> false);
            assertTrue(progress.notes().get(0).startsWith("step 8: ") && progress.notes().get(0).contains("model.layers.0.mlp.down_proj.weight (layer 0)"), progress.notes().get(0));
            assertTrue(progress.notes().get(0).contains("went back to step 5 "), progress.notes().get(0));
        }
    }

    /** A checkpoint whose weights are no numbers any more is no good one. */
    @Test
    void aCheckpointThatCannotBeLoadedIsPassedOver() throws IOException {
        Path folder = temp.resolve("run");
        try (TrainingRun run = TrainingRun.begin(tiny("train.steps=12", "train.saveEvery=5", "train.evalEvery=0", "train.rollback={times: 1, factor: 0.5}"), folder, DEVICE)) {
            AfterStep progress = AfterStep.poison(run, 10, 1);
            run.train(progress, () -> false);
            assertTrue(progress.notes().get(0).contains("went back to step 5 "), progress.notes().get(0));
        }
        assertEquals(List.of("step-000000", "step-000005", "step-000010", "step-000012"), checkpoints(folder));
        Checkpoint.load(folder.resolve("checkpoints/step-000010"), DEVICE);
    }

    @Test
    void onlyWhatIsWantedIsKept() throws IOException {
        Path folder = temp.resolve("run");
        try (TrainingRun run = TrainingRun.begin(tiny("train.saveEvery=5", "train.keep.last=2", "train.keep.every=20"), folder, DEVICE)) {
            run.train(new AfterStep(step -> {}), () -> false);
        }
        assertEquals(List.of("step-000020", "step-000040", "step-000055", "step-000060"), checkpoints(folder));
        // A run may keep more or fewer when it goes on.
        Path more = temp.resolve("more");
        try (TrainingRun run = TrainingRun.begin(tiny("train.saveEvery=5", "train.keep.last=1"), more, DEVICE)) {
            assertThrows(InterruptedRunException.class, () -> run.train(new AfterStep(step -> {}), () -> run.step() == 32));
        }
        assertEquals(List.of("step-000032"), checkpoints(more));
        Files.createDirectories(more.resolve("checkpoints/.tmp-step-000030-1-0/ema"));
        try (TrainingRun run = TrainingRun.resume(more, Optional.of(tiny("train.saveEvery=5", "train.keep.last=3")), DEVICE, line -> {})) {
            run.train(new AfterStep(step -> {}), () -> false);
        }
        assertEquals(List.of("step-000050", "step-000055", "step-000060"), checkpoints(more));
        RunFiles.assertSame(folder, more, "step-000060");
    }
}
