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
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.data.tokenize.ByteTokenizer;
import org.lacuna.eval.source.Hashes;
import org.lacuna.fixtures.Fixtures;
import org.lacuna.graph.Device;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.Model;
import org.lacuna.run.InputException;
import org.lacuna.run.InterruptedRunException;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.Json;
import org.lacuna.training.progress.PlainProgress;
import org.lacuna.training.recipe.TrainRecipe;

/** Runs that begin with a checkpoint of any family. */
class FineTuningTest {
    private static final Device DEVICE = new CpuDevice();
    private static final Path FINETUNE = RunFiles.CONFIGS.resolve("finetune.yaml");
    private static final int VOCABULARY = 160;
    private static final String LAST = "step-000006";

    @TempDir
    private Path temp;

    /** Random ids, little-endian. */
    private Path ids() throws IOException {
        ByteBuffer ids = ByteBuffer.allocate(Integer.BYTES * 2000).order(ByteOrder.LITTLE_ENDIAN);
        Random random = new Random(1);
        while (ids.hasRemaining()) {
            ids.putInt(random.nextInt(VOCABULARY));
        }
        return Files.write(temp.resolve("ids"), ids.array());
    }

    private TrainRecipe recipe(String from, String... sets) {
        List<String> all = new ArrayList<>(List.of("model.from='" + from + "'", "data.cache=" + temp.resolve("cache"), "train.steps=6", "train.batch=4", "train.window=16",
                "train.warmup=1", "train.lr=1e-3", "train.evalEvery=4", "train.evalWindows=3", "train.saveEvery=4"));
        all.addAll(List.of(sets));
        return TrainRecipe.load(FINETUNE, all);
    }

    private TrainRecipe onIds(Path from, String... sets) throws IOException {
        List<String> all = new ArrayList<>(List.of("data.text=null", "data.ids=" + ids(), "data.vocabularySize=" + VOCABULARY));
        all.addAll(List.of(sets));
        return recipe(from.toString(), all.toArray(String[]::new));
    }

    private static void finish(TrainingRun run) {
        try (run) {
            run.train(new PlainProgress(new PrintWriter(Writer.nullWriter()), 6), () -> false);
        }
    }

    private static void finish(TrainRecipe recipe, Path folder) {
        finish(TrainingRun.begin(recipe, folder, DEVICE));
    }

    private static void remove(Path folder) throws IOException {
        try (Stream<Path> tree = Files.walk(folder)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    private static void refused(TrainRecipe recipe, Path folder, String... named) {
        InputException e = assertThrows(InputException.class, () -> TrainingRun.begin(recipe, folder, DEVICE));
        for (String part : named) {
            assertTrue(e.getMessage().contains(part), part + " is not in " + e.getMessage());
        }
        assertFalse(Files.exists(folder));
    }

    @ParameterizedTest
    @CsvSource({"gpt2, null, 0, gelu_pytorch_tanh", "qwen3-moe, null, 1e-3, silu", "opt, silu, 1e-3, silu", "gemma3-text, relu, 0, relu"})
    void aResumedRunEndsInTheSameBytesAndDoesNotNeedTheCheckpoint(String family, String activation, String l1, String trained) throws IOException {
        Path from = Fixtures.unpack(family, temp);
        new ByteTokenizer().save(from.resolve("tokenizer.json"));
        TrainRecipe recipe = onIds(from, "model.activation=" + activation, "objective.penalties=[{kind: l1, lambda: " + l1 + "}]");
        Path whole = temp.resolve("whole");
        finish(recipe, whole);
        assertEquals(recipe, TrainRecipe.load(whole.resolve("config.yaml"), List.of()));

        Path halves = temp.resolve("halves");
        try (TrainingRun run = TrainingRun.begin(recipe, halves, DEVICE)) {
            assertThrows(InterruptedRunException.class, () -> run.train(new PlainProgress(new PrintWriter(Writer.nullWriter()), 6), () -> run.step() == 3));
        }
        String sha256 = Hashes.file(from.resolve("model.safetensors"));
        byte[] tokenizer = Files.readAllBytes(from.resolve("tokenizer.json"));
        String modelType = Json.read(from.resolve("config.json")).get("model_type").asText();
        remove(from);
        finish(TrainingRun.resume(halves, Optional.of(recipe), DEVICE, line -> {}));
        RunFiles.assertSame(whole, halves, LAST);

        Path last = whole.resolve("checkpoints").resolve(LAST);
        assertEquals(trained, Checkpoint.config(last).feedForward().activation());
        assertEquals(modelType, Json.read(last.resolve("config.json")).get("model_type").asText());
        assertArrayEquals(tokenizer, Files.readAllBytes(last.resolve("tokenizer.json")));
        assertEquals(sha256, Json.read(last.resolve("state.json")).get("model_from_sha256").asText());
        JsonNode begun = Json.read(whole.resolve("provenance.json")).get("model_from");
        assertEquals(from.toString(), begun.get("checkpoint").asText());
        assertEquals(sha256, begun.get("weights_sha256").asText());
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama-gqa-tied-llama3rope", "qwen2", "qwen3", "gemma3-text", "gpt2", "opt", "gpt-neox", "olmoe", "qwen3-moe"})
    void itBeginsWithTheCheckpointsWeightsAndConfig(String family) throws IOException {
        Path from = Fixtures.unpack(family, temp);
        Path still = temp.resolve("still");
        finish(onIds(from, "train.lr=0", "train.steps=1"), still);
        Model then = Checkpoint.load(from, DEVICE);
        Model now = Checkpoint.load(still.resolve("checkpoints/step-000001"), DEVICE);
        assertEquals(then.config(), now.config());
        assertParameters(then, now, true);
        Path moved = temp.resolve("moved");
        finish(onIds(from, "train.steps=1"), moved);
        assertParameters(then, Checkpoint.load(moved.resolve("checkpoints/step-000001"), DEVICE), false);
    }

    private static void assertParameters(Model then, Model now, boolean same) {
        assertEquals(then.parameters().names(), now.parameters().names());
        for (String name : then.parameters().names()) {
            ByteBuffer a = then.parameters().tensor(name).bytes();
            assertEquals(same, a.equals(now.parameters().tensor(name).bytes()), name);
        }
    }

    @Test
    void whatDoesNotFitTheMachineIsRefusedBeforeWeightsAreLookedAt() throws IOException {
        Path from = Fixtures.unpack("qwen3-moe", temp);
        Files.delete(from.resolve("model.safetensors"));
        TrainRecipe recipe = onIds(from, "train.batch=1048576", "train.shards=64");
        RunException e = assertThrows(RunException.class, () -> TrainingRun.begin(recipe, temp.resolve("run"), DEVICE));
        assertTrue(e.getMessage().startsWith("finetune: too large for this machine: parameters, moments and gradients take "), e.getMessage());
    }

    @Test
    void windowsBeyondLearnedPositionsAreRefusedAndBeyondRotaryOnesAreNot() throws IOException {
        refused(onIds(Fixtures.unpack("gpt2", temp), "train.window=65"), temp.resolve("run"), "train.window: 65 tokens are more than the 64 positions", "take at most 64");
        finish(onIds(Fixtures.unpack("qwen3", temp), "train.window=130", "train.batch=2", "train.steps=1", "train.evalEvery=0"), temp.resolve("run"));
        assertTrue(Files.exists(temp.resolve("run/checkpoints/step-000001")));
    }

    @Test
    void dataThatIsNotInTheModelsTokensIsRefused() throws IOException {
        Path from = Fixtures.unpack("gpt2", temp);
        Path folder = temp.resolve("run");
        Path beyond = Files.write(temp.resolve("beyond"), ByteBuffer.allocate(8000).order(ByteOrder.LITTLE_ENDIAN).putInt(7996, 160).array());
        refused(onIds(from, "data.vocabularySize=161", "data.ids=" + beyond), folder, "model.from: " + from + ": the model has 160 token ids, and the corpus", "has the id 160");
        Path text = Files.writeString(temp.resolve("text.txt"), "It was a dark and stormy night. ".repeat(100));
        refused(recipe(from.toString(), "data.text=" + text), folder, "model.from: " + from.resolve("tokenizer.json"), "no such file", "data.tokenizer");
        refused(recipe(from.toString(), "data.text=null"), folder, "model.from: " + from.resolve("tokenizer.json"), "no such file", "data.ids");
        Path tokenizer = Fixtures.unpack("gpt2-style-512", temp).resolve("tokenizer.json");
        Files.copy(tokenizer, from.resolve("tokenizer.json"));
        refused(recipe(from.toString(), "data.text=" + text), folder, "the model has 160 token ids, and the corpus", "has the id ");
        refused(recipe(from.toString(), "data.text=null"), folder, "the stories are byte-level tokens", "data.text");
        Path empty = Files.createDirectory(temp.resolve("empty"));
        refused(recipe(empty.toString(), "data.text=" + text), folder, "model.from: " + empty + ": neither a checkpoint");
        refused(recipe(temp.resolve("nowhere").toString(), "data.text=" + text), folder, "model.from: " + temp.resolve("nowhere") + ": no such folder");
    }

    /** A run's folder is a checkpoint too, and its tokenizer goes from run to run. */
    @Test
    void textIsReadInTheCheckpointsTokens() throws IOException {
        Path text = Files.writeString(temp.resolve("text.txt"), "It was a dark and stormy night; the rain fell in torrents. ".repeat(200));
        Path tokenizer = Fixtures.unpack("gpt2-style-512", temp).resolve("tokenizer.json");
        Path first = temp.resolve("first");
        finish(TrainRecipe.load(RunFiles.NANO, List.of("data.text=" + text, "data.tokenizer=" + tokenizer, "data.cache=" + temp.resolve("cache"), "train.steps=2",
                "train.warmup=1", "train.batch=4", "train.window=16", "train.evalWindows=2")), first);
        Path second = temp.resolve("second");
        TrainRecipe recipe = recipe(first.toString(), "data.text=" + text);
        try (TrainingRun run = TrainingRun.begin(recipe, second, DEVICE)) {
            assertEquals(512, run.corpus().vocabularySize());
            assertThrows(InterruptedRunException.class, () -> run.train(new PlainProgress(new PrintWriter(Writer.nullWriter()), 6), () -> run.step() == 2));
        }
        remove(first);
        Files.delete(tokenizer);
        finish(TrainingRun.resume(second, Optional.empty(), DEVICE, line -> {}));
        assertEquals(recipe, TrainRecipe.load(second.resolve("config.yaml"), List.of()));
        assertEquals(Hashes.file(Fixtures.unpack("gpt2-style-512", Files.createDirectory(temp.resolve("again"))).resolve("tokenizer.json")),
                Hashes.file(second.resolve("checkpoints").resolve(LAST).resolve("tokenizer.json")));
    }

    @Test
    void aRunWithoutACheckpointOfItsOwnBeginsAgainWithTheSameWeightsOnly() throws IOException {
        Path from = Fixtures.unpack("qwen2", temp);
        Path folder = temp.resolve("run");
        TrainRecipe recipe = onIds(from);
        TrainingRun.begin(recipe, folder, DEVICE).close();
        byte[] weights = Files.readAllBytes(from.resolve("model.safetensors"));
        byte[] others = weights.clone();
        others[others.length - 1] ^= 1;
        Files.write(from.resolve("model.safetensors"), others);
        InputException e = assertThrows(InputException.class, () -> TrainingRun.resume(folder, Optional.empty(), DEVICE, line -> {}));
        assertTrue(e.getMessage().startsWith("model.from: " + from + ": has not the weights that this run began with"), e.getMessage());
        Files.write(from.resolve("model.safetensors"), weights);
        finish(TrainingRun.resume(folder, Optional.empty(), DEVICE, line -> {}));
        Path whole = temp.resolve("whole");
        finish(recipe, whole);
        assertArrayEquals(Files.readAllBytes(whole.resolve("checkpoints").resolve(LAST).resolve("model.safetensors")),
                Files.readAllBytes(folder.resolve("checkpoints").resolve(LAST).resolve("model.safetensors")));
    }

    /** ReLU Strikes Back's stage 2 from a Llama: the run's checkpoints say what they are, and a family that can't is refused. */
    @Test
    void anActivationMayComeBehindTheNorms() throws IOException {
        Path from = Fixtures.unpack("llama-relu", temp);
        Path folder = temp.resolve("run");
        finish(onIds(from, "model.normActivation=relu"), folder);
        Path last = folder.resolve("checkpoints").resolve(LAST);
        assertEquals(Checkpoint.config(from).withNormActivation("relu"), Checkpoint.config(last));
        assertEquals("lacuna_llama", Json.read(last.resolve("config.json")).get("model_type").asText());
        assertEquals("relu", Json.read(last.resolve("config.json")).get("lacuna_norm_activation").asText());
        Path plain = temp.resolve("plain");
        finish(onIds(last, "model.normActivation=identity"), plain);
        assertEquals("identity", Checkpoint.config(plain.resolve("checkpoints").resolve(LAST)).normActivation());
        refused(onIds(Fixtures.unpack("qwen3", temp), "model.normActivation=relu"), temp.resolve("qwen"), "model.normActivation: is relu, which a model of the family qwen3 can't store");
    }

    /** Thresholds belong to ReLU, and go on with it. */
    @Test
    void thresholdsGoOnAndOnlyWithRelu() throws IOException {
        Model model = Checkpoint.load(Fixtures.unpack("llama-relu", temp), DEVICE);
        List<Double> thresholds = List.of(0.25, 0.0, 0.5);
        Path from = temp.resolve("thresholds");
        AtomicFiles.folder(from, fresh -> Checkpoint.write(fresh, new Model(model.config().withThresholds(thresholds), model.parameters())));
        Path folder = temp.resolve("run");
        finish(onIds(from), folder);
        assertEquals(thresholds, Checkpoint.config(folder.resolve("checkpoints").resolve(LAST)).feedForward().thresholds());
        refused(onIds(from, "model.activation=silu"), temp.resolve("silu"), "model.thresholds: are there, but activation is silu");
    }

    @Test
    void anotherActivationIsAnotherRun() throws IOException {
        Path from = Fixtures.unpack("opt", temp);
        Path folder = temp.resolve("run");
        finish(onIds(from, "model.activation=silu"), folder);
        InputException e = assertThrows(InputException.class, () -> TrainingRun.resume(folder, Optional.of(onIds(from)), DEVICE, line -> {}));
        assertTrue(e.getMessage().contains("model.activation is silu there and null here"), e.getMessage());
        Path config = folder.resolve("checkpoints").resolve(LAST).resolve("config.json");
        String text = Files.readString(config);
        assertNotEquals(text, text.replace("\"silu\"", "\"relu\""));
        Files.writeString(config, text.replace("\"silu\"", "\"relu\""));
        InputException changed = assertThrows(InputException.class, () -> TrainingRun.resume(folder, Optional.empty(), DEVICE, line -> {}));
        assertEquals(config + ": is not the model of the run's recipe; the checkpoint belongs to another run", changed.getMessage());
    }
}
