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
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.graph.Device;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.Checkpoint;
import org.lacuna.run.ExitCode;
import org.lacuna.run.InputException;
import org.lacuna.run.InterruptedRunException;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.Json;
import org.lacuna.run.folder.MetricsLog;
import org.lacuna.training.progress.PlainProgress;
import org.lacuna.training.progress.Progress;
import org.lacuna.training.recipe.TrainRecipe;

class TrainingRunTest {
    private static final Device DEVICE = new CpuDevice();

    @TempDir
    private Path temp;

    private static TrainRecipe nano(String... sets) {
        return TrainRecipe.load(RunFiles.NANO, List.of(sets));
    }

    private static Progress silent(LongConsumer afterStep) {
        return new AfterStep(afterStep);
    }

    private static void train(Path folder, String... sets) {
        try (TrainingRun run = TrainingRun.begin(nano(sets), folder, DEVICE)) {
            run.train(silent(step -> {}), () -> false);
        }
    }

    private static void resume(Path folder, List<String> warnings) {
        try (TrainingRun run = TrainingRun.resume(folder, Optional.empty(), DEVICE, warnings::add)) {
            run.train(silent(step -> {}), () -> false);
        }
    }

    /** Trains until after {@code step} and then as Ctrl-C would have it. */
    private static InterruptedRunException interrupted(Path folder, long step, String... sets) {
        try (TrainingRun run = TrainingRun.begin(nano(sets), folder, DEVICE)) {
            return assertThrows(InterruptedRunException.class, () -> run.train(silent(s -> {}), () -> run.step() == step));
        }
    }

    @Test
    void theNanoRecipeLearns() throws IOException {
        Path folder = temp.resolve("nano");
        StringWriter lines = new StringWriter();
        try (TrainingRun run = TrainingRun.begin(nano(), folder, DEVICE)) {
            run.train(new PlainProgress(new PrintWriter(lines), 60), () -> false);
        }
        assertEquals(List.of(".lock", "checkpoints", "checkpoints/step-000020", "checkpoints/step-000020/config.json", "checkpoints/step-000020/model.safetensors",
                "checkpoints/step-000020/optimizer.safetensors", "checkpoints/step-000020/state.json", "checkpoints/step-000020/tokenizer.json"),
                RunFiles.list(folder).subList(0, 8));
        assertTrue(RunFiles.list(folder).containsAll(List.of("checkpoints/step-000060/state.json", "config.yaml", "metrics.jsonl", "provenance.json")));
        List<JsonNode> metrics = MetricsLog.read(folder.resolve("metrics.jsonl"));
        assertEquals(63, metrics.size(), "60 steps and 3 validations");
        JsonNode first = metrics.get(0);
        assertEquals(Math.log(257), first.get("loss").asDouble(), 0.2);
        assertEquals(256, first.get("tokens").asInt());
        assertEquals(1e-4, first.at("/penalties/l1@intermediate/lambda").asDouble(), 1e-12);
        assertEquals(2e-4, first.get("lr").asDouble(), 1e-12);
        assertTrue(first.at("/penalties/l1@intermediate/value").asDouble() > 0 && first.get("grad_norm").asDouble() > 0);
        JsonNode last = metrics.get(62).get("validation");
        assertEquals(7 * 32, last.get("tokens").asInt());
        assertTrue(last.get("loss").asDouble() < 4, "validation loss " + last);
        assertTrue(last.get("zeros").asDouble() > 0.2, "zeros " + last);
        String[] log = lines.toString().split("\n");
        assertEquals(9, log.length, lines.toString());
        assertTrue(log[0].startsWith("step 00010/00060 (16.67%) | loss: "), log[0]);
        assertTrue(log[8].startsWith("step 00060/00060 | validation loss: "), log[8]);
        assertEquals(nano(), TrainRecipe.load(folder.resolve("config.yaml"), List.of()));
        JsonNode provenance = Json.parse("provenance", Files.readString(folder.resolve("provenance.json")));
        assertEquals(nano().sha256(), provenance.get("recipe_sha256").asText());
        assertTrue(provenance.hasNonNull("data_sha256") && provenance.get("gemm").asText().equals(DEVICE.gemm()));
        JsonNode state = Json.parse("state", Files.readString(folder.resolve("checkpoints/step-000060/state.json")));
        assertEquals(60 * 256, state.get("tokens").asInt());
        Checkpoint.load(folder.resolve("checkpoints/step-000060"), DEVICE);
    }

    @Test
    void withoutAPenaltyItsFiguresAreStillThere() {
        Path folder = temp.resolve("plain");
        train(folder, "objective.penalties.0.lambda=0", "train.steps=2", "train.warmup=1");
        for (JsonNode line : MetricsLog.read(folder.resolve("metrics.jsonl"))) {
            assertTrue(line.has("validation") || line.get("zeros").asDouble() > 0.2
                    && line.at("/penalties/l1@intermediate/value").asDouble() > 0 && line.at("/penalties/l1@intermediate/lambda").asDouble() == 0);
        }
    }

    @Test
    void whatIsComputedAgainLeavesNoTrace() throws IOException {
        Path kept = temp.resolve("kept");
        Path again = temp.resolve("again");
        train(kept, "train.steps=25");
        train(again, "train.steps=25", "train.recompute=layer");
        RunFiles.assertSame(kept, again, "step-000025");
        // A run may change to it on the way.
        Path changed = temp.resolve("changed");
        interrupted(changed, 7, "train.steps=25");
        try (TrainingRun run = TrainingRun.resume(changed, Optional.of(nano("train.steps=25", "train.recompute=layer")), DEVICE, line -> {})) {
            run.train(silent(step -> {}), () -> false);
        }
        RunFiles.assertSame(kept, changed, "step-000025");
    }

    @Test
    void anInterruptedRunSavesAndSaysHowToGoOn() throws IOException {
        Path whole = temp.resolve("whole");
        Path pieces = temp.resolve("pieces");
        train(whole, "train.steps=30");
        InterruptedRunException e = interrupted(pieces, 7, "train.steps=30");
        assertTrue(e.getMessage().contains("step 7 of 30") && e.getMessage().contains("--resume") && e.getMessage().contains(pieces.toString()), e.getMessage());
        assertTrue(Files.exists(pieces.resolve("checkpoints/step-000007/state.json")));
        // As if it had gone on without a checkpoint before it was killed, in the middle of a line.
        Files.writeString(pieces.resolve("metrics.jsonl"), Files.readString(pieces.resolve("metrics.jsonl")) + "{\"step\":8,\"loss\":1}\n{\"step\":9,\"lo");
        Files.createDirectory(pieces.resolve("checkpoints/.tmp-step-000010-1-0"));
        List<String> warnings = new ArrayList<>();
        resume(pieces, warnings);
        assertEquals(List.of(), warnings);
        RunFiles.assertSame(whole, pieces, "step-000030");
        assertFalse(Files.exists(pieces.resolve("checkpoints/.tmp-step-000010-1-0")));
        // Once more: nothing is left to do, and nothing is touched.
        List<String> before = RunFiles.list(pieces);
        resume(pieces, warnings);
        assertEquals(before, RunFiles.list(pieces));
        RunFiles.assertSame(whole, pieces, "step-000030");
    }

    @Test
    void otherCircumstancesAreToldAndOtherInputIsRefused() throws IOException {
        Path folder = temp.resolve("run");
        interrupted(folder, 3);
        Path state = folder.resolve("checkpoints/step-000003/state.json");
        String saved = Files.readString(state);
        Files.writeString(state, saved.replaceFirst("\"gemm\" : \"[^\"]*", "\"gemm\" : \"MKL 1.0").replaceFirst("\"lacuna\" : \"[^\"]*", "\"lacuna\" : \"0.0.1"));
        List<String> warnings = new ArrayList<>();
        TrainingRun.resume(folder, Optional.empty(), DEVICE, warnings::add).close();
        assertEquals(2, warnings.size(), warnings.toString());
        assertTrue(warnings.get(0).contains("0.0.1") && warnings.get(1).contains("MKL 1.0"), warnings.toString());

        Files.writeString(state, saved);
        refused(folder, Optional.of(nano("train.lr=1e-5", "train.workers=1", "model.activation=silu")), "config.yaml: this run's recipe is another than the one given"
                + " with --config and --set: model.activation is relu there and silu here, train.lr is 0.002 there and 1.0e-5 here; leave them out");
        TrainingRun.resume(folder, Optional.of(nano("train.workers=1", "train.logEvery=1")), DEVICE, warnings::add).close();
        Files.writeString(state, saved.replaceFirst("\"data_sha256\" : \"....", "\"data_sha256\" : \"0000"));
        refused(folder, Optional.empty(), "data_sha256");
        Files.writeString(state, saved.replaceFirst("\"step\"", "\"stop\""));
        refused(folder, Optional.empty(), "state.json");
        Files.writeString(state, saved.substring(0, 40));
        refused(folder, Optional.empty(), "state.json");
        Files.writeString(state, saved);

        Path optimizer = folder.resolve("checkpoints/step-000003/optimizer.safetensors");
        byte[] bytes = Files.readAllBytes(optimizer);
        Files.write(optimizer, Arrays.copyOf(bytes, bytes.length - 5));
        refused(folder, Optional.empty(), "optimizer.safetensors");
        Files.copy(folder.resolve("checkpoints/step-000003/model.safetensors"), optimizer, StandardCopyOption.REPLACE_EXISTING);
        refused(folder, Optional.empty(), "optimizer.safetensors");
        // The second moments come last; −1 is no mean of squares.
        for (float spoilt : new float[] {Float.NaN, -1}) {
            Files.write(optimizer, ByteBuffer.wrap(bytes.clone()).order(ByteOrder.LITTLE_ENDIAN).putFloat(bytes.length - Float.BYTES, spoilt).array());
            refused(folder, Optional.empty(), "holds " + spoilt + " at index");
        }
        Files.write(optimizer, bytes);
        resume(folder, warnings);
    }

    private static void refused(Path folder, Optional<TrainRecipe> given, String named) {
        InputException e = assertThrows(InputException.class, () -> TrainingRun.resume(folder, given, DEVICE, line -> {}));
        assertTrue(e.getMessage().contains(named), e.getMessage());
    }

    @Test
    void aFolderThatIsTakenIsLeftAlone() throws IOException {
        Path folder = temp.resolve("run");
        interrupted(folder, 1);
        List<String> before = RunFiles.list(folder);
        InputException e = assertThrows(InputException.class, () -> TrainingRun.begin(nano(), folder, DEVICE));
        assertTrue(e.getMessage().contains(folder.toString()) && e.getMessage().contains("--resume"), e.getMessage());
        assertEquals(before, RunFiles.list(folder));
        Path other = Files.createDirectory(temp.resolve("other"));
        Files.writeString(other.resolve("mine.txt"), "mine");
        assertThrows(InputException.class, () -> TrainingRun.begin(nano(), other, DEVICE));
        assertEquals(List.of("mine.txt"), RunFiles.list(other));
        InputException nothing = assertThrows(InputException.class, () -> TrainingRun.resume(other, Optional.empty(), DEVICE, line -> {}));
        assertTrue(nothing.getMessage().contains("config.yaml"), nothing.getMessage());
    }

    @Test
    void aLossThatIsNoNumberStopsTheRunAndKeepsTheCheckpoint() throws IOException {
        Path folder = temp.resolve("run");
        try (TrainingRun run = TrainingRun.begin(nano(), folder, DEVICE)) {
            Progress poison = silent(step -> {
                if (step == 23) {
                    run.trainer().model().parameters().tensor("model.layers.1.mlp.down_proj.weight").setFloat(3, Float.POSITIVE_INFINITY);
                }
            });
            RunException e = assertThrows(RunException.class, () -> run.train(poison, () -> false));
            for (String part : List.of("step 24", "model.layers.1.mlp.down_proj.weight", "(layer 1)", "step-000020")) {
                assertTrue(e.getMessage().contains(part), part + " is not in " + e.getMessage());
            }
        }
        assertFalse(Files.exists(folder.resolve("checkpoints/step-000024")));
        Path whole = temp.resolve("whole");
        train(whole);
        resume(folder, new ArrayList<>());
        RunFiles.assertSame(whole, folder, "step-000060");
    }

    /** The operating system itself refuses to let a file grow beyond 32 KB, as a full disk would: the optimizer's file has more. */
    @Test
    void aFullDiskLeavesTheLastCheckpoint() throws IOException, InterruptedException {
        Path folder = temp.resolve("run");
        String[] tiny = NanoProcess.TINY.toArray(String[]::new);
        interrupted(folder, 20, tiny);
        byte[] model = Files.readAllBytes(folder.resolve("checkpoints/step-000020/model.safetensors"));
        assertTrue(Files.size(folder.resolve("checkpoints/step-000020/optimizer.safetensors")) > 32 << 10);
        List<String> before = RunFiles.list(folder);
        Path log = temp.resolve("log");
        Process process = NanoProcess.start(log, List.of("bash", "-c", "ulimit -f 32; exec \"$@\"", "limited"), List.of(),
                List.of(RunFiles.NANO.toString(), folder.toString(), "0"));
        assertTrue(process.waitFor(120, TimeUnit.SECONDS));
        String message = Files.readString(log);
        assertEquals(ExitCode.FAILED, process.exitValue(), message);
        assertTrue(message.contains("step-000040: can't be written: File too large"), message);
        assertTrue(message.contains("The latest checkpoint is intact: " + folder.resolve("checkpoints/step-000020")), message);
        assertTrue(message.matches("(?s).* takes some [0-9,]{6} bytes: .* train --resume --out \\Q" + folder + "\\E\\s*"), message);
        assertEquals(before, RunFiles.list(folder));
        assertArrayEquals(model, Files.readAllBytes(folder.resolve("checkpoints/step-000020/model.safetensors")));
        Path whole = temp.resolve("whole");
        train(whole, tiny);
        resume(folder, new ArrayList<>());
        RunFiles.assertSame(whole, folder, "step-000060");
    }

    /** The same limit at 0: not even the first file can be written that a run adds to its folder. */
    @Test
    void aDiskThatIsFullFromTheStartIsToldWithTheWayOn() throws IOException, InterruptedException {
        Path folder = temp.resolve("run");
        interrupted(folder, 20, NanoProcess.TINY.toArray(String[]::new));
        Files.delete(folder.resolve("provenance.json"));
        List<String> before = RunFiles.list(folder);
        Path log = temp.resolve("log");
        Process process = NanoProcess.start(log, List.of("bash", "-c", "set -o pipefail; (ulimit -f 0; exec \"$@\") 2>&1 | cat", "limited"), List.of(),
                List.of(RunFiles.NANO.toString(), folder.toString(), "0"));
        assertTrue(process.waitFor(120, TimeUnit.SECONDS));
        String message = Files.readString(log);
        assertEquals(ExitCode.FAILED, process.exitValue(), message);
        assertTrue(message.endsWith(folder.resolve("provenance.json") + ": can't be written: File too large; make room or mend the folder, then go on with: train --resume --out "
                + folder + "\n"), message);
        assertEquals(before, RunFiles.list(folder));
    }

    @Test
    void aPlaceWhereNothingCanBeWrittenIsAFailureOfTheRun() throws IOException {
        Path file = Files.writeString(temp.resolve("file"), "mine");
        InputException way = assertThrows(InputException.class, () -> TrainingRun.begin(nano(), file.resolve("run"), DEVICE));
        assertTrue(way.getMessage().contains(file + " is a file"), way.getMessage());
        assertEquals("mine", Files.readString(file));
        // Nobody, not even root, makes a folder there.
        RunException e = assertThrows(RunException.class, () -> TrainingRun.begin(nano(), Path.of("/proc/lacuna/run"), DEVICE));
        assertTrue(e.getMessage().contains("/proc/lacuna/run"), e.getMessage());
    }

    @Test
    void aDamagedCheckpointIsNamedAndSoIsTheOneToGoOnFrom() throws IOException {
        Path whole = temp.resolve("whole");
        train(whole);
        Path folder = temp.resolve("run");
        interrupted(folder, 50);
        for (String step : List.of("step-000050/model.safetensors", "step-000040/state.json")) {
            Path file = folder.resolve("checkpoints").resolve(step);
            Files.write(file, Arrays.copyOf(Files.readAllBytes(file), 100));
        }
        List<String> before = RunFiles.list(folder);
        Path damaged = folder.resolve("checkpoints/step-000050");
        InputException e = assertThrows(InputException.class, () -> TrainingRun.resume(folder, Optional.empty(), DEVICE, line -> {}));
        assertTrue(e.getMessage().startsWith(damaged.resolve("model.safetensors") + ": "), e.getMessage());
        assertTrue(e.getMessage().endsWith(". The checkpoint is damaged; step-000020 is whole: remove the folders " + damaged + ", "
                + folder.resolve("checkpoints/step-000040") + ", then go on from there with: train --resume --out " + folder), e.getMessage());
        assertEquals(before, RunFiles.list(folder));
        for (String step : List.of("step-000050", "step-000040")) {
            for (String file : RunFiles.list(folder.resolve("checkpoints").resolve(step))) {
                Files.delete(folder.resolve("checkpoints").resolve(step).resolve(file));
            }
            Files.delete(folder.resolve("checkpoints").resolve(step));
        }
        resume(folder, new ArrayList<>());
        RunFiles.assertSame(whole, folder, "step-000060");
    }

    @Test
    void aStateThatCannotBeOfItsCheckpointIsDamage() throws IOException {
        Path folder = temp.resolve("run");
        interrupted(folder, 30);
        Path damaged = folder.resolve("checkpoints/step-000030");
        Path state = damaged.resolve("state.json");
        String saved = Files.readString(state);
        for (String change : List.of("\"step\" : -30", "\"step\" : 29", "\"step\" : 30000000000000000000", "\"tokens\" : -1",
                "\"position\" : -7", "\"position\" : \"x\"", "\"sampler\" : \"crops\"", "\"length\" : 31",
                "\"went_back\" : \"x\"", "\"went_back\" : [ 1 ]")) {
            String key = change.substring(0, change.indexOf(':'));
            String spoilt = saved.replaceFirst(key + ": [^{,\\n]+", change);
            assertNotEquals(saved, spoilt, change);
            Files.writeString(state, spoilt);
            refusedAsDamaged(folder, damaged, change);
        }
        Files.write(state, new byte[] {'{', (byte) 0xFF, '}'});
        refusedAsDamaged(folder, damaged, "no text");
    }

    private static void refusedAsDamaged(Path folder, Path damaged, String what) throws IOException {
        List<String> before = RunFiles.list(folder);
        InputException e = assertThrows(InputException.class, () -> TrainingRun.resume(folder, Optional.empty(), DEVICE, line -> {}), what);
        assertTrue(e.getMessage().startsWith(damaged.resolve("state.json") + ": "), what + " gives " + e.getMessage());
        assertTrue(e.getMessage().contains("damaged; step-000020 is whole: remove the folder " + damaged + ","), what + " gives " + e.getMessage());
        assertEquals(before, RunFiles.list(folder));
    }

    @Test
    void twoRunsCannotShareAFolder() {
        Path folder = temp.resolve("run");
        try (TrainingRun run = TrainingRun.begin(nano(), folder, DEVICE)) {
            InputException e = assertThrows(InputException.class, () -> TrainingRun.resume(run.folder().path(), Optional.empty(), DEVICE, line -> {}));
            assertTrue(e.getMessage().contains(folder.toString()), e.getMessage());
        }
    }
}
