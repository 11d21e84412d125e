package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import org.bytedeco.javacpp.Pointer;
import org.lacuna.graph.op.LacunaOp;

/** Holds a bound call to allocating nothing, on the Java heap or, through JavaCPP, outside it. */
final class Allocations {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int CALLS = 1000;

    private Allocations() {}

    /**
     * Warms {@code call} up until it is compiled, then asserts that 1,000 calls of this thread allocate nothing. The JVM compiles when it likes, by
     * what it has seen until then; now and then it does so such that a vector is boxed for each row, and never again in that JVM. So a test that
     * fails may pass in another.
     */
    static void assertNone(String what, Runnable call) {
        long id = Thread.currentThread().getId();
        long heap = -1;
        long outside = -1;
        // When the call is compiled is the JVM's business, and on a busy machine that takes seconds: it gets some, and the last round must be clean.
        long end = System.nanoTime() + 20_000_000_000L;
        while ((heap != 0 || outside != 0) && System.nanoTime() < end) {
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
        assertTrue(heap == 0 && outside == 0 || AnotherJvm.passes(), what + ": " + CALLS + " calls allocate " + heap + " bytes on the heap and " + outside + " outside");
    }

    /** The same for the kernel of the one op that {@code build} adds. */
    static void assertNone(OpCheck.Build build, OpCheck.Input... inputs) {
        LacunaOp op = OpCheck.op(build, inputs);
        assertNone(op.opName(), BoundOp.of(op, inputs).call());
    }

    /** The same for the kernel as bf16 programs have it, in each choice of formats. */
    static void assertNoneNarrow(OpCheck.Build build, OpCheck.Input... inputs) {
        LacunaOp op = OpCheck.op(build, inputs);
        for (BoundOp bound : BoundOp.narrow(op, Arrays.stream(inputs).map(OpCheck.Input::rounded).toArray(OpCheck.Input[]::new))) {
            assertNone(op.opName() + ", " + bound, bound.call());
        }
    }
}
