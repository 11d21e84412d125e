package org.lacuna.training.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.lacuna.graph.op.OpCost;

/**
 * All calls of one op in a step, by all workers, who run it side by side.
 *
 * @param name of the op
 * @param seconds of a step that it takes, the mean over workers and steps
 * @param flops of its matrix products in a step, all workers together
 * @param bytes of its inputs and outputs in a step, all workers together
 */
record OpTime(String name, double seconds, long flops, long bytes) {
    private static final double NANOS = 1e-9;

    /**
     * Adds up what belongs to one op.
     *
     * @param costs of each step of a shard's program
     * @param rounds how often a shard runs it in a step of training
     * @param nanos what each of the program's steps took in all steps of training: [shards][steps of the program]
     * @param sideBySide how many shards are computed at the same time
     * @param steps of training
     */
    static List<OpTime> of(List<OpCost> costs, int rounds, long[][] nanos, int sideBySide, int steps) {
        Map<String, OpTime> byName = new TreeMap<>();
        for (long[] shard : nanos) {
            for (int i = 0; i < shard.length; i++) {
                OpCost cost = costs.get(i);
                byName.merge(cost.name(), new OpTime(cost.name(), shard[i] * NANOS / steps / sideBySide, rounds * cost.flops(), rounds * cost.bytes()), OpTime::plus);
            }
        }
        return new ArrayList<>(byName.values());
    }

    private OpTime plus(OpTime other) {
        return new OpTime(name, seconds + other.seconds, flops + other.flops, bytes + other.bytes);
    }

    /** The least time that the machine needs for the op's operations, or for its bytes if that is more / its time; 1 is the most, unless caches help. */
    double shareOfLimit(MachinePeak peak) {
        return peak.limit(flops, bytes) / seconds;
    }
}
