package org.lacuna.eval.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.Initialization;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.run.RunException;

class ForwardMemoryTest {
    private static final ModelConfig CONFIG = ModelConfig.llama(257, 20, 24, 2, 2, 1, 10, 1e-6, RotaryPosition.plain(10_000), true, FeedForward.gated("silu"), 64,
            0.1, OptionalInt.empty(), List.of());

    @Test
    void theParametersAreThoseOfTheStore() {
        var store = Initialization.of(CONFIG, new CpuDevice(), 1).parameters();
        assertEquals(new ForwardMemory(store.count(), Float.BYTES * store.length(), 0, "no activations", 0), ForwardMemory.of(CONFIG));
        assertTrue(store.length() > store.count(), "the flat vector has gaps here");
    }

    @Test
    void whatDoesNotFitIsRefusedWithTheSum() {
        ForwardMemory memory = new ForwardMemory(1234, 5000, 0, "no activations", 0);
        memory.check("dir", "x", 100, 5100);
        memory.check("dir", "x", 100, 0); // unknown
        assertEquals("dir: too large for this machine: its 1,234 parameters take 5,000 bytes as 32-bit numbers, this process 100: 5,100 bytes, and it can have 5,099;"
                + " a smaller model would take less", assertThrows(RunException.class, () -> memory.check("dir", "a smaller model", 100, 5099)).getMessage());
        ForwardMemory whole = memory.with(3, 9000);
        whole.check("dir", "x", 0, 14_000);
        assertEquals("dir: too large for this machine: its 1,234 parameters take 5,000 bytes as 32-bit numbers, activations of 3 workers 9,000, this process 0:"
                + " 14,000 bytes, and it can have 13,999; fewer --workers would take less",
                assertThrows(RunException.class, () -> whole.check("dir", "fewer --workers", 0, 13_999)).getMessage());
        assertTrue(whole.line().matches("parameters 0\\.0 MB, activations of 3 workers 0\\.0(, the JVM and libraries [0-9,.]+)?: [0-9,.]+ MB in all"), whole.line());
        assertTrue(memory.withText(1 << 20).line().startsWith("parameters 0.0 MB, keys, values and activations 1.0"), memory.withText(1 << 20).line());
    }
}
