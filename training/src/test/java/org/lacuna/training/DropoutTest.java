package org.lacuna.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lacuna.data.Batch;
import org.lacuna.graph.Device;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.Initialization;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.run.recipe.Recipes;
import org.lacuna.training.recipe.TrainSettings;

class DropoutTest {
    private static final int ROWS = 8;
    private static final int WINDOW = 16;
    private static final int VOCABULARY = 40;

    private final Device device = new CpuDevice();

    private Trainer trainer(double rate, String more) {
        TrainSettings settings = Recipes.parse("train", String.format(Locale.ROOT, "{steps: 10, batch: %d, window: %d, dropout: %s, lr: 1e-2, seed: 3%s}", ROWS, WINDOW, rate, more),
                List.of(), TrainSettings.class);
        ModelConfig config = ModelConfig.llama(VOCABULARY, 24, 40, 3, 4, 2, 6, 1e-5, RotaryPosition.plain(10000), true, FeedForward.gated("silu"), WINDOW,
                0.3, OptionalInt.empty(), List.of());
        return new Trainer(Initialization.of(config, device, 5), settings, Objectives.l1(0.01), device);
    }

    private static Batch batch() {
        Random random = new Random(3);
        return new Batch(ROWS, WINDOW, random.ints(ROWS * WINDOW, 0, VOCABULARY).toArray(), random.ints(ROWS * WINDOW, 0, VOCABULARY).toArray());
    }

    private static float[] gradient(Trainer trainer) {
        return trainer.gradient().part(0, (int) trainer.gradient().length()).toFloats();
    }

    @Test
    void withoutItThereIsNoOp() {
        try (Trainer none = trainer(0, ""); Trainer some = trainer(0.1, "")) {
            assertFalse(none.program().opNames().contains("lacuna_dropout"));
            // Two in each of three layers, and as many backwards.
            assertEquals(12, some.program().opNames().stream().filter("lacuna_dropout"::equals).count());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"workers: 1 | workers: 2", "workers: 2 | workers: 5", "workers: 2 | recompute: layer", "workers: 1 | workers: 1"})
    void theBitsFollowFromSeedAndStepAlone(String first, String second) {
        try (Trainer a = trainer(0.2, ", accumulation: 2, " + first); Trainer b = trainer(0.2, ", accumulation: 2, " + second)) {
            for (int i = 0; i < 4; i++) {
                assertEquals(a.step(batch()), b.step(batch()));
                assertArrayEquals(gradient(a), gradient(b));
            }
        }
    }

    @Test
    void eachStepLeavesOutOthers() {
        try (Trainer trainer = trainer(0.5, "")) {
            StepMetrics first = trainer.gradient(batch());
            assertEquals(first, trainer.gradient(batch()), "the same step again");
            trainer.resumeAt(1);
            assertNotEquals(first.loss(), trainer.gradient(batch()).loss());
        }
    }

    /** Both halves of the batch, a shard each, have the same windows; one of them is scored. */
    @ParameterizedTest
    @CsvSource({"0, true", "0.5, false"})
    void eachPieceLeavesOutOthers(double rate, boolean same) {
        int[] inputs = batch().inputs().clone();
        System.arraycopy(inputs, 0, inputs, inputs.length / 2, inputs.length / 2);
        int[] first = inputs.clone();
        int[] second = inputs.clone();
        Arrays.fill(first, inputs.length / 2, inputs.length, Batch.NOT_SCORED);
        Arrays.fill(second, 0, inputs.length / 2, Batch.NOT_SCORED);
        try (Trainer trainer = trainer(rate, ", shards: 2")) {
            double a = trainer.gradient(new Batch(ROWS, WINDOW, inputs, first)).loss();
            double b = trainer.gradient(new Batch(ROWS, WINDOW, inputs, second)).loss();
            assertEquals(same, a == b, a + " and " + b);
        }
    }

    @Test
    void validationHasNone() {
        try (Trainer none = trainer(0, ""); Trainer some = trainer(0.5, "")) {
            assertEquals(none.validation(batch()).measure(), some.validation(batch()).measure());
            assertNotEquals(none.gradient(batch()).loss(), some.gradient(batch()).loss());
        }
    }
}
