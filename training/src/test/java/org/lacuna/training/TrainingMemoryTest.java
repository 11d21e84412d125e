package org.lacuna.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.data.Batch;
import org.lacuna.fixtures.Fixtures;
import org.lacuna.graph.Device;
import org.lacuna.graph.Precision;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.Initialization;
import org.lacuna.model.Model;
import org.lacuna.model.Tuning;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.model.lora.Adapters;
import org.lacuna.run.recipe.Recipes;
import org.lacuna.sparsity.Site;
import org.lacuna.training.recipe.Objective;
import org.lacuna.training.recipe.Recompute;
import org.lacuna.training.recipe.TrainSettings;

class TrainingMemoryTest {
    private static final int WINDOW = 16;
    private static final ModelConfig CONFIG = ModelConfig.llama(40, 24, 40, 4, 4, 2, 6, 1e-5, RotaryPosition.plain(10000), true, FeedForward.gated("silu"), WINDOW,
            0.02, OptionalInt.empty(), List.of());

    private static TrainSettings settings(Precision precision, Recompute recompute, int shards, int accumulation) {
        return new TrainSettings(1, 10, 12, WINDOW, accumulation, shards, 1, precision, recompute, 1e-2, 1, 0, 0.9, 0.95, 1e-8, 0.1, 1, 0, 1, 0, 1);
    }

    private static TrainingPrograms programs(TrainSettings settings, double lambda, Device device) {
        return TrainingPrograms.compile(CONFIG, settings, Objectives.l1(lambda), device);
    }

    /** The device, adding up what is allocated on it. */
    private static Device counting(Device device, AtomicLong bytes) {
        return (Device) Proxy.newProxyInstance(Device.class.getClassLoader(), new Class<?>[] {Device.class}, (proxy, method, args) -> {
            if (method.getName().equals("allocate")) {
                bytes.addAndGet(args[0] instanceof TensorSpec spec ? spec.bytes() : (long) args[0]);
            }
            try {
                Object result = method.invoke(device, args);
                return result instanceof Device other ? counting(other, bytes) : result;
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        });
    }

    @ParameterizedTest
    @CsvSource({"FP32, NONE, 2, 1, 5, 0", "FP32, LAYER, 2, 1, 5, 0", "FP32, NONE, 3, 2, 1, 0.01", "FP32, NONE, 1, 4, 9, 0", "BF16, NONE, 2, 3, 5, 0", "BF16, LAYER, 2, 1, 12, 0.01"})
    void itIsWhatTheEngineAllocates(Precision precision, Recompute recompute, int shards, int accumulation, int windows, double lambda) {
        AtomicLong bytes = new AtomicLong();
        Device device = counting(new CpuDevice(), bytes);
        isWhatTheEngineAllocates(CONFIG, Tuning.full(), settings(precision, recompute, shards, accumulation), lambda, windows, device, bytes);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            FP32 | model.embed_tokens*
            FP32 | *.mlp.*, *.self_attn.*
            BF16 | *layernorm*
            BF16 | *.mlp.down_proj.weight
            BF16 | LORA
            FP32 | LORA
            """)
    void whatIsFrozenIsThereOnce(Precision precision, String frozen) {
        AtomicLong bytes = new AtomicLong();
        Device device = counting(new CpuDevice(), bytes);
        Tuning tuning = frozen.equals("LORA") ? Tuning.adapting(CONFIG, Adapters.matching(CONFIG, 4, 8, List.of("q_proj", "down_proj"))) : Tuning.freezing(CONFIG, List.of(frozen.split(", ")));
        isWhatTheEngineAllocates(CONFIG, tuning, settings(precision, Recompute.NONE, 2, 2), 0, 5, device, bytes);
    }

    /** With a moving average there is a vector more, and a validation more. */
    @ParameterizedTest
    @EnumSource
    void anAverageIsCounted(Precision precision) {
        AtomicLong bytes = new AtomicLong();
        Device device = counting(new CpuDevice(), bytes);
        TrainSettings plain = settings(precision, Recompute.NONE, 2, 1);
        TrainSettings averaged = Recipes.parse("with an average", Recipes.toYaml(plain), List.of("ema=0.9"), TrainSettings.class);
        TrainingMemory without = programs(plain, 0, device).memory(5);
        TrainingPrograms programs = programs(averaged, 0, device);
        TrainingMemory memory = programs.memory(5);
        assertEquals(2 * without.validation(), memory.validation());
        try (Trainer trainer = new Trainer(Initialization.of(CONFIG, device, 1), programs, Optional.empty())) {
            Batch windows = new Batch(5, WINDOW, new int[5 * WINDOW], new int[5 * WINDOW]);
            trainer.validation(windows);
            trainer.averageValidation(windows);
            assertEquals(bytes.get(), memory.bytes());
            assertEquals(Float.BYTES * trainer.model().parameters().length(), memory.parameters() - without.parameters());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"qwen2", "qwen3", "gemma3-text", "gpt2", "opt", "gpt-neox", "olmoe", "qwen3-moe"})
    void soItIsForEveryFamily(String family, @TempDir Path temp) {
        AtomicLong bytes = new AtomicLong();
        Device device = counting(new CpuDevice(), bytes);
        ModelConfig config = Checkpoint.config(Fixtures.unpack(family, temp));
        isWhatTheEngineAllocates(config, Tuning.full(), settings(Precision.FP32, Recompute.NONE, 2, 1), 0.01, 5, device, bytes);
        bytes.set(0);
        isWhatTheEngineAllocates(config, Tuning.full(), settings(Precision.FP32, Recompute.LAYER, 3, 2), 0, 5, device, bytes);
        bytes.set(0);
        isWhatTheEngineAllocates(config, Tuning.full(), settings(Precision.BF16, Recompute.NONE, 2, 1), 0, 5, device, bytes);
    }

    private static void isWhatTheEngineAllocates(ModelConfig config, Tuning tuning, TrainSettings settings, double lambda, int windows, Device device, AtomicLong bytes) {
        TrainingPrograms programs = TrainingPrograms.compile(config, tuning, settings, Objectives.l1(lambda), Optional.empty(), device);
        TrainingMemory memory = programs.memory(windows);
        int shards = settings.shards();
        assertEquals(shards, memory.shards());
        assertEquals(0, bytes.get(), "compiling takes nothing");
        Model model = Initialization.of(config, tuning, device, 1);
        long vector = Float.BYTES * model.parameters().length();
        long frozen = bytes.get() - vector;
        assertEquals(tuning.frozen().isEmpty(), frozen == 0);
        // Norms are not read in bf16.
        boolean frozenCopy = settings.precision() == Precision.BF16 && tuning.frozen().stream().anyMatch(name -> name.contains("proj"));
        assertEquals(settings.precision() == Precision.FP32 ? vector + frozen : vector + vector / 2 + frozen + (frozenCopy ? frozen / 2 : 0), memory.parameters());
        assertEquals(2 * vector, memory.moments());
        assertEquals(vector * shards, memory.gradients());
        try (Trainer trainer = new Trainer(model, programs, Optional.empty())) {
            assertEquals(bytes.get(), memory.parameters() + memory.moments() + memory.gradients() + memory.activations());
            long before = bytes.get();
            trainer.validation(new Batch(windows, WINDOW, new int[windows * WINDOW], new int[windows * WINDOW]));
            assertEquals(bytes.get() - before, memory.validation());
            assertEquals(bytes.get(), memory.bytes());
        }
        assertEquals(0, programs.memory(0).validation());
    }

    @Test
    void whatComputingAgainSavesIsTheDifferenceOfBoth() {
        Device device = new CpuDevice();
        TrainingPrograms kept = programs(settings(Precision.FP32, Recompute.NONE, 2, 1), 0, device);
        TrainingPrograms again = programs(settings(Precision.FP32, Recompute.LAYER, 2, 1), 0, device);
        RecomputeTrade trade = kept.recomputeTrade();
        assertEquals(kept.memory(3).bytes() - again.memory(3).bytes(), trade.savedBytes());
        assertEquals(kept.memory(0).activations() - again.memory(0).activations(), trade.savedBytes());
        assertTrue(trade.savedBytes() > 0 && trade.moreOperations() > 0 && trade.moreOperations() < 1.0 / 3, trade.toString());
        assertEquals(new RecomputeTrade(Recompute.LAYER, trade.savedBytes(), trade.moreOperations()), again.recomputeTrade());
    }
}
