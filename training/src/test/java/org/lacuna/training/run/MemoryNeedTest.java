package org.lacuna.training.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.Initialization;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.run.RunException;
import org.lacuna.training.recipe.TrainRecipe;

class MemoryNeedTest {
    @Test
    void aRunTooLargeForTheMachineIsRefusedWithItsBytes() {
        TrainRecipe recipe = TrainRecipe.load(RunFiles.NANO, List.of());
        ModelConfig config = recipe.model().config(257, OptionalInt.empty());
        long parameters = Initialization.of(config, new CpuDevice(), 1).parameters().count();
        long vectors = 1 + 2 + 2 + 1; // parameters, moments, two shards, the sum of two rounds
        MemoryNeed.check(recipe, config, 4 * vectors * parameters);
        MemoryNeed.check(recipe, config, 0); // unknown
        RunException e = assertThrows(RunException.class, () -> MemoryNeed.check(recipe, config, 4 * vectors * parameters - 1));
        assertEquals(String.format(Locale.ROOT, "nano: too large for this machine: its %,d parameters, their moments and the gradients of 2 shards take %,d bytes,"
                + " and there are %,d of memory in all; take a smaller model or fewer train.shards", parameters, 4 * vectors * parameters,
                4 * vectors * parameters - 1), e.getMessage());
    }
}
