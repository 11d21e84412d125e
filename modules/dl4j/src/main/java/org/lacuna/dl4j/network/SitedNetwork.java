package org.lacuna.dl4j.network;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.deeplearning4j.nn.api.layers.IOutputLayer;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.BaseOutputLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.graph.vertex.VertexIndices;
import org.deeplearning4j.nn.graph.vertex.impl.LayerVertex;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.lacuna.dl4j.layer.FeedForwardBlock;
import org.lacuna.dl4j.layer.FeedForwardRun;
import org.lacuna.run.InputException;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.lossfunctions.ILossFunction;

/**
 * A network that is run up to one layer, and on from there with other activations in their place. The site is what the layer puts out, or, of
 * Lacuna's block, what its down projection reads. A row is one vector: of a sequence that of one step; of an image all its channels together.
 */
final class SitedNetwork {
    private static final LayerWorkspaceMgr NONE = LayerWorkspaceMgr.noWorkspaces();

    private final ComputationGraph graph;
    private final GraphVertex[] vertices;
    private final int[] order;
    private final int site;
    private final int output;
    private final boolean[] behind;
    /** What each vertex up to the site put out; those behind it are not there. */
    private final INDArray[] activations;

    /**
     * Finds the layer.
     *
     * @param layer its name or index; null for the last of Lacuna's blocks, else the last layer before the output
     * @throws InputException if there is none of that name, or the network has more than one input or output, or no output layer
     */
    SitedNetwork(ComputationGraph graph, String layer) {
        this.graph = graph;
        vertices = graph.getVertices();
        order = graph.topologicalSortOrder();
        activations = new INDArray[vertices.length];
        if (graph.getNumInputArrays() != 1 || graph.getNumOutputArrays() != 1) {
            throw new InputException("the network has " + graph.getNumInputArrays() + " inputs and " + graph.getNumOutputArrays() + " outputs; networks of one each are measured");
        }
        output = graph.getVertex(graph.getConfiguration().getNetworkOutputs().get(0)).getVertexIndex();
        if (!(vertices[output].getLayer() instanceof IOutputLayer)) {
            throw new InputException("the network's output is no output layer, so it has no loss; end it with an OutputLayer, RnnOutputLayer or LossLayer");
        }
        List<GraphVertex> layers = new ArrayList<>();
        for (int index : order) {
            if (vertices[index] instanceof LayerVertex && index != output) {
                layers.add(vertices[index]);
            }
        }
        if (layers.isEmpty()) {
            throw new InputException("the network has no layer before its output, so nothing can be left out");
        }
        site = layer == null ? chosen(layers).getVertexIndex() : named(layers, layer).getVertexIndex();
        behind = new boolean[vertices.length];
        for (int index : order) {
            for (VertexIndices from : inputs(index)) {
                behind[index] |= from.getVertexIndex() == site || behind[from.getVertexIndex()];
            }
        }
        if (!behind[output]) {
            throw new InputException("the output does not depend on layer \"" + name() + "\"");
        }
    }

    private static GraphVertex chosen(List<GraphVertex> layers) {
        for (int i = layers.size() - 1; i >= 0; i--) {
            if (layers.get(i).getLayer() instanceof FeedForwardRun) {
                return layers.get(i);
            }
        }
        return layers.get(layers.size() - 1);
    }

    private static GraphVertex named(List<GraphVertex> layers, String wanted) {
        for (GraphVertex vertex : layers) {
            if (wanted.equals(vertex.getVertexName()) || wanted.equals(conf(vertex).getLayerName())) {
                return vertex;
            }
        }
        throw new InputException("--layer: there is no layer \"" + wanted + "\" before the output; there are "
                + String.join(", ", layers.stream().map(vertex -> vertex.getVertexName() + " (" + conf(vertex).getClass().getSimpleName() + ")").toList()));
    }

    private static Layer conf(GraphVertex vertex) {
        return vertex.getLayer().conf().getLayer();
    }

    private VertexIndices[] inputs(int index) {
        VertexIndices[] inputs = vertices[index].getInputVertices();
        return inputs == null ? new VertexIndices[0] : inputs;
    }

    /** The layer's name. */
    String name() {
        return vertices[site].getVertexName();
    }

    /** The layer's configuration. */
    Layer layer() {
        return conf(vertices[site]);
    }

    /** The output layer. */
    IOutputLayer outputLayer() {
        return (IOutputLayer) vertices[output].getLayer();
    }

    /** The output layer's loss; empty for a layer that has one of its own making. */
    Optional<ILossFunction> loss() {
        Layer layer = outputLayer().conf().getLayer();
        return layer instanceof BaseOutputLayer output ? Optional.of(output.getLossFn()) : layer instanceof LossLayer output ? Optional.of(output.getLossFn()) : Optional.empty();
    }

    /** The name of the function that the site's vectors come from. */
    String activation() {
        Layer layer = layer();
        return layer instanceof FeedForwardBlock block ? block.activation() : layer instanceof BaseLayer base ? String.valueOf(base.getActivationFn()) : "none of its own";
    }

    /** What is at the site without a rule: [rows, n], rows in the order of examples, then steps. */
    INDArray rows(INDArray features) {
        graph.setInputs(features);
        for (int index : order) {
            if (!behind[index] && index != output) {
                activations[index] = vertices[index].isInputVertex() ? features : forward(index, activations);
            }
        }
        INDArray at = activations[site];
        if (vertices[site].getLayer() instanceof FeedForwardRun block) {
            return block.intermediate(block.input());
        }
        return switch (at.rank()) {
            case 2 -> at;
            case 3 -> at.permute(0, 2, 1).dup('c').reshape(at.size(0) * at.size(2), at.size(1));
            case 4, 5 -> at.dup('c').reshape(at.size(0), at.length() / at.size(0));
            default -> throw new InputException("layer \"" + name() + "\" puts out " + at.shapeInfoToString() + "; vectors, sequences and images are measured");
        };
    }

    /** What the network puts out with {@code rows} at the site, for the features that {@link #rows} was given last. */
    INDArray output(INDArray rows) {
        INDArray[] all = activations.clone();
        INDArray at = activations[site];
        if (vertices[site].getLayer() instanceof FeedForwardRun block) {
            all[site] = block.down(rows, block.input());
        } else {
            all[site] = at.rank() == 3 ? rows.reshape(at.size(0), at.size(2), at.size(1)).permute(0, 2, 1).dup('c') : rows.reshape(at.shape());
        }
        for (int index : order) {
            if (behind[index]) {
                all[index] = forward(index, all);
            }
        }
        return all[output];
    }

    /** The loss of each example, of a sequence summed over its steps, of what went through {@link #output} last. */
    double[] losses(INDArray labels) {
        outputLayer().setLabels(labels);
        return outputLayer().computeScoreForExamples(0, NONE).toDoubleVector();
    }

    private INDArray forward(int index, INDArray[] from) {
        VertexIndices[] inputs = inputs(index);
        for (int i = 0; i < inputs.length; i++) {
            // A copy, since a layer may compute in its input's place.
            vertices[index].setInput(i, from[inputs[i].getVertexIndex()].dup(), NONE);
        }
        return vertices[index].doForward(false, NONE);
    }
}
