package org.lacuna.training.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.lacuna.graph.Device;
import org.lacuna.graph.Precision;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.op.OpCost;
import org.lacuna.model.Initialization;
import org.lacuna.training.recipe.Recompute;

class TrainBenchTest {
    static final Shape TINY = new Shape(Shape.llama(2, 32, 48, 4, 64, 16), 4, 16, 1, 2, 2, Precision.FP32, Recompute.NONE);

    @Test
    void theTableAndTheJsonTellTheSame() {
        Device device = new CpuDevice();
        TrainFigures figures = (TrainFigures) TrainBench.run(TINY, Initialization.of(TINY.config(), device, 1), TokenBatches.random(TINY), 30, 30, device);
        JsonNode json = figures.toJson();
        assertEquals(new TreeSet<>(Set.of("setup", "parameters", "tokensPerSecond", "gflops", "flopsPerStep", "stepSeconds", "peakGflops", "copyBytesPerSecond",
                "peakProducts", "shareOfPeak", "residentBytesAfterWarmUp", "residentBytes", "peakResidentBytes", "arenaBytesPerShard", "heapBytesAllocatedPerStep",
                "gcPauses", "ops", "secondsPerStepOutsideOps", "losses")), keys(json));
        assertEquals(Set.of("layers", "hidden", "intermediate", "heads", "vocabulary", "batch", "window", "accumulation", "workers", "shards", "precision", "recompute", "warmUp", "steps"), keys(json.get("setup")));
        assertEquals(Set.of("median", "best", "p05", "p95"), keys(json.get("stepSeconds")));
        assertEquals(Set.of("count", "longestMilliseconds"), keys(json.get("gcPauses")));
        assertTrue(json.get("peakGflops").asDouble() > 1 && json.get("copyBytesPerSecond").asDouble() > 1e8, json.toString());
        assertTrue(json.get("peakResidentBytes").asLong() >= json.get("residentBytes").asLong(), json.toString());
        checkOps(json, figures.seconds().mean());
        checkLosses(json.get("losses"));
        StringWriter text = new StringWriter();
        figures.print(new PrintWriter(text));
        assertTrue(text.toString().contains("lacuna_attention_grad") && text.toString().contains("of its limit"), text.toString());
    }

    private static void checkOps(JsonNode json, double meanSeconds) {
        double sum = json.get("secondsPerStepOutsideOps").asDouble();
        assertTrue(sum > 0);
        for (JsonNode op : json.get("ops")) {
            assertEquals(Set.of("name", "secondsPerStep", "flops", "bytes", "shareOfLimit"), keys(op));
            double seconds = op.get("secondsPerStep").asDouble();
            sum += seconds;
            double limit = Math.max(op.get("flops").asDouble() / json.get("peakGflops").asDouble() / 1e9, op.get("bytes").asDouble() / json.get("copyBytesPerSecond").asDouble());
            assertEquals(limit / seconds, op.get("shareOfLimit").asDouble(), 1e-9);
            if (op.get("name").asText().equals("lacuna_linear")) {
                // 64 tokens; in each of 2 layers 4 matrices of 32 × 32 and 3 of 32 × 48
                assertEquals(2L * 64 * 2 * (4 * 32 * 32 + 3 * 32 * 48), op.get("flops").asLong());
            }
        }
        assertEquals(meanSeconds, sum, 1e-9 * meanSeconds);
    }

    /** Of 64 tokens at random, by a model that knows nothing yet. */
    private static void checkLosses(JsonNode losses) {
        assertEquals(10, losses.size());
        assertEquals(Math.log(64), losses.get(0).asDouble(), 0.05);
    }

    static Set<String> keys(JsonNode json) {
        Set<String> keys = new TreeSet<>();
        json.fieldNames().forEachRemaining(keys::add);
        return keys;
    }

    @Test
    void anOpsTimeIsTheMeanOfWorkersAndStepsAndItsWorkTheirSum() {
        List<OpCost> costs = List.of(new OpCost("a", 10, 100), new OpCost("b", 0, 40), new OpCost("a", 20, 200));
        long[][] nanos = {{1_000_000_000L, 2_000_000_000L, 3_000_000_000L}, {3_000_000_000L, 0, 1_000_000_000L}};
        assertEquals(List.of(new OpTime("a", 2, 60, 600), new OpTime("b", 0.5, 0, 80)), OpTime.of(costs, 1, nanos, 2, 2));
        assertEquals(List.of(new OpTime("a", 2, 180, 1800), new OpTime("b", 0.5, 0, 240)), OpTime.of(costs, 3, nanos, 2, 2), "each step in three rounds");
    }

    @Test
    void anOpsLimitIsTheLongerOfMultiplyingAndMoving() {
        MatrixProduct any = new MatrixProduct("any", MatrixProduct.Pass.FORWARD, 1, 1, 1);
        MachinePeak peak = new MachinePeak(List.of(new MachinePeak.Product(any, 2), new MachinePeak.Product(any, 4)), 1e9);
        assertEquals(0.5, new OpTime("multiplies", 2, 4_000_000_000L, 10).shareOfLimit(peak));
        assertEquals(0.25, new OpTime("moves", 2, 10, 500_000_000).shareOfLimit(peak));
    }

    @Test
    void aSampleKnowsItsQuantiles() {
        double[] values = new double[101];
        Arrays.setAll(values, i -> 100 - i);
        Sample sample = Sample.of(values);
        assertEquals(List.of(0.0, 5.0, 50.0, 95.0), List.of(sample.best(), sample.quantile(0.05), sample.median(), sample.quantile(0.95)));
        assertEquals(50, sample.mean());
    }

    @Test
    void aCollectionIsAPause() {
        GcPauses pauses = new GcPauses();
        System.gc();
        GcPauses.Found found = pauses.end();
        assertTrue(found.count() >= 1 && found.longestMillis() >= 0, found.toString());
    }
}
