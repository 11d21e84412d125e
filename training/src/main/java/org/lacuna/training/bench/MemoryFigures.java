package org.lacuna.training.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.Locale;
import org.lacuna.run.folder.Json;
import org.lacuna.training.RecomputeTrade;
import org.lacuna.training.recipe.Recompute;

/**
 * What {@code bench memory} found.
 *
 * @param shape what was trained
 * @param warmUp steps before the first look
 * @param steps as many looks
 * @param plan what the engine asked for
 * @param trade of computing layers again
 * @param heapUsed bytes of the Java heap after each step, garbage included
 * @param heapCommitted bytes that the heap may grow to without asking the system
 * @param resident the process's bytes after each step (VmRSS)
 * @param peakResident the most it ever had (VmHWM)
 */
record MemoryFigures(Shape shape, int warmUp, int steps, Plan plan, RecomputeTrade trade, Sample heapUsed, long heapCommitted, Sample resident, long peakResident)
        implements Figures {
    private static final double MEGABYTE = 1 << 20;
    private static final int PERCENT = 100;

    /**
     * Bytes outside the heap, as planned.
     *
     * @param parameters the flat vector of all, and its copy in bf16 where the step reads one
     * @param gradients one such vector for each shard
     * @param moments AdamW's two vectors
     * @param arena activations, their gradients and working memory of one shard
     * @param live the largest sum of a shard's tensors alive at one step, which no arena can be smaller than
     * @param shards who have an arena each
     */
    record Plan(long parameters, long gradients, long moments, long arena, long live, int shards) {
        private long arenas() {
            return arena * shards;
        }

        private long all() {
            return parameters + gradients + moments + arenas();
        }
    }

    /** What is resident beside the plan and the heap in use: code, libraries, what the heap has touched and does not use. */
    double rest() {
        return resident.median() - plan.all() - heapUsed.median();
    }

    @Override
    public void print(PrintWriter out) {
        out.println(shape);
        out.printf("memory after each of %d steps after %d of warm-up, medians%n", steps, warmUp);
        out.println("                                    MB");
        row(out, "parameters", plan.parameters, "");
        row(out, "gradients", plan.gradients, "of " + plan.shards + " shards");
        row(out, "moments", plan.moments, "");
        row(out, "arenas", plan.arenas(), String.format(Locale.ROOT, "of %d shards, %.1f each; %.1f are alive at once", plan.shards, plan.arena / MEGABYTE, plan.live / MEGABYTE));
        row(out, trade.chosen() == Recompute.LAYER ? "  saved by recompute" : "  recompute would save", trade.savedBytes(),
                String.format(Locale.ROOT, "of the arenas, for %.0f %% more operations", PERCENT * trade.moreOperations()));
        row(out, "Java heap in use", heapUsed.median(), String.format(Locale.ROOT, "5 %% %.1f, 95 %% %.1f; %.1f committed", heapUsed.quantile(0.05) / MEGABYTE,
                heapUsed.quantile(0.95) / MEGABYTE, heapCommitted / MEGABYTE));
        row(out, "the rest", rest(), "the JVM, libraries, heap that was used before");
        row(out, "resident", resident.median(), String.format(Locale.ROOT, "5 %% %.1f, 95 %% %.1f; %.1f at most", resident.quantile(0.05) / MEGABYTE,
                resident.quantile(0.95) / MEGABYTE, peakResident / MEGABYTE));
        out.flush();
    }

    private static void row(PrintWriter out, String name, double bytes, String note) {
        out.println(String.format(Locale.ROOT, "%-28s %9.1f   %s", name, bytes / MEGABYTE, note).stripTrailing());
    }

    @Override
    public ObjectNode toJson() {
        ObjectNode json = Json.object();
        json.set("setup", shape.toJson().put("warmUp", warmUp).put("steps", steps));
        json.put("parameterBytes", plan.parameters).put("gradientBytes", plan.gradients).put("momentBytes", plan.moments).put("arenaBytes", plan.arenas())
                .put("arenaBytesPerShard", plan.arena).put("liveBytesPerShard", plan.live)
                .put("recomputeSavesBytes", trade.savedBytes()).put("recomputeMoreOperations", trade.moreOperations());
        json.set("heapUsedBytes", toJson(heapUsed));
        json.put("heapCommittedBytes", heapCommitted).put("otherBytes", rest());
        json.set("residentBytes", toJson(resident));
        return json.put("peakResidentBytes", peakResident);
    }

    private static ObjectNode toJson(Sample bytes) {
        return Json.object().put("median", bytes.median()).put("p05", bytes.quantile(0.05)).put("p95", bytes.quantile(0.95));
    }
}
