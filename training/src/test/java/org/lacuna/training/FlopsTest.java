package org.lacuna.training;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.lacuna.model.Tuning;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.model.lora.Adapters;

class FlopsTest {
    @Test
    void countsMatrixProductsAndAttention() {
        ModelConfig config = ModelConfig.llama(4096, 256, 688, 4, 4, 4, 64, 1e-6, RotaryPosition.plain(10000), false, FeedForward.gated("silu"), 128, 0.02,
                OptionalInt.empty(), List.of());
        double weights = 4 * (4 * 256 * 256 + 3 * 256 * 688) + 4096 * 256;
        assertEquals(6 * weights + 12.0 * 4 * 128 * 256, Flops.perToken(config, 128));
        ModelConfig small = ModelConfig.llama(100, 32, 48, 2, 4, 2, 8, 1e-6, RotaryPosition.plain(10000), true, FeedForward.ungated("relu"), 128, 0.02,
                OptionalInt.empty(), List.of());
        double smallWeights = 2 * (2 * 32 * 32 + 2 * 32 * 16 + 2 * 32 * 48) + 100 * 32;
        assertEquals(6 * smallWeights + 12.0 * 2 * 16 * 32, Flops.perToken(small, 16));
    }

    @Test
    void whatIsFrozenHasNoGradient() {
        ModelConfig config = ModelConfig.llama(100, 32, 48, 2, 4, 2, 8, 1e-6, RotaryPosition.plain(10000), false, FeedForward.gated("silu"), 128, 0.02,
                OptionalInt.empty(), List.of());
        double all = Flops.perToken(config, 16);
        assertEquals(all, Flops.perToken(config, Tuning.full(), 16));
        assertEquals(all - 2 * 2 * 32 * 48, Flops.perToken(config, Tuning.freezing(config, List.of("*norm*", "model.embed*", "*.up_proj.*")), 16));
        double weights = 2 * (2 * 32 * 32 + 2 * 32 * 16 + 3 * 32 * 48) + 100 * 32;
        assertEquals(all - 2 * weights + 6 * 2 * 3 * (32 + 16), Flops.perToken(config, Tuning.adapting(config, Adapters.matching(config, 3, 1, List.of("v_proj"))), 16));
    }
}
