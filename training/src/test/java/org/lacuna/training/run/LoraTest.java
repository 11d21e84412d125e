package org.lacuna.training.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lacuna.fixtures.Fixtures;
import org.lacuna.graph.Device;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Program;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.Model;
import org.lacuna.model.graph.DecoderGraph;
import org.lacuna.model.graph.LowRank;
import org.lacuna.model.safetensors.SafetensorsFile;
import org.lacuna.run.InputException;
import org.lacuna.run.InterruptedRunException;
import org.lacuna.run.folder.Json;
import org.lacuna.training.StepMetrics;
import org.lacuna.training.progress.PlainProgress;
import org.lacuna.training.recipe.TrainRecipe;

/** Runs that train adapters beside a checkpoint. */
class LoraTest {
    private static final Device DEVICE = new CpuDevice();
    private static final int VOCABULARY = 160;
    private static final String ALL = "[q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj]";

    @TempDir
    private Path temp;

    /** Ids that follow one another by a rule most of the time, so that there is something to learn. */
    private Path ids() throws IOException {
        ByteBuffer ids = ByteBuffer.allocate(Integer.BYTES * 4000).order(ByteOrder.LITTLE_ENDIAN);
        Random random = new Random(1);
        int id = 0;
        while (ids.hasRemaining()) {
            id = random.nextInt(10) == 0 ? random.nextInt(VOCABULARY) : (id * 7 + 3) % VOCABULARY;
            ids.putInt(id);
        }
        return Files.write(temp.resolve("ids"), ids.array());
    }

    private TrainRecipe recipe(String file, Path from, String... sets) throws IOException {
        List<String> all = new ArrayList<>(List.of("model.from='" + from + "'", "data.text=null", "data.ids=" + ids(), "data.vocabularySize=" + VOCABULARY, "train.steps=6", "train.batch=4",
                "train.window=16", "train.warmup=1", "train.lr=1e-2", "train.evalEvery=0", "train.saveEvery=4", "train.weightDecay=0.1"));
        all.addAll(List.of(sets));
        return TrainRecipe.load(RunFiles.CONFIGS.resolve(file), all);
    }

    private static StepMetrics finish(TrainingRun run) {
        return run.train(new PlainProgress(new PrintWriter(Writer.nullWriter()), 6), () -> false).orElseThrow();
    }

    private static StepMetrics finish(TrainRecipe recipe, Path folder) {
        try (TrainingRun run = TrainingRun.begin(recipe, folder, DEVICE)) {
            return finish(run);
        }
    }

    private static Path last(Path run, int step) {
        return run.resolve(String.format("checkpoints/step-%06d", step));
    }

    private static float[] logits(Model model, LowRank adapters) {
        int rows = 2;
        int length = 12;
        Program program = Program.of(DecoderGraph.logits(model.config(), adapters), DEVICE).placeholder(DecoderGraph.INPUT_IDS, rows, length)
                .placeholder(DecoderGraph.POSITIONS, rows, length).outputs(DecoderGraph.LOGITS).build();
        Instance run = program.instance(model.parameters().values(), null);
        run.tensor(DecoderGraph.INPUT_IDS).set(new Random(2).ints(rows * length, 0, VOCABULARY).toArray());
        run.tensor(DecoderGraph.POSITIONS).set(IntStream.range(0, rows * length).map(i -> i % length).toArray());
        run.run();
        return run.tensor(DecoderGraph.LOGITS).toFloats();
    }

    private static double distance(float[] a, float[] b) {
        return IntStream.range(0, a.length).mapToDouble(i -> Math.abs(a[i] - b[i])).max().orElseThrow();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            llama-mha                  | [q_proj, v_proj]
            llama-gqa-tied-llama3rope  | [q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj]
            qwen2                      | ['*.self_attn.*', '*.1.mlp.*']
            opt                        | [q_proj, k_proj, v_proj, o_proj, up_proj, down_proj]
            gpt2                       | [q_proj, v_proj, up_proj]
            gpt-neox                   | [k_proj, down_proj]
            """)
    void theMergedModelComputesTheSame(String family, String targets) throws IOException {
        Path from = Fixtures.unpack(family, temp);
        Model base = Checkpoint.load(from, DEVICE);
        Path folder = temp.resolve("run");
        try (TrainingRun run = TrainingRun.begin(recipe("lora.yaml", from, "train.steps=50", "train.saveEvery=0", "model.lora.targets=" + targets), folder, DEVICE)) {
            Model model = run.trainer().model();
            assertArrayEquals(logits(base, LowRank.none()), logits(model, model.adapters()), "new adapters do nothing");
            finish(run);
            for (String name : base.parameters().names()) {
                assertEquals(base.parameters().tensor(name).bytes(), model.parameters().tensor(name).bytes(), name);
            }
            model.adapters().modules().forEach(module -> assertTrue(norm(model.parameters().tensor(LowRank.b(module))) > 1e-2, module + " has learned nothing"));
            Model merged = Checkpoint.load(last(folder, 50), DEVICE);
            float[] unmerged = logits(model, model.adapters());
            double moved = distance(unmerged, logits(base, LowRank.none()));
            double off = distance(unmerged, logits(merged, LowRank.none()));
            double largest = distance(unmerged, new float[unmerged.length]);
            assertTrue(moved > 0.1, "the model has moved by " + moved);
            // Rounding differs: the merged weights are rounded once more, and so is each sum. With 16 lanes it comes to 1.3e-6, with 8 to 2.7e-6.
            assertTrue(off <= 1e-5 * largest, "merged and unmerged logits, up to " + largest + ", differ by " + off);
        }
    }

    private static double norm(Tensor t) {
        double squares = 0;
        for (float x : t.toFloats()) {
            squares += x * x;
        }
        return Math.sqrt(squares);
    }

    /**
     * Adapters of full rank on all linear layers can make any update of their weights; embeddings and norms are frozen in the other run too.
     * Their steps are others, Adam's being of A and B, so on the way the losses differ (after 60 steps by a seventh of what was gained), but both
     * come down to what the data leaves to chance. After 300 steps they
     * are within a few percent of the way.
     */
    @Test
    void atFullRankItLearnsAsFullFineTuningDoes() throws IOException {
        Path from = Fixtures.unpack("llama-gqa-tied-llama3rope", temp);
        int rank = Checkpoint.config(from).hidden();
        String[] same = {"train.steps=300", "train.batch=16", "train.saveEvery=0", "train.weightDecay=0", "train.lr=3e-3"};
        double lora = finish(recipe("lora.yaml", from, with(same, "model.lora.rank=" + rank, "model.lora.alpha=" + rank, "model.lora.targets=" + ALL)), temp.resolve("lora")).loss();
        double full = finish(recipe("finetune.yaml", from, with(same, "model.freeze=['*embed*', '*norm*']")), temp.resolve("full")).loss();
        double first = firstLoss(temp.resolve("lora"));
        assertTrue(full < first / 4, "full fine-tuning went from " + first + " to " + full);
        assertTrue(Math.abs(lora - full) < 0.05 * (first - full), "from " + first + ", adapters came to " + lora + ", full fine-tuning to " + full);
    }

    private static double firstLoss(Path run) throws IOException {
        try (var lines = Files.lines(run.resolve("metrics.jsonl"))) {
            return Json.parse("metrics", lines.findFirst().orElseThrow()).get("loss").asDouble();
        }
    }

    private static String[] with(String[] some, String... more) {
        List<String> all = new ArrayList<>(List.of(some));
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }

    @ParameterizedTest
    @CsvSource({"qwen2, 0", "gpt2, 0", "llama-mha, 0.9"})
    void aResumedRunEndsInTheSameBytes(String family, String ema) throws IOException {
        Path from = Fixtures.unpack(family, temp);
        TrainRecipe recipe = recipe("lora.yaml", from, "train.ema=" + ema);
        Path whole = temp.resolve("whole");
        finish(recipe, whole);
        Path halves = temp.resolve("halves");
        try (TrainingRun run = TrainingRun.begin(recipe, halves, DEVICE)) {
            assertThrows(InterruptedRunException.class, () -> run.train(new PlainProgress(new PrintWriter(Writer.nullWriter()), 6), () -> run.step() == 3));
        }
        try (TrainingRun run = TrainingRun.resume(halves, Optional.of(recipe), DEVICE, line -> {})) {
            assertEquals(3, run.step());
            finish(run);
        }
        assertEquals(RunFiles.metrics(whole), RunFiles.metrics(halves));
        List<String> files = RunFiles.list(last(whole, 6));
        assertEquals(!ema.equals("0"), files.contains("ema/adapter/adapter_model.safetensors"));
        assertEquals(files, RunFiles.list(last(halves, 6)));
        for (String file : files) {
            if (Files.isRegularFile(last(whole, 6).resolve(file))) {
                assertArrayEquals(Files.readAllBytes(last(whole, 6).resolve(file)), Files.readAllBytes(last(halves, 6).resolve(file)), file);
            }
        }
    }

    @Test
    void adaptersAreNotPutBesideOtherWeights() throws IOException {
        Path from = Fixtures.unpack("qwen2", temp);
        Path folder = temp.resolve("run");
        finish(recipe("lora.yaml", from), folder);
        byte[] weights = Files.readAllBytes(from.resolve("model.safetensors"));
        byte[] others = weights.clone();
        others[others.length - 2] ^= 1;
        Files.write(from.resolve("model.safetensors"), others);
        InputException e = assertThrows(InputException.class, () -> TrainingRun.resume(folder, Optional.empty(), DEVICE, line -> {}));
        assertTrue(e.getMessage().startsWith("model.from: " + from + ": has not the weights that this run's adapters were trained beside"), e.getMessage());
        Files.delete(from.resolve("model.safetensors"));
        InputException gone = assertThrows(InputException.class, () -> TrainingRun.resume(folder, Optional.empty(), DEVICE, line -> {}));
        assertTrue(gone.getMessage().startsWith("model.from: " + from), gone.getMessage());
        Files.write(from.resolve("model.safetensors"), weights);
        TrainingRun.resume(folder, Optional.empty(), DEVICE, line -> {}).close();
        Path adapter = last(folder, 6).resolve("adapter/adapter_model.safetensors");
        byte[] bytes = Files.readAllBytes(adapter);
        bytes[bytes.length - 1] = 0x7f;
        bytes[bytes.length - 2] = (byte) 0xc0;
        Files.write(adapter, bytes);
        InputException damaged = assertThrows(InputException.class, () -> TrainingRun.resume(folder, Optional.empty(), DEVICE, line -> {}));
        assertTrue(damaged.getMessage().startsWith(adapter + ": tensor ") && damaged.getMessage().contains("NaN"), damaged.getMessage());
        assertTrue(damaged.getMessage().contains("remove the folder " + last(folder, 6) + ", then go on"), damaged.getMessage());
    }

    /** Back to adapters, not to the merged model. */
    @Test
    void aDivergedRunGoesBackToItsAdapters() throws IOException {
        Path from = Fixtures.unpack("llama-mha", temp);
        Model base = Checkpoint.load(from, DEVICE);
        try (TrainingRun run = TrainingRun.begin(recipe("lora.yaml", from, "train.rollback={times: 1, factor: 0.5}", "train.ema=0.5"), temp.resolve("run"), DEVICE)) {
            Model model = run.trainer().model();
            AfterStep poison = new AfterStep(step -> {
                if (step == 5 && run.state().wentBack().isEmpty()) {
                    model.parameters().tensor(LowRank.b(model.adapters().modules().get(0))).setFloat(3, Float.NaN);
                }
            });
            run.train(poison, () -> false);
            assertEquals(1, run.state().wentBack().size());
            base.parameters().names().forEach(name -> assertEquals(base.parameters().tensor(name).bytes(), model.parameters().tensor(name).bytes(), name));
            Model merged = Checkpoint.load(last(temp.resolve("run"), 6), DEVICE);
            assertTrue(distance(logits(model, model.adapters()), logits(merged, LowRank.none())) <= 1e-5);
        }
    }

    @Test
    void theAdapterIsWrittenAsPeftHasIt() throws IOException {
        Path from = Fixtures.unpack("opt", temp);
        finish(recipe("lora.yaml", from, "model.lora.targets=[v_proj, '*.0.mlp.up_proj']", "model.lora.rank=4"), temp.resolve("run"));
        Path adapter = last(temp.resolve("run"), 6).resolve("adapter");
        JsonNode json = Json.read(adapter.resolve("adapter_config.json"));
        assertEquals("LORA", json.get("peft_type").asText());
        assertEquals("CAUSAL_LM", json.get("task_type").asText());
        assertEquals(4, json.get("r").asInt());
        assertEquals(16, json.get("lora_alpha").asInt());
        assertEquals("none", json.get("bias").asText());
        assertFalse(json.get("fan_in_fan_out").asBoolean());
        assertEquals(from.toString(), json.get("base_model_name_or_path").asText());
        assertEquals("[\"model.decoder.layers.0.fc1\",\"v_proj\"]", json.get("target_modules").toString());
        int hidden = Checkpoint.config(from).hidden();
        try (SafetensorsFile file = SafetensorsFile.open(adapter.resolve("adapter_model.safetensors"))) {
            assertEquals(2 * (Checkpoint.config(from).layers() + 1), file.tensors().size());
            assertArrayEquals(new long[] {4, hidden}, file.tensor("base_model.model.model.decoder.layers.0.fc1.lora_A.weight").shape());
            assertArrayEquals(new long[] {hidden, 4}, file.tensor("base_model.model.model.decoder.layers.1.self_attn.v_proj.lora_B.weight").shape());
        }
    }

    /** Where the files have several weights in one, or lie them otherwise. */
    @ParameterizedTest
    @CsvSource({"gpt2, up_proj, false", "gpt-neox, q_proj, false", "gpt-neox, up_proj, true"})
    void whatPeftCannotOpenHasNoConfigOfIts(String family, String target, boolean opens) throws IOException {
        Path from = Fixtures.unpack(family, temp);
        finish(recipe("lora.yaml", from, "model.lora.targets=[" + target + "]"), temp.resolve("run"));
        assertEquals(opens, Files.exists(last(temp.resolve("run"), 6).resolve("adapter/adapter_config.json")));
        assertTrue(Files.exists(last(temp.resolve("run"), 6).resolve("adapter/adapter_model.safetensors")));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            lora.yaml     | qwen3-moe | model.lora.targets=[q_proj, gate_proj] | model.lora.targets: "gate_proj" matches no linear layer; there are model.layers.*.self_attn.q_proj, model.layers.*.self_attn.k_proj
            lora.yaml     | qwen3-moe | model.lora.targets=['*.router']        | experts and their router can't have adapters
            lora.yaml     | qwen2     | model.lora.targets=[lm_head]           | "lm_head" matches no linear layer
            lora.yaml     | qwen2     | model.lora.targets=[]                  | --set model.lora.targets=[]: is empty; expected linear layers, [q_proj, v_proj] for example
            lora.yaml     | qwen2     | model.lora.rank=0                      | model.lora.rank
            lora.yaml     | qwen2     | model.freeze=['*norm*']                | --set model.freeze=['*norm*']: with lora all of the checkpoint's parameters are frozen
            lora.yaml     | qwen2     | model.from=null                        | model.lora: adapters stand beside a checkpoint's weights; name one with from
            finetune.yaml | qwen2     | model.freeze=['*bias*', nothing]       | model.freeze: "nothing" matches no parameter; there are model.embed_tokens.weight
            finetune.yaml | qwen2     | model.freeze=['*']                     | model.freeze: the patterns match every parameter
            """)
    void badInputIsNamedAndNothingIsWritten(String file, String family, String set, String named) throws IOException {
        Path from = Fixtures.unpack(family, temp);
        InputException e = assertThrows(InputException.class, () -> TrainingRun.begin(recipe(file, from, set), temp.resolve("run"), DEVICE));
        assertTrue(e.getMessage().contains(named), e.getMessage());
        assertFalse(Files.exists(temp.resolve("run")));
    }

    @Test
    void aRunWithFrozenParametersIsResumedToTheSameBytes() throws IOException {
        Path from = Fixtures.unpack("gpt-neox", temp);
        TrainRecipe recipe = recipe("finetune.yaml", from, "model.freeze=['model.embed_tokens*', '*layernorm*', '*.q_proj.*']", "train.ema=0.5");
        Path whole = temp.resolve("whole");
        finish(recipe, whole);
        Path halves = temp.resolve("halves");
        try (TrainingRun run = TrainingRun.begin(recipe, halves, DEVICE)) {
            assertThrows(InterruptedRunException.class, () -> run.train(new PlainProgress(new PrintWriter(Writer.nullWriter()), 6), () -> run.step() == 3));
        }
        try (TrainingRun run = TrainingRun.resume(halves, Optional.empty(), DEVICE, line -> {})) {
            finish(run);
        }
        for (String file : List.of("model.safetensors", "ema/model.safetensors", "optimizer.safetensors", "state.json")) {
            assertArrayEquals(Files.readAllBytes(last(whole, 6).resolve(file)), Files.readAllBytes(last(halves, 6).resolve(file)), file);
        }
        Model then = Checkpoint.load(from, DEVICE);
        Model now = Checkpoint.load(last(whole, 6), DEVICE);
        for (String name : then.parameters().names()) {
            boolean frozen = name.contains("embed_tokens") || name.contains("layernorm") || name.contains(".q_proj.");
            assertEquals(frozen, then.parameters().tensor(name).bytes().equals(now.parameters().tensor(name).bytes()), name);
        }
    }
}
