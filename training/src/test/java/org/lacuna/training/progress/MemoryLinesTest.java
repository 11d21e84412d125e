package org.lacuna.training.progress;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lacuna.training.RecomputeTrade;
import org.lacuna.training.TrainingMemory;
import org.lacuna.training.recipe.Recompute;

class MemoryLinesTest {
    private static final long MB = 1 << 20;
    private static final TrainingMemory MEMORY = new TrainingMemory(2, 21 * MB, 42 * MB, 42 * MB, 143 * MB, 9 * MB + MB / 4, 0);

    @Test
    void thePartsAndTheirSumStandOnOneLine() {
        RecomputeTrade trade = new RecomputeTrade(Recompute.NONE, 82 * MB, 0.308);
        assertEquals(List.of("memory    parameters 21 MB, moments 42, gradients of 2 shards 42, activations of 2 shards 143, validation 9.3,"
                + " the JVM and libraries 2,900: 3,157 MB in all",
                "recompute none; with train.recompute=layer activations would be 61 MB, for 31 % more operations"), MemoryLines.of(MEMORY, 2900 * MB, trade));
    }

    @Test
    void aProcessOfUnknownSizeIsLeftOut() {
        assertEquals("memory    parameters 21 MB, moments 42, gradients of 2 shards 42, activations of 2 shards 143, validation 9.3: 257 MB in all",
                MemoryLines.of(MEMORY, 0, new RecomputeTrade(Recompute.NONE, 0, 0)).get(0));
    }

    @Test
    void whatIsLookedAtOnTheWayIsCounted() {
        assertEquals("memory    parameters 21 MB, moments 42, gradients of 2 shards 42, activations of 2 shards 143, validation 9.3, samples and snapshots 100: 357 MB in all",
                MemoryLines.of(MEMORY.withObservation(100 * MB), 0, new RecomputeTrade(Recompute.NONE, 0, 0)).get(0));
    }

    @Test
    void computingAgainIsPraisedOnlyWhereItSaves() {
        assertEquals("recompute none; train.recompute=layer would save nothing", MemoryLines.of(MEMORY, 0, new RecomputeTrade(Recompute.NONE, -MB, 0.2)).get(1));
        assertEquals("recompute layer; saves 82 MB of activations for 31 % more operations", MemoryLines.of(MEMORY, 0, new RecomputeTrade(Recompute.LAYER, 82 * MB, 0.308)).get(1));
        assertEquals("recompute layer; saves 0.0 MB of activations for 20 % more operations", MemoryLines.of(MEMORY, 0, new RecomputeTrade(Recompute.LAYER, -MB, 0.2)).get(1));
    }
}
