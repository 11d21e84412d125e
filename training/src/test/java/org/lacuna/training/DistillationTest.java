package org.lacuna.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.data.Batch;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.Precision;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.Initialization;
import org.lacuna.model.Model;
import org.lacuna.model.Tuning;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.LearnedPosition;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.model.graph.LowRank;
import org.lacuna.run.InputException;
import org.lacuna.training.recipe.Objective;
import org.lacuna.training.recipe.Recompute;
import org.lacuna.training.recipe.TrainSettings;

/** Training towards another model. */
class DistillationTest {
    private static final int ROWS = 4;
    private static final int WINDOW = 12;
    private static final int VOCABULARY = 30;

    private final Device device = new CpuDevice();

    private static ModelConfig config(String activation, int hidden, boolean tied) {
        return ModelConfig.llama(VOCABULARY, hidden, 40, 3, 4, 2, hidden / 4, 1e-5, RotaryPosition.plain(10000), tied, FeedForward.gated(activation), WINDOW,
                0.3, OptionalInt.empty(), List.of());
    }

    private Trainer trainer(Model student, Optional<Model> teacher, Objective objective, Precision precision, int shards, int accumulation) {
        TrainSettings settings = new TrainSettings(1, 10, ROWS, WINDOW, accumulation, shards, 2, precision, Recompute.NONE, 1e-2, 1, 0, 0.9, 0.95, 1e-8, 0.1, 1, 0, 1, 0, 1);
        TrainingPrograms programs = TrainingPrograms.compile(student.config(), Tuning.full(), settings, objective, teacher.map(Model::config), device);
        return new Trainer(student, programs, teacher);
    }

    private Model student(String activation) {
        return Initialization.of(config(activation, 24, true), device, 5);
    }

    /** Frozen as a whole, with other weights. */
    private Model teacher(int hidden, boolean tied, long seed) {
        ModelConfig config = config("silu", hidden, tied);
        Model fresh = Initialization.of(config, device, seed);
        Tuning frozen = new Tuning(Set.copyOf(fresh.parameters().names()), LowRank.none());
        ParameterStore store = frozen.store(config, device);
        fresh.parameters().names().forEach(name -> store.tensor(name).set(fresh.parameters().tensor(name).toFloats()));
        return new Model(config, store);
    }

    /** Not every token is scored. */
    private static Batch batch() {
        Random random = new Random(3);
        int[] inputs = random.ints(ROWS * WINDOW, 0, VOCABULARY).toArray();
        int[] targets = random.ints(ROWS * WINDOW, 0, VOCABULARY).toArray();
        for (int i = 0; i < targets.length; i += 5) {
            targets[i] = Batch.NOT_SCORED;
        }
        return new Batch(ROWS, WINDOW, inputs, targets);
    }

    private static float[] gradient(Trainer trainer) {
        return trainer.gradient().part(0, (int) trainer.gradient().length()).toFloats();
    }

    @ParameterizedTest
    @ValueSource(strings = {"{from: x}", "{from: x, logits: 0, hidden: 0.7}", "{from: x, logits: 2, hidden: 0.5, temperature: 3}"})
    void theGradientIsThatOfTheObjective(String distill) {
        Objective objective = Objectives.of("distill: " + distill + "\npenalties: [{kind: l1, lambda: 0.01}]");
        try (Trainer trainer = trainer(student("relu"), Optional.of(teacher(24, false, 9)), objective, Precision.FP32, 2, 2)) {
            StepMetrics at = trainer.gradient(batch());
            float[] g = gradient(trainer);
            double h = 2e-3;
            double up = objective(trainer, objective, g, h / at.gradientNorm());
            double down = objective(trainer, objective, g, -2 * h / at.gradientNorm());
            assertEquals(at.gradientNorm(), (up - down) / (2 * h), 0.01 * at.gradientNorm());
        }
    }

    private static double objective(Trainer trainer, Objective objective, float[] direction, double distance) {
        ParameterStore.Flat values = trainer.model().parameters().values();
        Tensor all = values.part(0, (int) values.length());
        for (int i = 0; i < direction.length; i++) {
            all.setFloat(i, (float) (all.getFloat(i) + distance * direction[i]));
        }
        StepMetrics m = trainer.gradient(batch());
        StepMetrics.Distilled d = m.distilled().orElseThrow();
        return m.loss() + m.penalties().get(0).lambda() * m.penalties().get(0).value() + objective.distill().orElseThrow().logits() * d.logits()
                + objective.distill().orElseThrow().hidden() * d.hidden();
    }

    /** In bf16 nearly: what a training step keeps for its backward pass is rounded, what a forward pass alone has need not be. */
    @Test
    void inBf16ATeacherThatIsTheModelTeachesNearlyNothing() {
        try (Trainer taught = trainer(student("silu"), Optional.of(teacher(24, true, 5)), Objectives.of("distill: {from: x, hidden: 1}"), Precision.BF16, 2, 1);
                Trainer other = trainer(student("silu"), Optional.of(teacher(24, true, 6)), Objectives.of("distill: {from: x, hidden: 1}"), Precision.BF16, 2, 1)) {
            StepMetrics.Distilled same = taught.gradient(batch()).distilled().orElseThrow();
            StepMetrics.Distilled far = other.gradient(batch()).distilled().orElseThrow();
            assertTrue(Math.abs(same.logits()) < 1e-3 * far.logits() && same.hidden() < 1e-3 * far.hidden(), same + " and " + far);
        }
    }

    @Test
    void aTeacherThatIsTheModelTeachesNothing() {
        Precision precision = Precision.FP32;
        try (Trainer alone = trainer(student("silu"), Optional.empty(), Objective.plain(), precision, 2, 1);
                Trainer taught = trainer(student("silu"), Optional.of(teacher(24, true, 5)), Objectives.of("distill: {from: x, hidden: 1}"), precision, 2, 1)) {
            StepMetrics expected = alone.gradient(batch());
            StepMetrics found = taught.gradient(batch());
            assertEquals(new StepMetrics.Distilled(0, 0), found.distilled().orElseThrow());
            assertEquals(expected.loss(), found.loss());
            assertArrayEquals(gradient(alone), gradient(taught));
        }
    }

    @Test
    void piecesGiveTheMeansOfTheWholeBatch() {
        Objective objective = Objectives.of("distill: {from: x, hidden: 1, temperature: 2}");
        try (Trainer whole = trainer(student("relu"), Optional.of(teacher(24, true, 9)), objective, Precision.FP32, 1, 1);
                Trainer pieces = trainer(student("relu"), Optional.of(teacher(24, true, 9)), objective, Precision.FP32, 2, 2)) {
            StepMetrics expected = whole.gradient(batch());
            StepMetrics found = pieces.gradient(batch());
            assertTrue(expected.distilled().orElseThrow().logits() > 0.01 && expected.distilled().orElseThrow().hidden() > 0.01);
            assertEquals(expected.distilled().orElseThrow().logits(), found.distilled().orElseThrow().logits(), 1e-6 * expected.distilled().get().logits());
            assertEquals(expected.distilled().orElseThrow().hidden(), found.distilled().orElseThrow().hidden(), 1e-6 * expected.distilled().get().hidden());
            assertEquals(expected.gradientNorm(), found.gradientNorm(), 1e-6 * expected.gradientNorm());
        }
    }

    @Test
    void aStudentComesNearer() {
        try (Trainer trainer = trainer(student("relu"), Optional.of(teacher(32, true, 9)), Objectives.of("distill: {from: x, logits: 10}"), Precision.FP32, 2, 1)) {
            double first = trainer.step(batch()).distilled().orElseThrow().logits();
            for (int i = 0; i < 30; i++) {
                trainer.step(batch());
            }
            double last = trainer.step(batch()).distilled().orElseThrow().logits();
            assertTrue(last < 0.5 * first, first + " to " + last);
        }
    }

    @Test
    void aTeacherThatDoesNotFitIsRefused() {
        Objective hidden = Objectives.of("distill: {from: x, hidden: 1}");
        InputException size = assertThrows(InputException.class, () -> trainer(student("relu"), Optional.of(teacher(32, true, 9)), hidden, Precision.FP32, 2, 1));
        assertTrue(size.getMessage().startsWith("objective.distill.hidden: the teacher has 3 layers of hidden size 32, the model 3 of 24"), size.getMessage());
        ModelConfig other = ModelConfig.llama(VOCABULARY + 1, 24, 40, 3, 4, 2, 6, 1e-5, RotaryPosition.plain(10000), true, FeedForward.gated("silu"), WINDOW, 0.3,
                OptionalInt.empty(), List.of());
        InputException tokens = assertThrows(InputException.class, () -> hidden.distill().orElseThrow().check(config("relu", 24, true), other, WINDOW));
        assertTrue(tokens.getMessage().startsWith("objective.distill.from: x: its vocabulary has 31 tokens, the model's 30"), tokens.getMessage());
        ModelConfig c = config("relu", 24, true);
        ModelConfig small = new ModelConfig(c.family(), c.vocabulary(), c.hidden(), c.intermediate(), c.layers(), c.heads(), c.kvHeads(), c.headSize(), c.attention(), c.norm(), c.block(),
                new LearnedPosition(0), c.feedForward(), c.embeddingScale(), c.tied(), WINDOW - 1, c.initializer(), c.bos(), c.eos(), c.normActivation());
        InputException positions = assertThrows(InputException.class, () -> hidden.distill().orElseThrow().check(c, small, WINDOW));
        assertTrue(positions.getMessage().startsWith("objective.distill.from: x: has learned " + (WINDOW - 1) + " positions"), positions.getMessage());
        hidden.distill().orElseThrow().check(c, small, WINDOW - 1);
        assertThrows(InputException.class, () -> Objectives.of("distill: {from: x, logits: 0}"));
        assertThrows(InputException.class, () -> Objectives.of("distill: {logits: 1}"));
    }
}
