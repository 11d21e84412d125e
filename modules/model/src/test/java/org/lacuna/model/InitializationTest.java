package org.lacuna.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;

class InitializationTest {

    @Test
    void matricesAreNormalNormsAreOneAndTheSeedDecides() {
        Model model = Initialization.of(config(FeedForward.gated("silu")), new CpuDevice(), 7);
        Random random = new Random(7);
        for (String name : model.parameters().names()) {
            float[] values = model.parameters().tensor(name).toFloats();
            if (name.endsWith("norm.weight")) {
                for (float v : values) {
                    assertEquals(1f, v, name);
                }
            } else {
                double squares = 0;
                for (float v : values) {
                    assertEquals((float) (random.nextGaussian() * 0.05), v, name);
                    squares += v * v;
                }
                assertEquals(0.05, Math.sqrt(squares / values.length), 0.01, name);
            }
        }
        assertEquals("model.embed_tokens.weight", model.parameters().names().get(0));
        Model other = Initialization.of(config(FeedForward.gated("silu")), new CpuDevice(), 8);
        assertNotEquals(model.parameters().tensor("lm_head.weight").getFloat(0), other.parameters().tensor("lm_head.weight").getFloat(0));
    }

    @Test
    void theActivationDoesNotChangeTheFirstWeights() {
        Model silu = Initialization.of(config(FeedForward.gated("silu")), new CpuDevice(), 7);
        Model relu = Initialization.of(config(FeedForward.gated("relu")), new CpuDevice(), 7);
        for (String name : silu.parameters().names()) {
            assertArrayEquals(silu.parameters().tensor(name).toFloats(), relu.parameters().tensor(name).toFloats(), name);
        }
    }

    private static ModelConfig config(FeedForward f) {
        return ModelConfig.llama(30, 16, 24, 2, 4, 2, 4, 1e-6, RotaryPosition.plain(10000), false, f, 32, 0.05, OptionalInt.empty(), List.of());
    }
}
