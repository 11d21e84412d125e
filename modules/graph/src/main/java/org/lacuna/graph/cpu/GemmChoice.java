package org.lacuna.graph.cpu;

import org.lacuna.graph.Precision;
import org.lacuna.graph.UnsupportedPrecisionException;
import org.lacuna.graph.WrongPropertyException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which library multiplies: oneDNN where it loads, else OpenBLAS; the system property {@value #PROPERTY} decides otherwise. */
final class GemmChoice {
    /** {@code onednn} or {@code openblas}. */
    static final String PROPERTY = "lacuna.gemm";

    private static final Logger LOG = LoggerFactory.getLogger(GemmChoice.class);

    private GemmChoice() {}

    /**
     * Loads the library.
     *
     * @throws WrongPropertyException if the property names no library
     * @throws UnsupportedPrecisionException if the library has no such precision on this CPU
     * @throws LinkageError if the library does not load
     */
    static GemmLibrary library(Precision precision) {
        String wanted = System.getProperty(PROPERTY, "");
        if (!wanted.isEmpty() && !wanted.equals("onednn") && !wanted.equals("openblas")) {
            throw new WrongPropertyException("-D" + PROPERTY + "=" + wanted + ": expected onednn or openblas");
        }
        if (!wanted.equals("openblas")) {
            try {
                GemmLibrary onednn = new OneDnnGemms();
                if (precision == Precision.BF16 && !OneDnnGemms.hasBf16()) {
                    throw new UnsupportedPrecisionException("bf16 needs a CPU with AVX-512; oneDNN's code here is for "
                            + OneDnnGemms.instructions() + "; take fp32");
                }
                return onednn;
            } catch (LinkageError e) {
                if (wanted.equals("onednn")) {
                    throw e;
                }
                LOG.warn("oneDNN does not load ({}): OpenBLAS multiplies, more slowly", e.getMessage());
            }
        }
        if (precision == Precision.BF16) {
            throw new UnsupportedPrecisionException("bf16 needs oneDNN, and OpenBLAS multiplies here; take fp32"
                    + (wanted.isEmpty() ? "" : ", or leave out -D" + PROPERTY));
        }
        return new OpenBlasGemms();
    }
}
