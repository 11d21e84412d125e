package org.lacuna.training.progress;

import java.util.List;
import java.util.Locale;
import org.lacuna.run.memory.Megabytes;
import org.lacuna.training.RecomputeTrade;
import org.lacuna.training.TrainingMemory;
import org.lacuna.training.recipe.Recompute;

/** A run's memory, and what computing layers again makes of it, on a line each. */
public final class MemoryLines {
    private static final int PERCENT = 100;

    private MemoryLines() {}

    /**
     * The lines.
     *
     * @param engine what the engine holds
     * @param processBytes what the process holds beside it; 0 if unknown
     * @param trade of computing layers again
     */
    public static List<String> of(TrainingMemory engine, long processBytes, RecomputeTrade trade) {
        return List.of("memory    " + parts(engine, processBytes), "recompute " + trade(engine, trade));
    }

    private static String parts(TrainingMemory m, long processBytes) {
        return "parameters " + Megabytes.of(m.parameters()) + " MB, moments " + Megabytes.of(m.moments()) + ", gradients of " + m.shards() + " shards " + Megabytes.of(m.gradients())
                + ", activations of " + m.shards() + " shards " + Megabytes.of(m.activations()) + ", validation " + Megabytes.of(m.validation())
                + (m.observation() == 0 ? "" : ", samples and snapshots " + Megabytes.of(m.observation()))
                + (processBytes == 0 ? "" : ", the JVM and libraries " + Megabytes.of(processBytes)) + ": " + Megabytes.of(m.bytes() + processBytes) + " MB in all";
    }

    private static String trade(TrainingMemory m, RecomputeTrade trade) {
        String more = String.format(Locale.ROOT, "%.0f %% more operations", PERCENT * trade.moreOperations());
        if (trade.chosen() == Recompute.LAYER) {
            return "layer; saves " + Megabytes.of(Math.max(0, trade.savedBytes())) + " MB of activations for " + more;
        }
        return trade.savedBytes() <= 0 ? "none; train.recompute=layer would save nothing"
                : "none; with train.recompute=layer activations would be " + Megabytes.of(m.activations() - trade.savedBytes()) + " MB, for " + more;
    }
}
