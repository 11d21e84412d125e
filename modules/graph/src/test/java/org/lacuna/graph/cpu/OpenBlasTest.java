package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.lacuna.graph.op.LacunaOps;

class OpenBlasTest {
    @Test
    void kernelsFollowTheFeatures() {
        assertEquals(Optional.of("SKYLAKEX"), OpenBlas.core(Set.of("avx2", "fma", "avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl")));
        assertEquals(Optional.of("HASWELL"), OpenBlas.core(Set.of("avx2", "fma", "avx512f")));
        assertEquals(Optional.empty(), OpenBlas.core(Set.of("sse3")));
    }

    @Test
    void theLibraryTakesTheChoice() throws Exception {
        LacunaOps.register();
        Path cpu = Path.of("/proc/cpuinfo");
        String core = OpenBlas.coreInUse().orElse("unknown");
        if (Files.exists(cpu) && Files.readString(cpu).contains(" avx2 ") && System.getenv(OpenBlas.VARIABLE) == null) {
            assertTrue(Set.of("Haswell", "SkylakeX").contains(core), core);
        }
    }
}
