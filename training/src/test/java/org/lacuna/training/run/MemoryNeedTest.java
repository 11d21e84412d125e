package org.lacuna.training.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.Initialization;
import org.lacuna.model.Tuning;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.run.RunException;
import org.lacuna.training.RecomputeTrade;
import org.lacuna.training.TrainingMemory;
import org.lacuna.training.recipe.Recompute;
import org.lacuna.training.recipe.TrainRecipe;

class MemoryNeedTest {
    @Test
    void aRunTooLargeForTheMachineIsRefusedWithItsBytes() {
        TrainRecipe recipe = TrainRecipe.load(RunFiles.NANO, List.of());
        ModelConfig config = recipe.model().config(257, OptionalInt.empty());
        long parameters = Initialization.of(config, new CpuDevice(), 1).parameters().count();
        long vectors = 1 + 2 + 2; // parameters, moments, two shards; its two rounds add up in these
        MemoryNeed.check(recipe, config, Tuning.full(), 4 * vectors * parameters);
        MemoryNeed.check(recipe, config, Tuning.full(), 0); // unknown
        RunException e = assertThrows(RunException.class, () -> MemoryNeed.check(recipe, config, Tuning.full(), 4 * vectors * parameters - 1));
        assertEquals(String.format(Locale.ROOT, "nano: too large for this machine: its %,d parameters, their moments and the gradients of 2 shards take %,d bytes,"
                + " and this process can have %,d; take a smaller model or fewer train.shards", parameters, 4 * vectors * parameters,
                4 * vectors * parameters - 1), e.getMessage());
    }

    @Test
    void frozenParametersNeedNoMomentsAndNoGradients() {
        TrainRecipe recipe = TrainRecipe.load(RunFiles.NANO, List.of());
        ModelConfig config = recipe.model().config(257, OptionalInt.empty());
        Tuning tuning = Tuning.freezing(config, List.of("model.embed_tokens*"));
        long all = Initialization.of(config, new CpuDevice(), 1).parameters().count();
        long embedding = 257L * config.hidden();
        long bytes = 4 * (embedding + 5 * (all - embedding)); // 5 vectors, as above
        MemoryNeed.check(recipe, config, tuning, bytes);
        assertThrows(RunException.class, () -> MemoryNeed.check(recipe, config, tuning, bytes - 1));
    }

    @Test
    void aRunWhoseActivationsAreTooLargeIsToldWhatWouldTakeLess() {
        TrainRecipe recipe = TrainRecipe.load(RunFiles.NANO, List.of());
        TrainingMemory need = new TrainingMemory(2, 1000, 2000, 3000, 4_000_000, 500, 0);
        RecomputeTrade trade = new RecomputeTrade(Recompute.NONE, 3_000_000, 0.2);
        long bytes = 4_006_500 + 90_000;
        MemoryNeed.check(recipe, need, 90_000, trade, bytes);
        MemoryNeed.check(recipe, need, 90_000, trade, 0); // unknown
        RunException e = assertThrows(RunException.class, () -> MemoryNeed.check(recipe, need, 90_000, trade, bytes - 1));
        assertEquals("nano: too large for this machine: parameters, moments and gradients take 6,000 bytes, the activations of 2 shards 4,000,000, validation 500,"
                + " this process 90,000: 4,096,500 bytes, and it can have 4,096,499; fewer windows in train.batch, more train.accumulation,"
                + " train.recompute=layer (3,000,000 bytes less), train.precision=bf16, or a smaller model would take less", e.getMessage());
        TrainRecipe done = TrainRecipe.load(RunFiles.NANO, List.of("train.recompute=layer", "train.precision=bf16"));
        e = assertThrows(RunException.class, () -> MemoryNeed.check(done, need, 90_000, new RecomputeTrade(Recompute.LAYER, 3_000_000, 0.2), bytes - 1));
        assertTrue(e.getMessage().endsWith("; fewer windows in train.batch, more train.accumulation, or a smaller model would take less"), e.getMessage());
    }
}
