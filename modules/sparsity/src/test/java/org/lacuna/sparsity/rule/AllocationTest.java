package org.lacuna.sparsity.rule;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class AllocationTest {
    private static final int N = 688;
    private static final int CALLS = 10_000;

    private long sink;

    @Test
    void decidingOnARowAllocatesNothing() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        float[][] rows = rows();
        double[][] parameters = {{0.99}, {0.9}, {0.5}, {0}, {1}};
        long[] kept = new long[(N + 63) / 64];
        RowScratch scratch = new RowScratch(N);
        RowOrder order = new RowOrder(N);
        for (Rule rule : Rules.all()) {
            Runnable work = () -> {
                for (int call = 0; call < CALLS; call++) {
                    sink += rule.keep(rows[call % rows.length], N, parameters[call % parameters.length], 0, kept, scratch);
                }
            };
            assertNoAllocation(threads, rule.name(), work);
        }
        assertNoAllocation(threads, "RowOrder", () -> {
            for (int call = 0; call < CALLS; call++) {
                order.order(rows[call % rows.length], N);
                sink += order.kept(0.9) + order.keep(0.5, kept);
            }
        });
    }

    /** A byte a call would be 10,000 of them; reading the counter itself may cost a few. */
    private static void assertNoAllocation(ThreadMXBean threads, String what, Runnable work) {
        work.run();
        long before = threads.getCurrentThreadAllocatedBytes();
        work.run();
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertTrue(allocated < 1024, () -> what + " allocated " + allocated + " bytes in " + CALLS + " calls");
    }

    /** Smooth rows, rows whose small entries are sorted, ties, and many zeros: every path of the selection. */
    private static float[][] rows() {
        SplittableRandom random = new SplittableRandom(1);
        float[][] rows = new float[32][N];
        for (int r = 0; r < rows.length; r++) {
            for (int i = 0; i < N; i++) {
                rows[r][i] = switch (r % 4) {
                    case 0 -> (float) (random.nextDouble() - 0.5);
                    case 1 -> (float) Math.pow(2, 80 * random.nextDouble() - 60);
                    case 2 -> 0.3f;
                    default -> random.nextInt(8) == 0 ? 1 / (1f + i) : 0;
                };
            }
        }
        return rows;
    }
}
