package org.lacuna.graph.cpu;

import java.util.Map;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.global.openblas_nolapack;

/**
 * What the CPU device has to work with on this machine.
 *
 * @param vectorBits width of the kernels' vectors
 * @param blas the GEMM library and its version
 * @param blasCore the kind of processor whose code the library has chosen, by the library's own name for it; empty if
 *     it can't be told
 * @param blasBits width of that code's vectors; 0 if it can't be told
 * @param blasThreads threads that one product takes
 */
public record CpuLibraries(int vectorBits, String blas, String blasCore, int blasBits, int blasThreads) {
    private static final Map<String, Integer> CORES = Map.ofEntries(
            Map.entry("Prescott", 128), Map.entry("Core2", 128), Map.entry("Nehalem", 128), Map.entry("Barcelona", 128),
            Map.entry("Sandybridge", 256), Map.entry("Bulldozer", 256), Map.entry("Piledriver", 256),
            Map.entry("Steamroller", 256), Map.entry("Excavator", 256), Map.entry("Haswell", 256), Map.entry("Zen", 256),
            Map.entry("SkylakeX", 512), Map.entry("Cooperlake", 512));

    /**
     * Loads the native libraries, sets them up as {@link CpuDevice} does, and asks them.
     *
     * @throws LinkageError if one is missing or can't be loaded, or the JVM runs without the Vector API's module
     */
    public static CpuLibraries load() {
        Loader.load(openblas_nolapack.class);
        openblas_nolapack.blas_set_num_threads(1);
        String core = OpenBlas.coreInUse().orElse("");
        return new CpuLibraries(Lanes.WIDTH * Float.SIZE, openblas_nolapack.OPENBLAS_VERSION.strip(), core,
                CORES.getOrDefault(core, 0), openblas_nolapack.blas_get_num_threads());
    }
}
