package org.lacuna.model.graph;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Program;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.nd4j.autodiff.samediff.SameDiff;

class CompileMemoryTest {
    private static final long MOST = 500L << 20;

    /** SameDiff makes a copy of a variable's array for the gradient function. */
    @Test
    void compilingGradientsTakesNoParametersMemory() throws IOException {
        assumeTrue(Files.exists(Path.of("/proc/self/status")));
        ModelConfig config = ModelConfig.llama(32768, 4096, 8192, 2, 32, 32, 128, 1e-6, RotaryPosition.plain(1e4), true, FeedForward.gated("silu"), 64, 0.02,
                OptionalInt.empty(), List.of());
        assertTrue(Float.BYTES * ParameterStore.length(DecoderParameters.of(config)) > 3 * MOST);
        SameDiff graph = DecoderGraph.training(config, TrainingForm.plain());
        graph.setLossVariables(DecoderGraph.LOSS);
        long before = peak();
        Program program = Program.of(graph, new CpuDevice()).placeholder(DecoderGraph.INPUT_IDS, 1, 8).placeholder(DecoderGraph.POSITIONS, 1, 8)
                .placeholder(DecoderGraph.TARGETS, 1, 8).placeholder(DecoderGraph.TOKEN_WEIGHT, 1, 8).outputs(DecoderGraph.LOSS).gradients().build();
        assertTrue(program.arenaBytes() > 0);
        assertTrue(peak() - before < MOST, "compiling took " + (peak() - before) + " bytes more than the process ever had");
    }

    /** The most that this process ever had in memory. */
    private static long peak() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream().filter(line -> line.startsWith("VmHWM:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10).findFirst().orElseThrow();
    }
}
