package org.lacuna.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lacuna.data.Batch;
import org.lacuna.graph.Device;
import org.lacuna.graph.Precision;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.Initialization;
import org.lacuna.model.Model;
import org.lacuna.model.Tuning;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.model.graph.DecoderParameters;
import org.lacuna.model.lora.Adapters;
import org.lacuna.run.InputException;
import org.lacuna.training.recipe.Recompute;
import org.lacuna.training.recipe.TrainSettings;

/** Training of a part of the parameters. */
class FreezingTest {
    private static final int ROWS = 4;
    private static final int WINDOW = 16;
    private static final int VOCABULARY = 40;
    private static final ModelConfig CONFIG = ModelConfig.llama(VOCABULARY, 24, 40, 3, 4, 2, 6, 1e-5, RotaryPosition.plain(10000), true, FeedForward.gated("relu"), WINDOW,
            0.3, OptionalInt.empty(), List.of());
    private static final List<String> PATTERNS = List.of("model.embed_tokens*", "*layernorm*", "model.layers.?.self_attn.k_proj.weight");

    private final Device device = new CpuDevice();

    private Trainer trainer(Tuning tuning, Precision precision, double clip) {
        return trainer(tuning, precision, Recompute.NONE, clip);
    }

    private Trainer trainer(Tuning tuning, Precision precision, Recompute recompute, double clip) {
        TrainSettings settings = new TrainSettings(1, 10, ROWS, WINDOW, 2, 2, 2, precision, recompute, 1e-2, 1, 0, 0.9, 0.95, 1e-8, 0.1, clip, 0, 1, 0, 1);
        return new Trainer(Initialization.of(CONFIG, tuning, device, 5), settings, Objectives.l1(0.01), device);
    }

    private static Batch batch(long seed) {
        Random random = new Random(seed);
        return new Batch(ROWS, WINDOW, random.ints(ROWS * WINDOW, 0, VOCABULARY).toArray(), random.ints(ROWS * WINDOW, 0, VOCABULARY).toArray());
    }

    private static boolean isFrozen(String name) {
        return name.startsWith("model.embed_tokens") || name.contains("layernorm") || name.endsWith("k_proj.weight");
    }

    @ParameterizedTest
    @EnumSource
    void theOthersGradientsAreTheSameBits(Precision precision) {
        Tuning tuning = Tuning.freezing(CONFIG, PATTERNS);
        try (Trainer all = trainer(Tuning.full(), precision, 1); Trainer some = trainer(tuning, precision, 1)) {
            StepMetrics expected = all.gradient(batch(1));
            StepMetrics found = some.gradient(batch(1));
            assertEquals(expected.loss(), found.loss());
            assertTrue(found.gradientNorm() < expected.gradientNorm(), "the norm is of what is trained");
            assertFalse(some.model().parameters().names().isEmpty());
            for (String name : some.model().parameters().names()) {
                assertFalse(isFrozen(name), name);
                assertArrayEquals(all.gradient().tensor(name).toFloats(), some.gradient().tensor(name).toFloats(), name);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void adaptersLearnTheSameWhenLayersAreComputedAgain(Precision precision) {
        Tuning tuning = Tuning.adapting(CONFIG, Adapters.matching(CONFIG, 4, 8, List.of("q_proj", "gate_proj", "down_proj")));
        try (Trainer kept = trainer(tuning, precision, Recompute.NONE, 1); Trainer again = trainer(tuning, precision, Recompute.LAYER, 1)) {
            Adapters.initialize(kept.model().parameters(), tuning.adapters(), 1);
            Adapters.initialize(again.model().parameters(), tuning.adapters(), 1);
            double first = kept.gradient(batch(1)).loss();
            for (int i = 0; i < 20; i++) {
                assertEquals(kept.step(batch(1)), again.step(batch(1)));
            }
            double last = kept.gradient(batch(1)).loss();
            assertTrue(last < first - 0.1, "the loss went from " + first + " to " + last);
            for (String name : kept.model().parameters().names()) {
                assertTrue(name.contains(".lora_"), name);
                assertArrayEquals(kept.model().parameters().tensor(name).toFloats(), again.model().parameters().tensor(name).toFloats(), name);
            }
        }
    }

    @Test
    void whatIsFrozenKeepsItsBytes() {
        Model before = Initialization.of(CONFIG, device, 5);
        try (Trainer trainer = trainer(Tuning.freezing(CONFIG, PATTERNS), Precision.FP32, 0.1)) {
            for (int i = 1; i <= 5; i++) {
                assertTrue(trainer.step(batch(i)).gradientNorm() > 0.1, "clipped");
            }
            for (String name : before.parameters().names()) {
                boolean same = Arrays.equals(before.parameters().tensor(name).toFloats(), trainer.model().parameters().tensor(name).toFloats());
                assertEquals(isFrozen(name), same, name);
            }
        }
    }

    @Test
    void patternsThatFreezeNothingOrEverythingAreRefused() {
        InputException none = assertThrows(InputException.class, () -> Tuning.freezing(CONFIG, List.of("*layernorm*", "embed_tokens*", "lm_head*")));
        assertEquals(2, none.problems().size());
        assertTrue(none.getMessage().contains("\"embed_tokens*\" matches no parameter; there are model.embed_tokens.weight, model.layers.0.self_attn.q_proj.weight"), none.getMessage());
        assertTrue(none.getMessage().contains("\"lm_head*\""), none.getMessage());
        InputException all = assertThrows(InputException.class, () -> Tuning.freezing(CONFIG, List.of("model.layers.*", "model.?*")));
        assertTrue(all.getMessage().contains("nothing to train"), all.getMessage());
        assertEquals(DecoderParameters.of(CONFIG).size(), Tuning.full().parameters(CONFIG, true).size());
    }
}
