package org.lacuna.graph.program;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.nd4j.autodiff.samediff.SameDiff;

/** SameDiff's own gradient function, without the line that it prints on standard output for each op. */
public final class GradientGraph {
    private GradientGraph() {}

    /**
     * The graph that computes {@code graph} and its gradients; made once for each graph.
     *
     * @param inputs placeholders whose gradients are wanted too
     */
    public static synchronized SameDiff of(SameDiff graph, String... inputs) {
        if (!graph.hasGradientFunction()) {
            if (graph.getLossVariables().isEmpty()) {
                throw new ProgramException("the graph has no loss variable; call setLossVariables before compiling gradients");
            }
            PrintStream before = System.out;
            Thread here = Thread.currentThread();
            PrintStream quiet = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
            System.setOut(new PrintStream(before, false, StandardCharsets.UTF_8) {
                @Override
                public void println(String line) {
                    (Thread.currentThread() == here ? quiet : before).println(line);
                }
            });
            try {
                graph.createGradFunction(inputs);
            } finally {
                System.setOut(before);
            }
        }
        return graph.getFunction("grad");
    }
}
