package org.lacuna.model;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.lacuna.run.InputException;

/** Holds the loading of a file from a stranger to what it may do: load, or refuse; soon, and without memory that the file does not justify. */
public final class HostileLoad {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final long MOST_BYTES = 64L << 20;
    private static final long MOST_NANOS = 2_000_000_000L;

    private HostileLoad() {}

    /**
     * Loads, and asserts that it ends well or in an {@link InputException} each of whose problems has {@code named} in it, within 2 s
     * of this thread's time (not the clock's: the machine may be busy) and with at most 64 MB of heap beyond {@code fileBytes}.
     *
     * @param what the case, for messages: enough to make it again
     * @return the refusal's message, empty if it loaded
     */
    public static String run(String what, String named, long fileBytes, Runnable load) {
        long nanos = THREADS.getCurrentThreadCpuTime();
        long bytes = THREADS.getThreadAllocatedBytes(Thread.currentThread().getId());
        String refusal = "";
        try {
            load.run();
        } catch (InputException e) {
            for (String problem : e.problems()) {
                assertTrue(problem.contains(named), () -> what + ": the message does not name " + named + ": " + problem);
            }
            refusal = e.getMessage();
        } catch (Throwable e) {
            throw new AssertionError(what + ": " + e, e);
        }
        long allocated = THREADS.getThreadAllocatedBytes(Thread.currentThread().getId()) - bytes;
        long taken = THREADS.getCurrentThreadCpuTime() - nanos;
        assertTrue(allocated <= fileBytes + MOST_BYTES, () -> what + ": allocates " + allocated + " bytes for a file of " + fileBytes);
        assertTrue(taken <= MOST_NANOS, () -> what + ": takes " + taken / 1_000_000 + " ms");
        return refusal;
    }
}
