package org.lacuna.graph.cpu;

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
     * @throws IllegalArgumentException if the property names no library
     * @throws LinkageError if the library does not load
     */
    static GemmLibrary library() {
        String wanted = System.getProperty(PROPERTY, "");
        switch (wanted) {
            case "onednn":
                return new OneDnnGemms();
            case "openblas":
                return new OpenBlasGemms();
            case "":
                try {
                    return new OneDnnGemms();
                } catch (LinkageError e) {
                    LOG.warn("oneDNN does not load ({}): OpenBLAS multiplies, more slowly", e.getMessage());
                    return new OpenBlasGemms();
                }
            default:
                throw new IllegalArgumentException("-D" + PROPERTY + "=" + wanted + ": expected onednn or openblas");
        }
    }
}
