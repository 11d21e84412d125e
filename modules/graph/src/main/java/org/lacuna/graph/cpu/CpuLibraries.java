package org.lacuna.graph.cpu;

import java.util.Locale;
import java.util.Set;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.lacuna.graph.Precision;

/**
 * What the CPU device has to work with on this machine.
 *
 * @param vectorBits width of the kernels' vectors
 * @param gemm the library that multiplies and its version
 * @param onednn whether that is oneDNN, the faster one
 * @param code the kind of processor whose code the library has chosen, in its own spelling; empty if it can't be told
 * @param codeBits width of that code's vectors; 0 if it can't be told
 */
public record CpuLibraries(int vectorBits, String gemm, boolean onednn, String code, int codeBits) {
    private static final Set<String> BITS_512 = Set.of("skylakex", "cooperlake");
    private static final Set<String> BITS_256 = Set.of("sandybridge", "bulldozer", "piledriver", "steamroller", "excavator",
            "haswell", "zen", "avx", "avx2", "avx2_vnni");

    /**
     * Loads the native libraries, sets them up as {@link CpuDevice} does, and asks them. To be called before anything loads
     * ND4J's backend, as {@link OpenBlas#choose} is.
     *
     * @throws LinkageError if one is missing or can't be loaded, or the JVM runs without the Vector API's module
     */
    public static CpuLibraries load() {
        OpenBlas.choose();
        GemmLibrary gemms = GemmChoice.library(Precision.FP32);
        boolean onednn = gemms instanceof OneDnnGemms;
        String code = onednn ? OneDnnGemms.instructions() : OpenBlas.coreInUse().orElse("");
        String name = onednn ? OneDnnGemms.version() : openblas_nolapack.OPENBLAS_VERSION.strip();
        return new CpuLibraries(Lanes.WIDTH * Float.SIZE, name, onednn, code, bits(code.toLowerCase(Locale.ROOT)));
    }

    private static int bits(String code) {
        if (code.isEmpty()) {
            return 0;
        }
        return BITS_512.contains(code) || code.startsWith("avx512") ? 512 : BITS_256.contains(code) ? 256 : 128;
    }
}
