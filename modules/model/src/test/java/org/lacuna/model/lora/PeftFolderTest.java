package org.lacuna.model.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lacuna.fixtures.Fixtures;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.Model;
import org.lacuna.model.Tuning;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.model.graph.LowRank;
import org.lacuna.model.safetensors.StoredType;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.AtomicFiles;

/** Adapters: which layers get them, what they begin with, and their files. */
class PeftFolderTest {
    private static final Device DEVICE = new CpuDevice();
    private static final ModelConfig CONFIG = ModelConfig.llama(40, 24, 40, 12, 4, 2, 6, 1e-5, RotaryPosition.plain(10000), true, FeedForward.gated("silu"), 16, 0.02,
            OptionalInt.empty(), List.of());

    @TempDir
    private Path temp;

    private static Model model(ModelConfig config, int rank, List<String> targets) {
        Tuning tuning = Tuning.adapting(config, Adapters.matching(config, rank, 7, targets));
        return new Model(config, tuning.store(config, DEVICE), tuning.adapters());
    }

    @ParameterizedTest
    @CsvSource({"llama-gqa-tied-llama3rope, v_proj", "opt, down_proj", "gpt2, q_proj", "gpt-neox, k_proj", "gemma3-text, o_proj"})
    void whatIsWrittenIsReadAgain(String family, String target) {
        ModelConfig config = Checkpoint.config(Fixtures.unpack(family, temp));
        Model written = model(config, 3, List.of(target));
        int[] next = {0};
        for (String name : written.parameters().names()) {
            float[] values = new float[written.parameters().tensor(name).toFloats().length];
            IntStream.range(0, values.length).forEach(i -> values[i] = ++next[0]);
            written.parameters().tensor(name).set(values);
        }
        Path folder = temp.resolve("adapter");
        AtomicFiles.folder(folder, made -> PeftFolder.write(made, written, "base"));
        Model read = model(config, 3, List.of(target));
        PeftFolder.read(folder, read);
        assertEquals(2 * config.layers(), read.parameters().names().size());
        for (String name : read.parameters().names()) {
            assertEquals(written.parameters().tensor(name).bytes(), read.parameters().tensor(name).bytes(), name);
        }
    }

    @Test
    void otherAdaptersAndDamagedOnesAreRefused() throws IOException {
        Path folder = temp.resolve("adapter");
        AtomicFiles.folder(folder, made -> PeftFolder.write(made, model(CONFIG, 3, List.of("v_proj")), "base"));
        refused(folder, model(CONFIG, 4, List.of("v_proj")), "base_model.model.model.layers.0.self_attn.v_proj.lora_A.weight is [3, 24], the adapters of this model want [4, 24]");
        refused(folder, model(CONFIG, 3, List.of("q_proj")), "there is no tensor base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight");
        refused(folder, model(CONFIG, 3, List.of("*.0.self_attn.v_proj")), "has 24 tensors, the adapters of this model are 2");
        Path file = folder.resolve(PeftFolder.WEIGHTS);
        byte[] bytes = Files.readAllBytes(file);
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putFloat(bytes.length - 4, Float.NEGATIVE_INFINITY);
        Files.write(file, bytes);
        refused(folder, model(CONFIG, 3, List.of("v_proj")), "holds -Infinity at index ");
        InputException copied = assertThrows(InputException.class, () -> AtomicFiles.folder(temp.resolve("copy"), made -> PeftFolder.copy(folder, made, StoredType.F32)));
        assertTrue(copied.getMessage().contains("holds -Infinity at index "), copied.getMessage());
        Files.write(folder.resolve(PeftFolder.CONFIG), ("{\"peft_type\": \"LORA\"" + " ".repeat(1 << 20) + "}").getBytes(StandardCharsets.UTF_8));
        InputException large = assertThrows(InputException.class, () -> AtomicFiles.folder(temp.resolve("copy"), made -> PeftFolder.copy(folder, made, StoredType.F32)));
        assertTrue(large.getMessage().contains("has 1048597 bytes; expected the description of adapters"), large.getMessage());
        assertTrue(Files.notExists(temp.resolve("copy")));
    }

    private static void refused(Path folder, Model model, String said) {
        InputException e = assertThrows(InputException.class, () -> PeftFolder.read(folder, model));
        assertTrue(e.getMessage().startsWith(folder.resolve(PeftFolder.WEIGHTS).toString()) && e.getMessage().contains(said), e.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"*.q_proj, 12", "q_proj, 12", "self_attn.q_proj, 12", "model.layers.1.self_attn.q_proj, 1", "1.self_attn.q_proj, 1", "*.1?.mlp.*, 6", "model.layers.?.mlp.*_proj, 30", "*, 84"})
    void targetsAreGlobsOrTheEndsOfNames(String target, int layers) {
        assertEquals(layers, Adapters.matching(CONFIG, 1, 1, List.of(target)).modules().size());
    }

    @ParameterizedTest
    @CsvSource({"proj", "_proj", "q_pro", "layers.1", "model.embed_tokens", "model.norm", "q_proj.weight"})
    void whatMatchesNoLayerIsRefused(String target) {
        InputException e = assertThrows(InputException.class, () -> Adapters.matching(CONFIG, 1, 1, List.of("q_proj", target)));
        assertEquals("\"" + target + "\" matches no linear layer; there are model.layers.*.self_attn.q_proj, model.layers.*.self_attn.k_proj, model.layers.*.self_attn.v_proj,"
                + " model.layers.*.self_attn.o_proj, model.layers.*.mlp.gate_proj, model.layers.*.mlp.up_proj, model.layers.*.mlp.down_proj", e.getMessage());
    }

    /** A uniform between ±1/√in, of which the mean square is 1/(3 in); B 0. */
    @Test
    void theyBeginAsPeftsDo() {
        Model model = model(CONFIG, 8, List.of("down_proj"));
        ParameterStore store = model.parameters();
        Adapters.initialize(store, model.adapters(), 5);
        double bound = 1 / Math.sqrt(40);
        double squares = 0;
        double largest = 0;
        for (String module : model.adapters().modules()) {
            for (float a : store.tensor(LowRank.a(module)).toFloats()) {
                squares += a * a;
                largest = Math.max(largest, Math.abs(a));
            }
            for (float b : store.tensor(LowRank.b(module)).toFloats()) {
                assertEquals(0, b);
            }
        }
        int n = 12 * 8 * 40;
        assertTrue(largest <= bound && largest > 0.99 * bound, largest + " of " + bound);
        // The mean of n squares of such a uniform has a standard deviation of √(4/45) · bound² / √n: five of them.
        assertEquals(bound * bound / 3, squares / n, 5 * Math.sqrt(4.0 / 45 / n) * bound * bound);
    }
}
