package org.lacuna.run.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;
import org.lacuna.run.provenance.Machine;

class ProcessMemoryTest {
    @Test
    void theProcessHoldsMoreThanTheEngine() {
        assumeTrue(ProcessMemory.resident() > 0);
        assertTrue(ProcessMemory.resident() <= ProcessMemory.peakResident());
        assertTrue(ProcessMemory.besideEngine(0) > ProcessMemory.besideEngine(ProcessMemory.resident() / 2));
        assertTrue(ProcessMemory.besideEngine(Long.MAX_VALUE / 2) >= 0, "never less than nothing");
        assertTrue(ProcessMemory.reachable() > ProcessMemory.resident());
        assertTrue(ProcessMemory.limit() > 0 && ProcessMemory.limit() <= Machine.here().memoryBytes());
    }

    @Test
    void tenthsAreToldBelowTenMegabytes() {
        assertEquals("0.0", Megabytes.of(0));
        assertEquals("9.5", Megabytes.of((9 << 20) + (1 << 19)));
        assertEquals("10", Megabytes.of(10 << 20));
        assertEquals("1,024", Megabytes.of(1L << 30));
    }
}
