package org.lacuna.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.data.Batch;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.Initialization;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.run.recipe.Recipes;
import org.lacuna.training.recipe.Objective;
import org.lacuna.training.recipe.TrainSettings;

/** Four rounds of eight windows are a batch of 32. */
class AccumulationTest {
    private static final int ROWS = 32;
    private static final int WINDOW = 16;
    private static final int VOCABULARY = 40;

    private final Device device = new CpuDevice();

    private Trainer trainer(int accumulation) {
        ModelConfig config = ModelConfig.llama(VOCABULARY, 24, 40, 2, 4, 2, 6, 1e-5, RotaryPosition.plain(10000), true, FeedForward.gated("relu"), WINDOW,
                0.3, OptionalInt.empty(), List.of());
        TrainSettings settings = Recipes.parse("settings", "{steps: 10, lr: 1e-2, shards: 1, workers: 1, batch: " + ROWS + ", window: " + WINDOW
                + ", accumulation: " + accumulation + "}", List.of(), TrainSettings.class);
        return new Trainer(Initialization.of(config, device, 5), settings, Recipes.parse("objective", "{}", List.of(), Objective.class), device);
    }

    /** {@code unequal}: the first windows score few of their tokens, the last ones all. */
    private static Batch batch(boolean unequal) {
        Random random = new Random(7);
        int[] inputs = random.ints(ROWS * WINDOW, 0, VOCABULARY).toArray();
        int[] targets = random.ints(ROWS * WINDOW, 0, VOCABULARY).toArray();
        for (int i = 0; unequal && i < targets.length; i++) {
            if (i % WINDOW >= WINDOW * (i / WINDOW + 1) / ROWS) {
                targets[i] = Batch.NOT_SCORED;
            }
        }
        return new Batch(ROWS, WINDOW, inputs, targets);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void accumulationEqualsTheBigBatch(boolean unequal) {
        Batch batch = batch(unequal);
        assertEquals(unequal, batch.rows(0, 8).scored() * 5 < batch.rows(24, ROWS).scored());
        try (Trainer whole = trainer(1); Trainer rounds = trainer(4)) {
            StepMetrics expected = whole.gradient(batch);
            StepMetrics found = rounds.gradient(batch);
            assertEquals(expected.loss(), found.loss(), 1e-6 * expected.loss());
            assertEquals(expected.tokens(), found.tokens());
            assertEquals(expected.gradientNorm(), found.gradientNorm(), 1e-6 * expected.gradientNorm());
            assertNear(whole.gradient(), rounds.gradient());
            whole.step(batch);
            rounds.step(batch);
            // AdamW's first step is the gradient's sign: where that is next to nothing, rounding may turn it. So the moments are compared.
            assertNear(whole.optimizer().first(), rounds.optimizer().first());
        }
    }

    private static void assertNear(ParameterStore.Flat expected, ParameterStore.Flat found) {
        float[] a = expected.part(0, (int) expected.length()).toFloats();
        float[] b = found.part(0, (int) found.length()).toFloats();
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < a.length; i++) {
            difference += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
            norm += (double) a[i] * a[i];
        }
        assertTrue(Math.sqrt(difference) <= 1e-6 * Math.sqrt(norm), Math.sqrt(difference / norm) + " relative");
    }
}
