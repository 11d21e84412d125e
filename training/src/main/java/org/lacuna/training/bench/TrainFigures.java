package org.lacuna.training.bench;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.lacuna.run.folder.Json;
import org.lacuna.training.Flops;

/**
 * What {@code bench train} found.
 *
 * @param shape what was measured
 * @param warmUp steps before the measured ones
 * @param seconds of each measured step
 * @param ops where the time went
 * @param peak what the machine can do
 * @param before memory after the warm-up
 * @param after memory after the last step
 * @param gc pauses during the measured steps
 * @param arenaBytes activations and working memory of one worker
 * @param losses of the first steps, those of the warm-up included, nats a token
 */
record TrainFigures(Shape shape, int warmUp, Sample seconds, List<OpTime> ops, MachinePeak peak, EngineMemory before, EngineMemory after,
        GcPauses.Found gc, long arenaBytes, double[] losses) implements Figures {
    private static final double GIGA = 1e9;
    private static final double MEGABYTE = 1 << 20;
    private static final int MILLI = 1000;
    private static final int PERCENT = 100;

    private int steps() {
        return seconds.ascending().length;
    }

    private double flopsPerStep() {
        return shape.tokens() * Flops.perToken(shape.config(), shape.window());
    }

    /** Billions of operations a second at the median. */
    private double gflops() {
        return flopsPerStep() / seconds.median() / GIGA;
    }

    /** At the median. */
    private double tokensPerSecond() {
        return shape.tokens() / seconds.median();
    }

    /** Heap bytes that the engine's threads allocate in a step. */
    private double allocatedPerStep() {
        return (after.allocatedBytes() - before.allocatedBytes()) / (double) steps();
    }

    /** Time of a step that was spent in no op: adding up gradients, clipping, AdamW, waiting for each other. */
    private double outsideOps() {
        return seconds.mean() - ops.stream().mapToDouble(OpTime::seconds).sum();
    }

    @Override
    public void print(PrintWriter out) {
        out.println(shape);
        out.printf(Locale.ROOT, "step      median %.2f ms (best %.2f, 5 %% %.2f, 95 %% %.2f) of %d steps after %d of warm-up%n", seconds.median() * MILLI,
                seconds.best() * MILLI, seconds.quantile(0.05) * MILLI, seconds.quantile(0.95) * MILLI, steps(), warmUp);
        out.printf(Locale.ROOT, "speed     %,.0f tokens/s, %.1f GFLOPS (%.2f GFLOP a step)%n", tokensPerSecond(), gflops(), flopsPerStep() / GIGA);
        peak.print(out, gflops());
        out.printf(Locale.ROOT, "memory    %.1f MB resident after warm-up, %.1f MB at the end, %.1f MB at most; %.1f MB arena a shard%n",
                before.residentBytes() / MEGABYTE, after.residentBytes() / MEGABYTE, after.peakResidentBytes() / MEGABYTE, arenaBytes / MEGABYTE);
        out.printf(Locale.ROOT, "heap      %,.0f bytes allocated a step; %d collections, the longest %d ms%n", allocatedPerStep(), gc.count(), gc.longestMillis());
        out.println("op                                 ms/step   share      GFLOP         MB   of its limit");
        ops.stream().sorted(Comparator.comparingDouble(OpTime::seconds).reversed()).forEach(op -> row(out, op));
        out.printf(Locale.ROOT, "%-32s %9.2f %5.1f %%%n", "gradient sum, AdamW, waiting", outsideOps() * MILLI, PERCENT * outsideOps() / seconds.mean());
        out.flush();
    }

    private void row(PrintWriter out, OpTime op) {
        out.printf(Locale.ROOT, "%-32s %9.2f %5.1f %%  %9.3f  %9.1f        %5.1f %%%n", op.name(), op.seconds() * MILLI, PERCENT * op.seconds() / seconds.mean(),
                op.flops() / GIGA, op.bytes() / MEGABYTE, PERCENT * op.shareOfLimit(peak));
    }

    @Override
    public ObjectNode toJson() {
        ObjectNode json = Json.object();
        json.set("setup", shape.toJson().put("warmUp", warmUp).put("steps", steps()));
        json.put("parameters", shape.parameters()).put("tokensPerSecond", tokensPerSecond()).put("gflops", gflops()).put("flopsPerStep", flopsPerStep());
        json.set("stepSeconds", seconds.toJson());
        peak.toJson(json);
        json.put("shareOfPeak", gflops() / peak.gflops());
        json.put("residentBytesAfterWarmUp", before.residentBytes()).put("residentBytes", after.residentBytes())
                .put("peakResidentBytes", after.peakResidentBytes()).put("arenaBytesPerShard", arenaBytes);
        json.put("heapBytesAllocatedPerStep", allocatedPerStep());
        json.putObject("gcPauses").put("count", gc.count()).put("longestMilliseconds", gc.longestMillis());
        ArrayNode rows = json.putArray("ops");
        ops.forEach(op -> rows.addObject().put("name", op.name()).put("secondsPerStep", op.seconds()).put("flops", op.flops()).put("bytes", op.bytes())
                .put("shareOfLimit", op.shareOfLimit(peak)));
        json.put("secondsPerStepOutsideOps", outsideOps());
        ArrayNode first = json.putArray("losses");
        Arrays.stream(losses).forEach(first::add);
        return json;
    }
}
