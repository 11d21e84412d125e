package org.lacuna.training.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.lacuna.graph.cpu.CpuDevice;

class EvalBenchTest {
    @Test
    void theGridIsMeasuredTogetherAndOneByOne() {
        MatrixProduct any = new MatrixProduct("any", MatrixProduct.Pass.FORWARD, 1, 1, 1);
        MachinePeak peak = new MachinePeak(List.of(new MachinePeak.Product(any, 100)), 1e10);
        EvalFigures figures = EvalBench.run(TrainBenchTest.TINY, 1, 3, new CpuDevice(), peak);
        JsonNode json = figures.toJson();
        assertEquals(Set.of("setup", "grid", "dense", "gridTogether", "gridOneByOne", "ratio", "peakGflops", "copyBytesPerSecond", "peakProducts"), TrainBenchTest.keys(json));
        assertEquals(8, json.get("grid").size());
        assertEquals(Set.of("tokensPerSecond", "gflops", "passSeconds"), TrainBenchTest.keys(json.get("dense")));
        JsonNode together = json.get("gridTogether");
        assertEquals(8 * 64 / together.get("passSeconds").get("median").asDouble(), together.get("tokensPerSecond").asDouble(), 1e-6);
        assertEquals(json.get("ratio").asDouble(), together.get("tokensPerSecond").asDouble() / json.get("gridOneByOne").get("tokensPerSecond").asDouble(), 1e-9);
        StringWriter text = new StringWriter();
        figures.print(new PrintWriter(text));
        assertTrue(text.toString().contains("grid of 8, one by one"), text.toString());
    }
}
