package org.lacuna.training.bench;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.lacuna.run.folder.Json;

/**
 * What the bench found.
 *
 * @param setup what was measured
 * @param parameters of the model
 * @param flopsPerStep by {@link org.lacuna.training.Flops}
 * @param seconds of each measured step, ascending
 * @param opSeconds op name to seconds a step, all workers added up
 * @param products the machine's matrix products
 * @param before memory after the warm-up
 * @param after memory after the last step
 * @param arenaBytes activations and working memory of one worker
 */
public record BenchReport(TrainBench.Setup setup, long parameters, double flopsPerStep, double[] seconds, Map<String, Double> opSeconds,
        List<GemmPeak.Product> products, EngineMemory before, EngineMemory after, long arenaBytes) {
    private static final double GIGA = 1e9;
    private static final double MEGABYTE = 1 << 20;

    private double quantile(double q) {
        return seconds[(int) Math.round(q * (seconds.length - 1))];
    }

    /** Median seconds of a step. */
    public double median() {
        return quantile(0.5);
    }

    /** Billions of operations a second at the median. */
    public double gflops() {
        return flopsPerStep / median() / GIGA;
    }

    /** Tokens a second at the median. */
    public double tokensPerSecond() {
        return (double) setup.batch() * setup.window() / median();
    }

    /** The best of the matrix products, GFLOPS. */
    public double peakGflops() {
        return products.stream().mapToDouble(GemmPeak.Product::gflops).max().orElseThrow();
    }

    /** Heap bytes that the engine's threads allocate in a step. */
    public double allocatedPerStep() {
        return (after.allocatedBytes() - before.allocatedBytes()) / (double) setup.steps();
    }

    /** Time of workers that was spent in no op: adding up gradients, clipping, AdamW, waiting for each other. */
    private double outsideOps() {
        double mean = 0;
        for (double s : seconds) {
            mean += s / seconds.length;
        }
        return mean * setup.workers() - opSeconds.values().stream().mapToDouble(Double::doubleValue).sum();
    }

    /** The table. */
    public void print(PrintWriter out) {
        TrainBench.Setup s = setup;
        out.printf(Locale.ROOT, "Llama, %d layers, hidden %d, FFN %d, %d heads, vocabulary %d: %,d parameters; batch %d × %d, %s, %d workers%n",
                s.layers(), s.hidden(), s.intermediate(), s.heads(), s.vocabulary(), parameters, s.batch(), s.window(), s.precision().name().toLowerCase(Locale.ROOT), s.workers());
        out.printf(Locale.ROOT, "step      median %.2f ms (best %.2f, 5 %% %.2f, 95 %% %.2f) of %d steps after %d of warm-up%n", median() * 1e3, quantile(0) * 1e3,
                quantile(0.05) * 1e3, quantile(0.95) * 1e3, s.steps(), s.warmUp());
        out.printf(Locale.ROOT, "speed     %,.0f tokens/s, %.1f GFLOPS (%.2f GFLOP a step)%n", tokensPerSecond(), gflops(), flopsPerStep / GIGA);
        out.printf(Locale.ROOT, "peak      %.1f GFLOPS by this machine's matrix product; the step reaches %.1f %% of it%n", peakGflops(), 100 * gflops() / peakGflops());
        for (GemmPeak.Product p : products) {
            out.printf(Locale.ROOT, "          %d × %d × %d: %.1f GFLOPS%n", p.rows(), p.in(), p.out(), p.gflops());
        }
        out.printf(Locale.ROOT, "memory    %.1f MB resident after warm-up, %.1f MB at the end; %.1f MB arena a worker; %,.0f bytes of heap allocated a step%n",
                before.residentBytes() / MEGABYTE, after.residentBytes() / MEGABYTE, arenaBytes / MEGABYTE, allocatedPerStep());
        out.println("op                              ms/step of all workers    share");
        double all = opSeconds.values().stream().mapToDouble(Double::doubleValue).sum() + outsideOps();
        opSeconds.entrySet().stream().sorted(Map.Entry.<String, Double>comparingByValue().reversed())
                .forEach(e -> row(out, e.getKey(), e.getValue(), all));
        row(out, "gradient sum, AdamW, waiting", outsideOps(), all);
        out.flush();
    }

    private static void row(PrintWriter out, String name, double seconds, double all) {
        out.printf(Locale.ROOT, "%-32s %21.2f  %5.1f %%%n", name, seconds * 1e3, 100 * seconds / all);
    }

    /** The same numbers. */
    public ObjectNode toJson() {
        ObjectNode json = Json.object();
        json.putObject("setup").put("layers", setup.layers()).put("hidden", setup.hidden()).put("intermediate", setup.intermediate())
                .put("heads", setup.heads()).put("vocabulary", setup.vocabulary()).put("batch", setup.batch()).put("window", setup.window())
                .put("warm_up", setup.warmUp()).put("steps", setup.steps()).put("workers", setup.workers())
                .put("precision", setup.precision().name().toLowerCase(Locale.ROOT));
        json.put("parameters", parameters).put("flops_per_step", flopsPerStep).put("tokens_per_second", tokensPerSecond()).put("gflops", gflops());
        json.putObject("step_seconds").put("median", median()).put("best", quantile(0)).put("p05", quantile(0.05)).put("p95", quantile(0.95));
        json.put("peak_gflops", peakGflops()).put("share_of_peak", gflops() / peakGflops());
        ArrayNode shapes = json.putArray("matrix_products");
        products.forEach(p -> shapes.addObject().put("rows", p.rows()).put("in", p.in()).put("out", p.out()).put("gflops", p.gflops()));
        json.putObject("memory").put("resident_bytes_after_warm_up", before.residentBytes()).put("resident_bytes_at_end", after.residentBytes())
                .put("arena_bytes_per_worker", arenaBytes).put("heap_bytes_allocated_per_step", allocatedPerStep());
        ObjectNode ops = json.putObject("op_seconds_per_step_of_all_workers");
        opSeconds.forEach(ops::put);
        json.put("outside_ops_seconds_per_step_of_all_workers", outsideOps());
        return json;
    }
}
