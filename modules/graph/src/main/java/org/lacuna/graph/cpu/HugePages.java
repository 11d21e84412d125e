package org.lacuna.graph.cpu;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks Linux to back memory by pages of 2 MiB, where it does so on request: with small ones, looking up where a page lies takes
 * a share of every pass over a large tensor.
 */
final class HugePages {
    /** Bytes in a huge page on x86-64. */
    static final long SIZE = 2 << 20;

    private static final Logger LOG = LoggerFactory.getLogger(HugePages.class);
    private static final int MADV_HUGEPAGE = 14;
    private static final Function MADVISE = madvise();

    private HugePages() {}

    private static Function madvise() {
        try {
            return NativeLibrary.getInstance("c").getFunction("madvise");
        } catch (LinkageError e) {
            LOG.debug("no huge pages: {}", e.getMessage());
            return null;
        }
    }

    /** Asks for them; nothing but speed depends on whether they are given. */
    static void advise(long address, long bytes) {
        if (MADVISE != null) {
            MADVISE.invokeInt(new Object[] {new Pointer(address), bytes, MADV_HUGEPAGE});
        }
    }
}
