package org.lacuna.graph.cpu;

import java.util.Locale;
import java.util.Set;
import org.bytedeco.openblas.global.openblas_nolapack;

/**
 * What the CPU device has to work with on this machine.
 *
 * @param vectorBits width of the kernels' vectors
 * @param blas the GEMM library and its version
 * @param blasCore the kind of processor whose code the library has chosen, in its own spelling; empty if it can't be told
 * @param blasBits width of that code's vectors; 0 if it can't be told
 * @param blasThreads threads that one product takes
 */
public record CpuLibraries(int vectorBits, String blas, String blasCore, int blasBits, int blasThreads) {
    private static final Set<String> BITS_512 = Set.of("skylakex", "cooperlake");
    private static final Set<String> BITS_256 = Set.of("sandybridge", "bulldozer", "piledriver", "steamroller", "excavator",
            "haswell", "zen");

    /**
     * Loads the native libraries, sets them up as {@link CpuDevice} does, and asks them. To be called before anything loads
     * ND4J's backend, as {@link OpenBlas#choose} is.
     *
     * @throws LinkageError if one is missing or can't be loaded, or the JVM runs without the Vector API's module
     */
    public static CpuLibraries load() {
        OpenBlas.choose();
        String core = OpenBlas.coreInUse().orElse("");
        openblas_nolapack.blas_set_num_threads(1);
        return new CpuLibraries(Lanes.WIDTH * Float.SIZE, openblas_nolapack.OPENBLAS_VERSION.strip(), core,
                bits(core.toLowerCase(Locale.ROOT)), openblas_nolapack.blas_get_num_threads());
    }

    private static int bits(String core) {
        if (core.isEmpty()) {
            return 0;
        }
        return BITS_512.contains(core) ? 512 : BITS_256.contains(core) ? 256 : 128;
    }
}
