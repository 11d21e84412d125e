package org.lacuna.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.lacuna.data.Batch;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.Precision;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.Initialization;
import org.lacuna.model.Model;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.sparsity.Site;
import org.lacuna.training.recipe.Objective;
import org.lacuna.training.recipe.Recompute;
import org.lacuna.training.recipe.TrainSettings;

class BatchGradientTest {
    private static final int ROWS = 8;
    private static final int WINDOW = 16;
    private static final int VOCABULARY = 40;

    private final Device device = new CpuDevice();

    private Model model(String activation, double initStd) {
        ModelConfig config = ModelConfig.llama(VOCABULARY, 24, 40, 3, 4, 2, 6, 1e-5, RotaryPosition.plain(10000), true, FeedForward.gated(activation), WINDOW,
                initStd, OptionalInt.empty(), List.of());
        return Initialization.of(config, device, 5);
    }

    private Trainer trainer(int shards, int accumulation, int workers, double lambda) {
        return trainer("relu", 0.3, Precision.FP32, shards, accumulation, workers, lambda);
    }

    private Trainer trainer(String activation, double initStd, Precision precision, int shards, int accumulation, int workers, double lambda) {
        return trainer(activation, initStd, precision, Recompute.NONE, shards, accumulation, workers, lambda);
    }

    private Trainer trainer(String activation, double initStd, Precision precision, Recompute recompute, int shards, int accumulation, int workers, double lambda) {
        TrainSettings settings = new TrainSettings(1, 10, ROWS, WINDOW, accumulation, shards, workers, precision, recompute, 1e-2, 1, 0, 0.9, 0.95, 1e-8, 0.1, 1, 0, 1, 0, 1);
        return new Trainer(model(activation, initStd), settings, Objectives.l1(lambda), device);
    }

    /** Row r scores r + 1 of its tokens, one row none. */
    private static Batch unequal() {
        Random random = new Random(3);
        int[] inputs = random.ints(ROWS * WINDOW, 0, VOCABULARY).toArray();
        int[] targets = new int[inputs.length];
        for (int i = 0; i < targets.length; i++) {
            int row = i / WINDOW;
            boolean scored = row != 4 && i % WINDOW <= row;
            targets[i] = scored ? random.nextInt(VOCABULARY) : Batch.NOT_SCORED;
        }
        return new Batch(ROWS, WINDOW, inputs, targets);
    }

    private static float[] gradient(Trainer trainer) {
        ParameterStore.Flat flat = trainer.gradient();
        return flat.part(0, (int) flat.length()).toFloats();
    }

    @ParameterizedTest
    @CsvSource({"2, 1", "1, 2", "2, 2", "4, 2", "8, 1", "1, 8"})
    void piecesGiveTheMeansOfTheWholeBatch(int shards, int accumulation) {
        try (Trainer whole = trainer(1, 1, 1, 0.01); Trainer pieces = trainer(shards, accumulation, 2, 0.01)) {
            StepMetrics expected = whole.gradient(unequal());
            StepMetrics found = pieces.gradient(unequal());
            assertEquals(expected.loss(), found.loss(), 1e-6 * expected.loss());
            assertEquals(penalty(expected), penalty(found), 1e-6 * penalty(expected));
            assertEquals(expected.dead(), found.dead());
            assertEquals(expected.zeros(), found.zeros());
            assertEquals(expected.tokens(), found.tokens());
            assertEquals(expected.gradientNorm(), found.gradientNorm(), 1e-6 * expected.gradientNorm());
            float[] a = gradient(whole);
            float[] b = gradient(pieces);
            double difference = 0;
            double norm = 0;
            for (int i = 0; i < a.length; i++) {
                difference += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
                norm += (double) a[i] * a[i];
            }
            assertTrue(Math.sqrt(difference) <= 1e-6 * Math.sqrt(norm), Math.sqrt(difference / norm) + " relative");
        }
    }

    @Test
    void theLossIsTheMeanOverScoredTokens() {
        Batch batch = unequal();
        try (Trainer trainer = trainer(2, 2, 1, 0)) {
            double sum = 0;
            int scored = 0;
            for (int row = 0; row < ROWS; row++) {
                Batch one = batch.rows(row, row + 1);
                if (one.scored() > 0) {
                    sum += trainer.validation(one).measure().loss() * one.scored();
                    scored += one.scored();
                }
            }
            assertEquals(batch.scored(), scored);
            assertEquals(sum / scored, trainer.gradient(batch).loss(), 1e-6 * sum / scored);
            assertEquals(sum / scored, trainer.validation(batch).measure().loss(), 1e-6 * sum / scored);
            // Seven of eight windows: the last piece of the validation is not full.
            Batch seven = batch.rows(0, 7);
            Validation.Result result = trainer.validation(seven).measure();
            assertEquals(seven.scored(), result.tokens());
            double zeros = trainer.gradient(batch).zeros();
            assertTrue(zeros > 0.2 && zeros < 0.8, "zeros " + zeros);
            assertEquals(zeros, trainer.validation(batch).measure().zeros());
        }
    }

    /** The gradient is that of loss + λ · penalty, with the penalty's mean over layers and tokens: along itself, by differences. */
    @ParameterizedTest
    @CsvSource({"0", "0.05", "0.5"})
    void theGradientIsThatOfTheObjective(double lambda) {
        Batch batch = unequal();
        try (Trainer trainer = trainer(2, 2, 1, lambda)) {
            StepMetrics at = trainer.gradient(batch);
            assertEquals(lambda, at.penalties().get(0).lambda());
            float[] g = gradient(trainer);
            double h = 2e-3;
            double up = objective(trainer, batch, g, h / at.gradientNorm());
            double down = objective(trainer, batch, g, -2 * h / at.gradientNorm());
            assertEquals(at.gradientNorm(), (up - down) / (2 * h), 0.01 * at.gradientNorm());
        }
    }

    private static double objective(Trainer trainer, Batch batch, float[] direction, double distance) {
        ParameterStore.Flat values = trainer.model().parameters().values();
        Tensor all = values.part(0, (int) values.length());
        for (int i = 0; i < direction.length; i++) {
            all.setFloat(i, (float) (all.getFloat(i) + distance * direction[i]));
        }
        StepMetrics m = trainer.gradient(batch);
        return m.loss() + m.penalties().get(0).lambda() * penalty(m);
    }

    private static double penalty(StepMetrics m) {
        return m.penalties().get(0).value();
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void workersDoNotChangeBits(Precision precision) {
        try (Trainer one = trainer("relu", 0.3, precision, 4, 2, 1, 0.01); Trainer three = trainer("relu", 0.3, precision, 4, 2, 3, 0.01)) {
            for (int i = 0; i < 5; i++) {
                assertEquals(one.step(unequal()), three.step(unequal()));
            }
            ParameterStore.Flat a = one.model().parameters().values();
            ParameterStore.Flat b = three.model().parameters().values();
            assertEquals(a.part(0, (int) a.length()).bytes(), b.part(0, (int) b.length()).bytes());
        }
    }

    @ParameterizedTest
    @CsvSource({"FP32, 0", "FP32, 0.01", "BF16, 0", "BF16, 0.01"})
    void computingAgainTakesLessMemoryAndChangesNoBits(Precision precision, double lambda) {
        try (Trainer kept = trainer("relu", 0.3, precision, Recompute.NONE, 2, 2, 2, lambda);
                Trainer again = trainer("relu", 0.3, precision, Recompute.LAYER, 2, 2, 2, lambda)) {
            assertTrue(again.program().arenaBytes() < kept.program().arenaBytes(), again.program().arenaBytes() + " of " + kept.program().arenaBytes());
            assertTrue(again.program().steps().size() > kept.program().steps().size());
            for (int i = 0; i < 3; i++) {
                assertEquals(kept.step(unequal()), again.step(unequal()));
                assertArrayEquals(gradient(kept), gradient(again));
            }
        }
    }

    /** bf16's gradient points where fp32's does, each parameter's by itself, and is as independent of the workers. */
    @Test
    void bf16IsNearFp32() {
        // Weights as a fresh model has them, and no kink: a ReLU whose input rounding turns to the other side of 0 is no small change.
        double std = 0.02;
        try (Trainer exact = trainer("silu", std, Precision.FP32, 2, 1, 1, 0.01); Trainer rounded = trainer("silu", std, Precision.BF16, 2, 1, 1, 0.01);
                Trainer both = trainer("silu", std, Precision.BF16, 2, 1, 2, 0.01)) {
            StepMetrics expected = exact.gradient(unequal());
            StepMetrics found = rounded.gradient(unequal());
            assertEquals(expected.loss(), found.loss(), 5e-3 * expected.loss());
            assertNotEquals(expected.loss(), found.loss(), "rounding shows");
            assertEquals(found, both.gradient(unequal()));
            assertArrayEquals(gradient(rounded), gradient(both));
            assertEquals(found, both.gradient(unequal()), "from run to run");
            assertArrayEquals(gradient(rounded), gradient(both));
            for (String name : exact.model().parameters().names()) {
                double cosine = cosine(exact.gradient().tensor(name).toFloats(), rounded.gradient().tensor(name).toFloats());
                assertTrue(cosine >= 0.999, name + ": cosine " + cosine);
            }
        }
    }

    private static double cosine(float[] a, float[] b) {
        double ab = 0;
        double aa = 0;
        double bb = 0;
        for (int i = 0; i < a.length; i++) {
            ab += (double) a[i] * b[i];
            aa += (double) a[i] * a[i];
            bb += (double) b[i] * b[i];
        }
        return ab / Math.sqrt(aa * bb);
    }

    @Test
    void aWeightOfZeroIsNoPenalty() {
        Objective zero = Objectives.of("penalties: [{kind: l1, lambda: 0}, {kind: hoyer_square, site: input, schedule: stages, stages: [{until: 3, lambda: 0}]}]");
        TrainSettings settings = new TrainSettings(1, 10, ROWS, WINDOW, 2, 2, 2, Precision.FP32, Recompute.NONE, 1e-2, 1, 0, 0.9, 0.95, 1e-8, 0.1, 1, 0, 1, 0, 1);
        try (Trainer none = new Trainer(model("relu", 0.3), settings, Objective.plain(), device); Trainer weightless = new Trainer(model("relu", 0.3), settings, zero, device)) {
            for (int i = 0; i < 4; i++) {
                StepMetrics a = none.step(unequal());
                StepMetrics b = weightless.step(unequal());
                assertEquals(a.loss(), b.loss());
                assertEquals(a.gradientNorm(), b.gradientNorm());
                assertTrue(b.penalties().get(0).value() > 0 && b.penalties().get(1).value() > 0, "they are measured all the same");
                assertArrayEquals(gradient(none), gradient(weightless));
            }
            assertArrayEquals(values(none), values(weightless));
        }
    }

    private static float[] values(Trainer trainer) {
        ParameterStore.Flat values = trainer.model().parameters().values();
        return values.part(0, (int) values.length()).toFloats();
    }

    /** Gates whose weights are all zero never open: those elements are dead, and only those. */
    @Test
    void deadElementsAreCounted() {
        try (Trainer trainer = trainer(2, 2, 2, 0)) {
            StepMetrics before = trainer.gradient(unequal());
            assertEquals(0, before.dead());
            for (int layer = 0; layer < 3; layer++) {
                Tensor gate = trainer.model().parameters().tensor("model.layers." + layer + ".mlp.gate_proj.weight");
                for (int row = 0; row <= layer; row++) {
                    for (int i = 0; i < 24; i++) {
                        gate.setFloat(row * 24 + i, 0);
                    }
                }
            }
            assertEquals(6.0 / (3 * 40), trainer.gradient(unequal()).dead(), 1e-12);
            assertEquals(6.0 / (3 * 40), trainer.validation(unequal()).measure().dead(), 1e-12);
        }
    }

    @Test
    void aLossThatIsNoNumberIsPlaced() {
        try (Trainer trainer = trainer(2, 2, 1, 0)) {
            trainer.step(unequal());
            trainer.model().parameters().tensor("model.layers.1.mlp.up_proj.weight").setFloat(7, Float.NaN);
            Diverged e = assertThrows(Diverged.class, () -> trainer.step(unequal()));
            assertTrue(e.getMessage().contains("step 2") && e.getMessage().contains("model.layers.1.mlp.up_proj.weight (layer 1)"), e.getMessage());
            assertEquals(1, trainer.step());
        }
        try (Trainer trainer = trainer(2, 2, 1, 0)) {
            Tensor large = trainer.model().parameters().tensor("model.layers.2.mlp.gate_proj.weight");
            for (int i = 0; i < large.length(); i++) {
                large.setFloat(i, 3e38f);
            }
            Diverged e = assertThrows(Diverged.class, () -> trainer.step(unequal()));
            assertTrue(e.getMessage().contains("step 1") && e.getMessage().contains("layers.2.") && e.getMessage().contains("(layer 2)"), e.getMessage());
        }
    }
}
