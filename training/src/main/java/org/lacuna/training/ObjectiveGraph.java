package org.lacuna.training;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.lacuna.graph.Device;
import org.lacuna.graph.Precision;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.program.Program;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.graph.DecoderGraph;
import org.lacuna.training.recipe.Recompute;
import org.lacuna.sparsity.Site;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * A model's training graph and its programs. Without a penalty in the objective, what is differentiated is the loss alone:
 * the penalty is still computed to be logged, but no gradient flows through it.
 */
final class ObjectiveGraph {
    private final ModelConfig config;
    private final boolean penalised;
    private final Precision precision;
    private final SameDiff graph;
    private final List<String> penalties;
    private final List<String> zeros;

    ObjectiveGraph(ModelConfig config, boolean penalised, Precision precision) {
        this.precision = precision;
        this.config = config;
        this.penalised = penalised;
        graph = DecoderGraph.training(config);
        if (!penalised) {
            graph.setLossVariables(DecoderGraph.LOSS);
        }
        penalties = IntStream.range(0, config.layers()).mapToObj(DecoderGraph::penalty).toList();
        zeros = IntStream.range(0, config.layers()).mapToObj(DecoderGraph::zeros).toList();
    }

    /** Forward and backward for {@code rows} windows, cut for so many workers. */
    Program training(Device device, int rows, int window, int panels, Recompute recompute) {
        List<String> outputs = new ArrayList<>(penalties);
        outputs.addAll(zeros);
        return program(device, rows, window, outputs).panels(panels).gradients().recompute(kept(recompute)).build();
    }

    /** What the backward pass starts from. The last layer's begins when its forward pass has just ended, so that nothing would be saved there. */
    private List<String> kept(Recompute recompute) {
        return recompute == Recompute.NONE ? List.of() : IntStream.range(0, config.layers() - 1).mapToObj(DecoderGraph::output).toList();
    }

    /** Forward alone: no penalties. */
    Program forward(Device device, int rows, int window, int panels) {
        return program(device, rows, window, zeros).panels(panels).build();
    }

    private Program.Builder program(Device device, int rows, int window, List<String> outputs) {
        return Program.of(graph, device)
                .precision(precision)
                .placeholder(DecoderGraph.INPUT_IDS, rows, window)
                .placeholder(DecoderGraph.POSITIONS, rows, window)
                .placeholder(DecoderGraph.TARGETS, rows, window)
                .placeholder(DecoderGraph.TOKEN_WEIGHT, rows, window)
                .placeholder(DecoderGraph.OBJECTIVE_COEFFICIENTS, 1 + config.layers())
                .outputs(DecoderGraph.NLL)
                .outputs(outputs.toArray(String[]::new));
    }

    /** Bytes of what is fed to a program of {@code rows} windows: four numbers of 32 bits for each token, and the coefficients. */
    long placeholderBytes(int rows, int window) {
        return (4L * rows * window + 1 + config.layers()) * Float.BYTES;
    }

    /** Whether the penalty is part of what is differentiated. */
    boolean penalised() {
        return penalised;
    }

    /** Each layer's penalty. */
    List<String> penalties() {
        return penalties;
    }

    /** Each layer's count of zeros. */
    List<String> zeros() {
        return zeros;
    }

    int layers() {
        return config.layers();
    }

    /** Elements of a layer's intermediate vectors of a token. */
    int intermediate() {
        return config.intermediate() * config.feedForward().rowsPerToken(Site.INTERMEDIATE);
    }

    /** Objective = loss + λ · mean of the layers' penalties. */
    void fillCoefficients(Tensor coefficients, double lambda) {
        coefficients.setFloat(0, 1);
        for (int layer = 0; layer < config.layers(); layer++) {
            coefficients.setFloat(1 + layer, (float) (lambda / config.layers()));
        }
    }

    /** Each window begins at position 0. */
    static void fillPositions(Tensor positions) {
        int window = Math.toIntExact(positions.shape()[1]);
        for (int i = 0; i < positions.length(); i++) {
            positions.ints().put(i, i % window);
        }
    }
}
