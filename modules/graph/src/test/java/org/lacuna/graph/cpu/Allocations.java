package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.bytedeco.javacpp.Pointer;

/** Holds a bound call to allocating nothing, on the Java heap or, through JavaCPP, outside it. */
final class Allocations {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int CALLS = 1000;

    private Allocations() {}

    /** Warms {@code call} up until it is compiled, then asserts that 1,000 calls of this thread allocate nothing. */
    static void assertNone(String what, Runnable call) {
        long id = Thread.currentThread().getId();
        long heap = -1;
        long outside = -1;
        // When the call is compiled is the JVM's business: it gets some rounds, the last of which must be clean.
        for (int round = 0; round < 30 && (heap != 0 || outside != 0); round++) {
            for (int i = 0; i < CALLS; i++) {
                call.run();
            }
            long pointers = Pointer.totalBytes();
            long before = THREADS.getThreadAllocatedBytes(id);
            for (int i = 0; i < CALLS; i++) {
                call.run();
            }
            heap = THREADS.getThreadAllocatedBytes(id) - before;
            outside = Pointer.totalBytes() - pointers;
        }
        assertTrue(heap == 0 && outside == 0, what + ": " + CALLS + " calls allocate " + heap + " bytes on the heap and " + outside + " outside");
    }
}
