package org.lacuna.dl4j.network;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.graph.SubsetVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.inputs.InputType.InputTypeConvolutional;
import org.deeplearning4j.nn.conf.inputs.InputType.InputTypeFeedForward;
import org.deeplearning4j.nn.conf.inputs.InputType.InputTypeRecurrent;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.RnnLossLayer;
import org.deeplearning4j.nn.conf.layers.Subsampling1DLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.wrapper.BaseWrapperLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.lacuna.dl4j.layer.FeedForwardBlock;
import org.lacuna.run.InputException;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What goes from layer to layer for one example, told from the configuration before anything is computed: each layer reads as many values as it is
 * given, and all of them together are not too many.
 */
final class Shapes {
    /** Values that one example may take. */
    private static final double MOST = 1L << 26;
    /** Values that are held at once; 1 GB as floats. */
    private static final long MOST_AT_ONCE = 1L << 28;
    private static final int MOST_EXAMPLES = 256;

    /** What a vertex puts out, and the time steps of an example, also where the rows of all are side by side; 1 without time. */
    private record Out(InputType type, long steps) {
        long size() {
            return type instanceof InputTypeRecurrent sequence ? sequence.getSize() : type instanceof InputTypeConvolutional image ? image.getChannels() : type.arrayElementsPerExample();
        }

        double elements() {
            return type instanceof InputTypeConvolutional image ? (double) image.getChannels() * Math.max(0, image.getHeight()) * Math.max(0, image.getWidth()) : (double) size() * steps;
        }
    }

    private final String file;
    private final String data;
    private double elements;
    private InputType output;

    private Shapes(String file, String data) {
        this.file = file;
        this.data = data;
    }

    /**
     * Goes through the network.
     *
     * @param file     whose network it is, for messages
     * @param data     what the features are of, for messages
     * @param features [examples, n] or [examples, n, time]
     * @throws InputException if the network does not read such features, its layers do not fit each other, or an example takes too many values
     */
    static Shapes of(String file, ComputationGraph graph, String data, INDArray features) {
        Shapes shapes = new Shapes(file, data + ", arrays of " + Arrays.toString(features.shape()));
        long steps = features.rank() == 3 ? features.size(2) : 1;
        Out in = new Out(features.rank() == 3 ? InputType.recurrent(features.size(1), steps) : InputType.feedForward(features.size(1)), steps);
        shapes.walk(graph, in);
        return shapes;
    }

    /** How many examples may be computed at once. */
    int examples() {
        return (int) Math.max(1, Math.min(MOST_EXAMPLES, MOST_AT_ONCE / Math.max(1, elements)));
    }

    /** What the network puts out. */
    InputType output() {
        return output;
    }

    private void walk(ComputationGraph graph, Out in) {
        // Some of Deeplearning4j's own vertices note what they were asked.
        ComputationGraphConfiguration config = graph.getConfiguration().clone();
        String input = config.getNetworkInputs().get(0);
        Map<String, Out> outs = new HashMap<>(Map.of(input, in));
        for (int index : graph.topologicalSortOrder()) {
            String name = graph.getVertices()[index].getVertexName();
            if (name.equals(input)) {
                continue;
            }
            GraphVertex vertex = config.getVertices().get(name);
            List<String> from = config.getVertexInputs().get(name);
            Layer layer = vertex instanceof LayerVertex holder ? holder.getLayerConf().getLayer() : null;
            String which = (layer == null ? "vertex \"" : "layer \"") + name + "\" (" + (layer == null ? vertex : layer).getClass().getSimpleName() + ")";
            String where = (from.contains(input) ? "the network can't read " + data + ": " : file + ": ") + which;
            Out out;
            try {
                out = out(where, vertex, layer, from.stream().map(outs::get).toList(), index);
            } catch (InputException e) {
                throw e;
            } catch (RuntimeException e) {
                throw new InputException(where + ": " + String.valueOf(e.getMessage()).lines().findFirst().orElse(""), e);
            }
            elements += out.elements();
            if (!(out.elements() >= 1) || elements > MOST) {
                throw new InputException(file + ": " + which + " puts out " + out.type() + (elements > MOST ? String.format(", and up to it an example takes %.0f values; at most %.0f are computed",
                        elements, MOST) : ", which is nothing"));
            }
            outs.put(name, out);
        }
        output = outs.get(config.getNetworkOutputs().get(0)).type();
    }

    private Out out(String where, GraphVertex vertex, Layer layer, List<Out> from, int index) {
        Out in = from.get(0);
        if (layer != null) {
            if (((LayerVertex) vertex).getPreProcessor() != null) {
                Out prepared = timed(((LayerVertex) vertex).getPreProcessor().getOutputType(in.type()), in.steps());
                if (prepared.elements() != in.elements()) {
                    throw new InputException(where + " reads " + prepared.type() + " of " + in.elements() + " values");
                }
                in = prepared;
            }
            checkReads(where, layer, in);
            InputType type = layer.getOutputType(index, in.type());
            if (layer instanceof EmbeddingSequenceLayer) {
                // Ids, one a step, whatever the configuration says of their number.
                return new Out(InputType.recurrent(((InputTypeRecurrent) type).getSize(), (long) in.elements()), (long) in.elements());
            }
            Out out = timed(type, in.type() instanceof InputTypeRecurrent && type instanceof InputTypeFeedForward ? 1 : in.steps());
            elements += beside(layer, in, out);
            return out;
        }
        for (Out other : from) {
            if (vertex instanceof ElementWiseVertex && other.elements() != in.elements()) {
                throw new InputException(where + " puts together " + in.type() + " and " + other.type());
            }
        }
        if (vertex instanceof SubsetVertex subset && !(0 <= subset.getFrom() && subset.getFrom() <= subset.getTo() && subset.getTo() < in.size())) {
            throw new InputException(where + " takes " + subset.getFrom() + " to " + subset.getTo() + " of " + in.size() + " values, counted from 0");
        }
        return timed(vertex.getOutputType(index, from.stream().map(Out::type).toArray(InputType[]::new)), from.stream().mapToLong(Out::steps).max().orElse(1));
    }

    /** The type, with the time steps that it lacks or has. */
    private static Out timed(InputType type, long steps) {
        if (type instanceof InputTypeRecurrent sequence) {
            long length = sequence.getTimeSeriesLength() > 0 ? sequence.getTimeSeriesLength() : steps;
            return new Out(InputType.recurrent(sequence.getSize(), length), length);
        }
        return new Out(type, steps);
    }

    private static void checkReads(String where, Layer layer, Out in) {
        if (layer instanceof FrozenLayer frozen) {
            checkReads(where, frozen.getLayer(), in);
        } else if (layer instanceof BaseWrapperLayer wrapper) {
            checkReads(where, wrapper.getUnderlying(), in);
        } else if (layer instanceof Bidirectional both) {
            checkReads(where, both.getFwd(), in);
            checkReads(where, both.getBwd(), in);
            if (!both.getFwd().getClass().equals(both.getBwd().getClass()) || !both.getFwd().getOutputType(0, in.type()).equals(both.getBwd().getOutputType(0, in.type()))) {
                throw new InputException(where + ": its two directions differ");
            }
        } else if (layer instanceof GlobalPoolingLayer pooling && pooling.getPoolingDimensions() != null
                && !Arrays.equals(pooling.getPoolingDimensions(), in.type() instanceof InputTypeRecurrent ? new int[] {2} : new int[] {2, 3})) {
            throw new InputException(where + ": pools the dimensions " + Arrays.toString(pooling.getPoolingDimensions()) + " of " + in.type());
        } else if (layer instanceof EmbeddingLayer ? in.size() != 1 : reads(layer) >= 0 && reads(layer) != in.size()) {
            throw new InputException(where + " reads " + (layer instanceof EmbeddingLayer ? 1 : reads(layer)) + " values, not " + in.size());
        }
    }

    /** Values of a vector, or channels, that a layer reads; -1 for one that reads any. */
    private static long reads(Layer layer) {
        boolean any = layer instanceof EmbeddingSequenceLayer || layer instanceof DropoutLayer || layer instanceof LossLayer || layer instanceof RnnLossLayer;
        return any ? -1 : layer instanceof FeedForwardBlock block ? block.nIn() : layer instanceof FeedForwardLayer weighted ? weighted.getNIn() : -1;
    }

    /** What a layer reads or holds beside its output: the patches of a convolution or a pooling, the vectors within a block. */
    private static double beside(Layer layer, Out in, Out out) {
        if (layer instanceof FrozenLayer frozen) {
            return beside(frozen.getLayer(), in, out);
        }
        if (layer instanceof FeedForwardBlock block) {
            return (block.gated() ? 3.0 : 2.0) * block.inner() * in.steps();
        }
        int[] kernel = layer instanceof ConvolutionLayer convolution ? convolution.getKernelSize() : layer instanceof SubsamplingLayer pooling ? pooling.getKernelSize() : new int[2];
        boolean sequence = layer instanceof Convolution1DLayer || layer instanceof Subsampling1DLayer;
        return (double) in.size() * kernel[0] * (sequence ? 1 : kernel[1]) * (out.elements() / out.size());
    }
}
