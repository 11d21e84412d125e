package org.lacuna.training.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.lacuna.graph.cpu.CpuDevice;

class MemoryBenchTest {
    @Test
    void thePartsMakeUpWhatIsResident() {
        Figures figures = MemoryBench.run(TrainBenchTest.TINY, 1, 3, new CpuDevice());
        JsonNode json = figures.toJson();
        assertEquals(Set.of("setup", "parameterBytes", "gradientBytes", "momentBytes", "arenaBytes", "arenaBytesPerShard", "liveBytesPerShard", "recomputeSavesBytes", "recomputeMoreOperations", "heapUsedBytes",
                "heapCommittedBytes", "otherBytes", "residentBytes", "peakResidentBytes"), TrainBenchTest.keys(json));
        // 2 embeddings of 64 × 32, 2 layers, norms of 32
        long parameters = 4L * (2 * 64 * 32 + 2 * (4 * 32 * 32 + 3 * 32 * 48 + 2 * 32) + 32);
        assertEquals(parameters, json.get("parameterBytes").asLong());
        assertEquals(2 * parameters, json.get("gradientBytes").asLong());
        assertEquals(2 * parameters, json.get("momentBytes").asLong());
        assertEquals(2 * json.get("arenaBytesPerShard").asLong(), json.get("arenaBytes").asLong());
        assertTrue(json.get("liveBytesPerShard").asLong() <= json.get("arenaBytesPerShard").asLong(), json.toString());
        double sum = json.get("heapUsedBytes").get("median").asDouble();
        for (String part : new String[] {"parameterBytes", "gradientBytes", "momentBytes", "arenaBytes", "otherBytes"}) {
            sum += json.get(part).asDouble();
        }
        assertEquals(json.get("residentBytes").get("median").asDouble(), sum, 1);
        StringWriter text = new StringWriter();
        figures.print(new PrintWriter(text));
        assertTrue(text.toString().contains("arenas") && text.toString().contains("the rest"), text.toString());
    }
}
