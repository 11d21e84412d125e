package org.lacuna.graph.program;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Where each tensor of a program lies in one arena: two tensors overlap in memory only if no step needs both.
 *
 * <p>Placing tensors with life times at offsets is bin packing with intervals; this takes the best of three greedy
 * orders (largest first, longest-lived first, earliest first), each tensor going to the smallest gap that holds it among
 * those that live at the same time.
 */
final class MemoryPlan {
    static final long ALIGNMENT = 64;

    /** A tensor's need: bytes from step {@code first} to step {@code last}, both inclusive. */
    record Need(long bytes, int first, int last) {
        boolean meets(Need other) {
            return first <= other.last && other.first <= last;
        }
    }

    private final long[] offsets;
    private final long bytes;
    private final long liveBytes;

    private MemoryPlan(long[] offsets, long bytes, long liveBytes) {
        this.offsets = offsets;
        this.bytes = bytes;
        this.liveBytes = liveBytes;
    }

    /** Offset of need {@code i}, a multiple of {@link #ALIGNMENT}. */
    long offset(int i) {
        return offsets[i];
    }

    /** The arena's size. */
    long bytes() {
        return bytes;
    }

    /** The largest sum of tensors that are needed at one step: no plan can do with less. */
    long liveBytes() {
        return liveBytes;
    }

    static MemoryPlan of(List<Need> needs) {
        MemoryPlan best = null;
        long live = live(needs);
        for (Comparator<Integer> order : List.of(
                Comparator.<Integer>comparingLong(i -> -needs.get(i).bytes()).thenComparingInt(i -> needs.get(i).first()),
                Comparator.<Integer>comparingInt(i -> needs.get(i).first() - needs.get(i).last()).thenComparingLong(i -> -needs.get(i).bytes()),
                Comparator.<Integer>comparingInt(i -> needs.get(i).first()).thenComparingLong(i -> -needs.get(i).bytes()))) {
            MemoryPlan plan = place(needs, order, live);
            if (best == null || plan.bytes < best.bytes) {
                best = plan;
            }
        }
        return best;
    }

    private static MemoryPlan place(List<Need> needs, Comparator<Integer> order, long live) {
        List<Integer> sequence = new ArrayList<>();
        for (int i = 0; i < needs.size(); i++) {
            sequence.add(i);
        }
        sequence.sort(order.thenComparingInt(i -> i));
        long[] offsets = new long[needs.size()];
        List<Integer> placed = new ArrayList<>(); // by rising offset
        long bytes = 0;
        for (int i : sequence) {
            long size = aligned(needs.get(i).bytes());
            long gap = bestGap(needs, offsets, placed, i, size);
            offsets[i] = gap;
            bytes = Math.max(bytes, gap + size);
            int at = 0;
            while (at < placed.size() && offsets[placed.get(at)] <= gap) {
                at++;
            }
            placed.add(at, i);
        }
        return new MemoryPlan(offsets, bytes, live);
    }

    /** The start of the smallest gap of at least {@code size} bytes among the placed tensors that live with {@code i}. */
    private static long bestGap(List<Need> needs, long[] offsets, List<Integer> placed, int i, long size) {
        long end = 0;
        long best = -1;
        long bestSize = Long.MAX_VALUE;
        for (int other : placed) {
            if (!needs.get(other).meets(needs.get(i))) {
                continue;
            }
            long gap = offsets[other] - end;
            if (gap >= size && gap < bestSize) {
                best = end;
                bestSize = gap;
            }
            end = Math.max(end, offsets[other] + aligned(needs.get(other).bytes()));
        }
        return best >= 0 ? best : end;
    }

    private static long live(List<Need> needs) {
        int steps = needs.stream().mapToInt(Need::last).max().orElse(-1) + 1;
        long[] change = new long[steps + 1];
        for (Need need : needs) {
            change[need.first()] += aligned(need.bytes());
            change[need.last() + 1] -= aligned(need.bytes());
        }
        long now = 0;
        long most = 0;
        for (long c : change) {
            now += c;
            most = Math.max(most, now);
        }
        return most;
    }

    private static long aligned(long bytes) {
        return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
}
