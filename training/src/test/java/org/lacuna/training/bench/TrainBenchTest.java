package org.lacuna.training.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.lacuna.graph.Precision;
import org.lacuna.graph.cpu.CpuDevice;

class TrainBenchTest {
    @Test
    void theSharesMakeAWholeAndTheStepAllocatesNothing() {
        BenchReport report = TrainBench.run(new TrainBench.Setup(2, 32, 48, 4, 64, 4, 16, 30, 30, 2, Precision.FP32), new CpuDevice());
        JsonNode json = report.toJson();
        double sum = json.get("outside_ops_seconds_per_step_of_all_workers").asDouble();
        for (JsonNode op : json.get("op_seconds_per_step_of_all_workers")) {
            assertTrue(op.asDouble() >= 0);
            sum += op.asDouble();
        }
        assertTrue(json.get("outside_ops_seconds_per_step_of_all_workers").asDouble() > 0);
        double mean = 0;
        for (double s : report.seconds()) {
            mean += s / report.seconds().length;
        }
        assertEquals(2 * mean, sum, 1e-9 * mean);
        assertTrue(json.get("peak_gflops").asDouble() > 1 && json.get("share_of_peak").asDouble() > 0);
        assertTrue(json.get("tokens_per_second").asDouble() > 0);
        StringWriter text = new StringWriter();
        report.print(new PrintWriter(text));
        assertTrue(text.toString().contains("lacuna_attention_grad") && text.toString().contains("% of it"), text.toString());
    }
}
