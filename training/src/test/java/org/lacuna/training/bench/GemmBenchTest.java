package org.lacuna.training.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.lacuna.graph.Precision;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Workers;

class GemmBenchTest {
    @Test
    void theProductsAreThoseOfTheModelForwardAndBackward() {
        List<MatrixProduct> products = GemmBench.products(TrainBenchTest.TINY);
        assertEquals(13, products.size());
        assertTrue(products.contains(new MatrixProduct("gate, up", MatrixProduct.Pass.DX, 64, 32, 48)), products.toString());
        assertTrue(products.contains(new MatrixProduct("down", MatrixProduct.Pass.DW, 64, 48, 32)), products.toString());
        assertTrue(products.contains(new MatrixProduct("LM head", MatrixProduct.Pass.FORWARD, 64, 32, 64)), products.toString());
        assertEquals(2 * 64 * 32 * 48, products.get(1).flops());
    }

    @Test
    void eachProductOfALayerRuns() {
        try (Workers workers = new Workers(2)) {
            for (MatrixProduct.Pass pass : MatrixProduct.Pass.values()) {
                Sample seconds = new MatrixProduct("any", pass, 8, 5, 7).time(new CpuDevice(), workers, Precision.FP32, 1, 3);
                assertEquals(3, seconds.ascending().length);
                assertTrue(seconds.best() > 0);
            }
        }
    }

    @Test
    void theTableAndTheJsonTellWhatWasMeasured() {
        MatrixProduct product = new MatrixProduct("down", MatrixProduct.Pass.DW, 1000, 1000, 500);
        GemmFigures figures = new GemmFigures(TrainBenchTest.TINY, 1, 2, Map.of(Precision.FP32, List.of(new GemmFigures.Row(product, Sample.of(new double[] {0.1, 0.2})))),
                Map.of(Precision.FP32, "a library"), 5e9);
        JsonNode json = figures.toJson();
        assertEquals(Set.of("setup", "precisions", "copyBytesPerSecond"), TrainBenchTest.keys(json));
        JsonNode fp32 = json.get("precisions").get(0);
        assertEquals("fp32", fp32.get("precision").asText());
        assertEquals(10, fp32.get("peakGflops").asDouble(), 1e-12);
        JsonNode row = fp32.get("products").get(0);
        assertEquals(Set.of("layer", "pass", "rows", "in", "out", "gflops"), TrainBenchTest.keys(row));
        assertEquals(Set.of("median", "best", "p05", "p95"), TrainBenchTest.keys(row.get("gflops")));
        assertEquals("a library", fp32.get("gemm").asText());
        StringWriter text = new StringWriter();
        figures.print(new PrintWriter(text));
        assertTrue(text.toString().contains("by          a library") && text.toString().contains("down        dw"), text.toString());
    }
}
