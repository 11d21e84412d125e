package org.lacuna.graph.cpu;

import java.util.Locale;
import java.util.Set;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.lacuna.graph.Precision;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the CPU device has to work with on this machine.
 *
 * @param vectorBits width of the kernels' vectors
 * @param gemm the library that multiplies and its version
 * @param onednn whether that is oneDNN, the faster one
 * @param code the kind of processor whose code the library has chosen, in its own spelling; empty if it can't be told
 * @param codeBits width of that code's vectors; 0 if it can't be told
 * @param widens whether bf16 is widened to fp32, which the library multiplies
 */
public record CpuLibraries(int vectorBits, String gemm, boolean onednn, String code, int codeBits, boolean widens) {
    private static final Logger LOG = LoggerFactory.getLogger(CpuLibraries.class);
    private static final Set<String> BITS_512 = Set.of("skylakex", "cooperlake");
    private static final Set<String> BITS_256 = Set.of("sandybridge", "bulldozer", "piledriver", "steamroller", "excavator",
            "haswell", "zen", "avx", "avx2", "avx2_vnni", "avx2_vnni_2");

    /**
     * Loads the native libraries, sets them up as {@link CpuDevice} does, and asks them. To be called before anything loads
     * ND4J's backend, as {@link #prepare} is.
     *
     * @throws LinkageError if one is missing or can't be loaded, or the JVM runs without the Vector API's module
     */
    public static CpuLibraries load() {
        prepare();
        GemmLibrary gemms = GemmChoice.library(Precision.FP32);
        boolean onednn = gemms instanceof OneDnnGemms;
        String code = onednn ? OneDnnGemms.instructions() : OpenBlas.coreInUse().orElse("");
        String name = onednn ? OneDnnGemms.version() : openblas_nolapack.OPENBLAS_VERSION.strip();
        return new CpuLibraries(Lanes.WIDTH * Float.SIZE, name, onednn, code, bits(code.toLowerCase(Locale.ROOT)),
                GemmChoice.library(Precision.BF16) instanceof WideningGemms);
    }

    /**
     * Sets up what depends on who comes first; to be called before anything loads ND4J's backend. oneDNN and ND4J each bring a
     * libgomp, and JavaCPP keeps in its cache that of whichever is loaded first: if one process had another order, it would write
     * over the file that another one is running.
     */
    public static void prepare() {
        OpenBlas.choose();
        try {
            Loader.load(dnnl.class);
        } catch (LinkageError e) {
            LOG.debug("oneDNN does not load", e); // GemmChoice tells whoever multiplies
        }
    }

    private static int bits(String code) {
        if (code.isEmpty()) {
            return 0;
        }
        return BITS_512.contains(code) || code.startsWith("avx512") || code.startsWith("avx10_") ? 512 : BITS_256.contains(code) ? 256 : 128;
    }
}
