package org.lacuna.graph.cpu;

import java.util.List;
import org.lacuna.graph.Precision;
import org.lacuna.graph.WrongPropertyException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which library multiplies: oneDNN where it loads, else OpenBLAS; the system property {@value #PROPERTY} decides otherwise. It
 * multiplies bf16 itself where the CPU makes that faster than fp32, and else bf16 is widened; {@value #BF16} decides otherwise.
 */
final class GemmChoice {
    /** {@code onednn} or {@code openblas}. */
    static final String PROPERTY = "lacuna.gemm";
    /** {@code native} or {@code widened}. */
    static final String BF16 = "lacuna.bf16";

    private static final Logger LOG = LoggerFactory.getLogger(GemmChoice.class);

    private GemmChoice() {}

    /**
     * Loads the library.
     *
     * @throws WrongPropertyException if a property has a value that it can't have, here or anywhere
     * @throws LinkageError if the library does not load
     */
    static GemmLibrary library(Precision precision) {
        String wanted = property(PROPERTY, "onednn", "openblas");
        String bf16 = property(BF16, "native", "widened");
        GemmLibrary library = library(wanted);
        return precision == Precision.BF16 && !isNative(bf16, library) ? new WideningGemms(library) : library;
    }

    /** The property's value, empty where it is not set. */
    private static String property(String name, String one, String other) {
        String value = System.getProperty(name, "");
        if (!value.isEmpty() && !List.of(one, other).contains(value)) {
            throw new WrongPropertyException("-D" + name + "=" + value + ": expected " + one + " or " + other);
        }
        return value;
    }

    private static GemmLibrary library(String wanted) {
        if (!wanted.equals("openblas")) {
            try {
                return new OneDnnGemms();
            } catch (LinkageError e) {
                if (wanted.equals("onednn")) {
                    throw e;
                }
                LOG.warn("oneDNN does not load ({}): OpenBLAS multiplies, more slowly", e.getMessage());
            }
        }
        return new OpenBlasGemms();
    }

    /** By what the CPU has and not by timing: the same machine must choose alike each time, for the sake of the last bits. */
    private static boolean isNative(String wanted, GemmLibrary library) {
        boolean possible = library instanceof OneDnnGemms && OneDnnGemms.hasBf16();
        if (wanted.equals("native") && !possible) {
            throw new WrongPropertyException("-D" + BF16 + "=native: only oneDNN multiplies bf16, on CPUs with AVX-512; here it is " + library.description()
                    + "; leave out -D" + BF16 + ", and bf16 is widened to fp32");
        }
        return wanted.isEmpty() ? possible && OneDnnGemms.isFasterInBf16() : wanted.equals("native");
    }
}
