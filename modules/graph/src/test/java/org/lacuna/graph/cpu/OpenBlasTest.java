package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
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

    /** In a JVM of its own: in this one, another test may have loaded the library already. */
    @Test
    void theLibraryTakesTheChoice() throws Exception {
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "--add-modules", "jdk.incubator.vector",
                "-cp", classPath, Core.class.getName()).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        String core = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).lines().reduce((first, last) -> last).orElse("");
        assertEquals(0, process.waitFor());
        Path cpu = Path.of("/proc/cpuinfo");
        if (Files.exists(cpu) && Files.readString(cpu).contains(" avx2 ") && System.getenv(OpenBlas.VARIABLE) == null) {
            assertTrue(Set.of("Haswell", "SkylakeX").contains(core), core);
        }
    }

    /** Prints the kernels that a process gets which starts with Lacuna's ops. */
    static final class Core {
        private Core() {}

        public static void main(String[] args) {
            LacunaOps.register();
            System.out.println(OpenBlas.coreInUse().orElse("unknown"));
            System.exit(0);
        }
    }
}
