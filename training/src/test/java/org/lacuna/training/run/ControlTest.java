package org.lacuna.training.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.FilterWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.Checkpoint;
import org.lacuna.run.ExitCode;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.Json;
import org.lacuna.run.folder.RunFolder;
import org.lacuna.training.command.FinetuneCommand;
import org.lacuna.training.command.TrainCommand;
import org.lacuna.training.recipe.TrainRecipe;
import picocli.CommandLine;

@Timeout(300)
class ControlTest {
    private static final CpuDevice DEVICE = new CpuDevice();
    private static final String LAST = "step-000060";

    @TempDir
    private Path temp;
    private StringWriter out;
    private StringWriter err;

    /** Runs a command; where it first prints {@code signalAt}, the process gets the signal of Ctrl-C. */
    private int execute(Object command, String signalAt, String... args) {
        out = new StringWriter();
        err = new StringWriter();
        Writer watched = new FilterWriter(out) {
            private boolean raised; // a second signal would end this process

            @Override
            public void write(String text, int offset, int length) throws IOException {
                super.write(text, offset, length);
                if (!raised && !signalAt.isEmpty() && text.contains(signalAt)) {
                    raised = true;
                    interrupt();
                }
            }
        };
        CommandLine line = new CommandLine(command).setOut(new PrintWriter(watched)).setErr(new PrintWriter(err));
        line.setExecutionExceptionHandler((failure, thrower, parsed) -> {
            thrower.getErr().println(failure.getMessage());
            return ExitCode.of(failure);
        });
        return line.execute(args);
    }

    private static void interrupt() {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            signal.getMethod("raise", signal).invoke(null, signal.getConstructor(String.class).newInstance("INT"));
            Thread.sleep(300); // another thread takes note of it
        } catch (ReflectiveOperationException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static String[] args(Path folder, String... sets) {
        List<String> args = new ArrayList<>(List.of("--config", RunFiles.NANO.toString(), "--out", folder.toString()));
        Stream.concat(NanoProcess.TINY.stream(), Arrays.stream(sets)).forEach(set -> args.addAll(List.of("--set", set)));
        return args.toArray(String[]::new);
    }

    private Path train(String name, String... sets) {
        Path folder = temp.resolve(name);
        assertEquals(ExitCode.DONE, execute(new TrainCommand(), "", args(folder, sets)), () -> err.toString());
        return folder;
    }

    private static JsonNode state(Path run) {
        return Json.read(run.resolve("checkpoints").resolve(LAST).resolve("state.json"));
    }

    private static byte[] last(Path run, String file) throws IOException {
        return Files.readAllBytes(run.resolve("checkpoints").resolve(LAST).resolve(file));
    }

    /** The run is the same as without a control, and the control as a run of the recipe without the objective. */
    @Test
    void theControlIsTheRunWithoutTheObjective() throws IOException {
        Path plain = train("plain");
        Path run = train("run", "control=true");
        assertTrue(out.toString().contains("nano | step 00060/00060") && out.toString().contains("nano-control | step 00060/00060"), out.toString());
        assertTrue(out.toString().contains("done: " + run.resolve("control/checkpoints").resolve(LAST)), out.toString());
        RunFiles.assertSame(plain, run, LAST);
        Path without = train("without", "name=nano-control", "objective.penalties=[]");
        assertFalse(out.toString().contains(" | step 00060"), "one run needs no name in its lines: " + out);
        RunFiles.assertSame(without, run.resolve("control"), LAST);
        assertEquals(state(run).get("sampler"), state(run.resolve("control")).get("sampler"), "the same windows");
        assertEquals(state(run).get("tokens"), state(run.resolve("control")).get("tokens"));
        assertFalse(Arrays.equals(last(run, "model.safetensors"), last(run.resolve("control"), "model.safetensors")));
        assertFalse(Files.exists(plain.resolve("control")));
    }

    @Test
    void ofAnObjectiveThatWeighsNothingItHasTheSameWeights() throws IOException {
        Path run = train("run", "control=true", "objective.penalties.0.lambda=0");
        assertArrayEquals(last(run, "model.safetensors"), last(run.resolve("control"), "model.safetensors"));
    }

    /** Once in the run, once in its control, and once more there by its own folder. */
    @Test
    void anInterruptInEitherIsGoneOnFromExactly() throws IOException {
        String[] sets = {"control=true", "train.logEvery=1"};
        Path whole = train("whole", sets);
        Path run = temp.resolve("pieces");
        assertEquals(ExitCode.INTERRUPTED, execute(new TrainCommand(), "nano | step 00007/", args(run, sets)), () -> err.toString());
        assertTrue(err.toString().contains("go on with: train --resume --out " + run + "\n"), err.toString());
        assertFalse(Files.exists(run.resolve("control")));
        assertEquals(ExitCode.INTERRUPTED, execute(new TrainCommand(), "nano-control | step 00011/", "--resume", "--out", run.toString()), () -> err.toString());
        assertTrue(err.toString().contains("go on with: train --resume --out " + run.resolve("control") + "\n"), err.toString());
        RunFiles.assertSame(whole, run, LAST);
        long stopped = RunFolder.step(RunFolder.latestCheckpoint(run.resolve("control")).orElseThrow()).orElseThrow();
        assertTrue(stopped >= 11 && stopped < 60, "stopped after " + stopped);
        // The run's own recipe knows of the control, the one given need not.
        assertEquals(ExitCode.INTERRUPTED, execute(new TrainCommand(), "nano-control | step 00040/", with(args(run, "train.logEvery=1"), "--resume")), () -> err.toString());
        assertEquals(ExitCode.DONE, execute(new TrainCommand(), "", "--resume", "--out", run.toString()), () -> err.toString());
        RunFiles.assertSame(whole.resolve("control"), run.resolve("control"), LAST);
        assertEquals(ExitCode.DONE, execute(new TrainCommand(), "", "--resume", "--out", run.toString()), () -> err.toString());
        assertEquals(2, out.toString().lines().filter(line -> line.startsWith("there was nothing left to do")).count(), out.toString());
    }

    /** Ctrl-C in the run's last step: it has ended, and its control is not begun. */
    @Test
    void aControlIsNotBegunByWhoWasAskedToStop() {
        Path run = temp.resolve("run");
        assertEquals(ExitCode.INTERRUPTED, execute(new TrainCommand(), "nano | step 00060/", args(run, "control=true")), () -> err.toString());
        assertTrue(err.toString().contains("go on with: train --resume --out " + run), err.toString());
        assertTrue(Files.exists(run.resolve("checkpoints").resolve(LAST)));
        assertFalse(Files.exists(run.resolve("control")));
    }

    /** A run that was trained without one can have one afterwards. */
    @Test
    void aControlCanComeLater() throws IOException {
        Path run = train("run");
        assertEquals(ExitCode.DONE, execute(new TrainCommand(), "", with(args(run, "control=true"), "--resume")), () -> err.toString());
        RunFiles.assertSame(train("whole", "control=true").resolve("control"), run.resolve("control"), LAST);
    }

    @Test
    void ofACheckpointItIsTheCheckpointTrainedOnAsItIs() throws IOException {
        Path from = train("from", "model.activation=silu", "objective.penalties=[]");
        Path text = Files.writeString(temp.resolve("text.txt"), "It was a dark and stormy night. ".repeat(60));
        Path run = temp.resolve("tuned");
        Path without = temp.resolve("without");
        assertEquals(ExitCode.DONE, execute(new FinetuneCommand(), "", tuning(from, text, run, "model.activation=relu", "control=true")), () -> err.toString());
        assertEquals(ExitCode.DONE, execute(new FinetuneCommand(), "", tuning(from, text, without, "name=finetune-control")), () -> err.toString());
        RunFiles.assertSame(without, run.resolve("control"), "step-000006");
        assertEquals("relu", Checkpoint.config(run.resolve("checkpoints/step-000006")).feedForward().activation());
        assertEquals("silu", Checkpoint.config(run.resolve("control/checkpoints/step-000006")).feedForward().activation());
    }

    private static String[] tuning(Path from, Path text, Path run, String... more) {
        List<String> args = new ArrayList<>(List.of("--config", RunFiles.CONFIGS.resolve("finetune.yaml").toString(), "--model", from.toString(), "--out", run.toString()));
        Stream.concat(Stream.of("data.text=" + text, "data.tokenizer=null", "train.steps=6", "train.batch=4", "train.window=8", "train.warmup=1", "train.evalEvery=0",
                "train.saveEvery=0"), Arrays.stream(more)).forEach(set -> args.addAll(List.of("--set", set)));
        return args.toArray(String[]::new);
    }

    @Test
    void whereNothingIsLeftOutThereIsNoControl() {
        for (String[] sets : List.of(new String[] {"objective.penalties=[]"}, new String[] {"objective.penalties=[]", "objective.zLoss=0.1", "model.activation=relu"})) {
            assertEquals(ExitCode.BAD_INPUT, execute(new TrainCommand(), "", with(args(temp.resolve("run"), sets), "--set", "control=true")));
            assertTrue(err.toString().contains("--set control=true: there is nothing to control: the recipe has no objective.penalties, no model.masks, so"), err.toString());
        }
        assertEquals(ExitCode.BAD_INPUT, execute(new FinetuneCommand(), "", tuning(temp, temp, temp.resolve("run"), "control=true")));
        assertTrue(err.toString().contains("no model.masks, and no activation in place of the checkpoint's, so"), err.toString());
        assertFalse(Files.exists(temp.resolve("run")));
        TrainRecipe masks = TrainRecipe.load(RunFiles.NANO, List.of("objective.penalties=[]", "control=true", "model.masks=[{site: intermediate, rule: top_k, value: 0.1}]"));
        assertEquals(Optional.of(List.of()), masks.controlRecipe().model().masks());
        TrainRecipe distilled = TrainRecipe.load(RunFiles.NANO, List.of("control=true", "objective.zLoss=0.1", "objective.distill={from: x}"));
        assertEquals(List.of(), distilled.controlRecipe().objective().penalties());
        assertEquals(0.1, distilled.controlRecipe().objective().zLoss());
        assertEquals(distilled.objective().distill(), distilled.controlRecipe().objective().distill());
    }

    /** On other tokens, or from other weights, it would be no control. */
    @Test
    void whatHasChangedSinceTheRunIsRefused() throws IOException {
        Path text = Files.writeString(temp.resolve("text.txt"), "It was a dark and stormy night. ".repeat(60));
        Path run = train("run", "data.text=" + text);
        Files.writeString(text, "It was a bright and sunny day. ".repeat(60));
        TrainRecipe recipe = TrainRecipe.load(run.resolve("config.yaml"), List.of("control=true"));
        String message = assertThrows(InputException.class, () -> Control.open(recipe, run, DEVICE, line -> {})).getMessage();
        assertTrue(message.startsWith("the data (text.txt) have changed since the run began") && message.contains("train --resume --out " + run), message);
        assertFalse(Files.exists(run.resolve("control")));

        Path from = train("from");
        Path tuned = temp.resolve("tuned");
        assertEquals(ExitCode.DONE, execute(new FinetuneCommand(), "", tuning(from, text, tuned, "objective.penalties=[{kind: l1, lambda: 1e-3}]")), () -> err.toString());
        Files.write(from.resolve("checkpoints").resolve(LAST).resolve("model.safetensors"), last(run, "model.safetensors"));
        TrainRecipe tuning = TrainRecipe.load(tuned.resolve("config.yaml"), List.of("control=true"));
        String weights = assertThrows(InputException.class, () -> Control.open(tuning, tuned, DEVICE, line -> {})).getMessage();
        assertTrue(weights.startsWith("the weights that the run began with have changed"), weights);
        assertFalse(Files.exists(tuned.resolve("control")));
    }

    private static String[] with(String[] some, String... more) {
        return Stream.concat(Stream.of(some), Stream.of(more)).toArray(String[]::new);
    }
}
