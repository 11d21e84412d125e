package org.lacuna.run.provenance;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The machine as far as results and speed depend on it.
 *
 * @param os name, version and architecture
 * @param cpu the processor's model, or its architecture where the system does not tell
 * @param cpuFlags the instruction sets that our kernels and the BLAS choose by, sorted; empty where the system does not tell
 * @param cores processors that this JVM may use
 * @param memoryBytes physical memory, or the container's limit; 0 if unknown
 */
public record Machine(String os, String cpu, List<String> cpuFlags, int cores, long memoryBytes) {
    private static final Pattern VECTOR_FLAG = Pattern.compile("sse4_2|f16c|fma|avx.*|amx.*|asimd.*|sve.*|bf16|neon");

    /** This machine. Never fails: what can't be found out is empty or 0. */
    public static Machine here() {
        return of(read(Path.of("/proc/cpuinfo")));
    }

    /** The vector registers' width by the CPU's flags, bits; 0 if the flags are unknown. */
    public int vectorBits() {
        if (cpuFlags.contains("avx512f")) {
            return 512;
        }
        if (cpuFlags.contains("avx2")) {
            return 256;
        }
        return cpuFlags.isEmpty() ? 0 : 128;
    }

    static Machine of(String cpuinfo) {
        Map<String, String> first = new TreeMap<>();
        for (String line : cpuinfo.split("\n")) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                first.putIfAbsent(line.substring(0, colon).strip(), line.substring(colon + 1).strip());
            }
        }
        String flags = first.getOrDefault("flags", first.getOrDefault("Features", ""));
        return new Machine(
                System.getProperty("os.name") + " " + System.getProperty("os.version") + " " + System.getProperty("os.arch"),
                first.getOrDefault("model name", System.getProperty("os.arch")),
                List.of(flags.split(" ")).stream().filter(flag -> VECTOR_FLAG.matcher(flag).matches()).sorted().toList(),
                Runtime.getRuntime().availableProcessors(),
                memory());
    }

    private static long memory() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system
                ? system.getTotalMemorySize() : 0;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return "";
        }
    }
}
