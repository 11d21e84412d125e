package org.lacuna.graph.op;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One or several linear layers on one input, their weights stored as Hugging Face stores those of {@code nn.Linear}.
 *
 * <pre>
 * in:  x [B, T, I], W_1 [O_1, I], …, W_k [O_k, I], and either no bias or all: b_1 [O_1], …, b_k [O_k]
 * out: y_j [B, T, O_j] = x · W_jᵀ + b_j
 * integer arguments: k, whether there are biases (0 or 1)
 * </pre>
 * Layers that share an input share an op, so that the gradient of x is summed up in one place. Gradients:
 * {@link LinearDx}, {@link LinearDw}, {@link LinearDb}.
 */
public final class Linear extends LacunaOp {
    public static final String NAME = "lacuna_linear";

    public Linear() {}

    private Linear(SameDiff sd, int layers, boolean biased, SDVariable... args) {
        super(sd, args);
        addIArgument(layers, biased ? 1 : 0);
    }

    /** Adds x · Wᵀ to the graph under {@code name}. */
    public static SDVariable of(SameDiff sd, String name, SDVariable x, SDVariable weight) {
        return of(sd, List.of(name), x, List.of(weight), List.of())[0];
    }

    /**
     * Adds several linear layers on {@code x} to the graph.
     *
     * @param names of the outputs, one for each weight
     * @param biases one for each weight, or none
     */
    public static SDVariable[] of(SameDiff sd, List<String> names, SDVariable x, List<SDVariable> weights, List<SDVariable> biases) {
        int k = weights.size();
        if (names.size() != k || !biases.isEmpty() && biases.size() != k) {
            throw new IllegalArgumentException(k + " weights, " + names.size() + " names, " + biases.size() + " biases: one name for each weight, and one bias for each or none");
        }
        List<SDVariable> args = new ArrayList<>(List.of(x));
        args.addAll(weights);
        args.addAll(biases);
        SDVariable[] outputs = new Linear(sd, k, !biases.isEmpty(), args.toArray(SDVariable[]::new)).outputVariables(names.get(0));
        for (int j = 1; j < k; j++) {
            outputs[j].rename(names.get(j));
        }
        return outputs;
    }

    /** k, the number of weights. */
    public int layers() {
        return integer(0);
    }

    /** Whether each layer has a bias. */
    public boolean biased() {
        return integer(1) == 1;
    }

    @Override
    public String opName() {
        return NAME;
    }

    @Override
    public int getNumOutputs() {
        return numIArguments() == 0 ? 1 : layers(); // the arguments come after the constructor that SameDiff uses
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        int k = layers();
        long[] x = in[0];
        long[][] out = new long[k][];
        for (int j = 0; j < k; j++) {
            long[] w = in[1 + j];
            if (x.length != 3 || w.length != 2 || w[1] != x[2]) {
                throw new IllegalArgumentException(NAME + " wants x [B, T, I] and weights [O, I], not " + Arrays.toString(x) + " and weight " + j + " " + Arrays.toString(w));
            }
            if (biased() && !Arrays.equals(in[1 + k + j], new long[] {w[0]})) {
                throw new IllegalArgumentException(NAME + ": bias " + j + " should be [" + w[0] + "], not " + Arrays.toString(in[1 + k + j]));
            }
            out[j] = new long[] {x[0], x[1], w[0]};
        }
        return out;
    }

    /** x · W_jᵀ for each weight. */
    @Override
    public long flops(long[][] in) {
        long flops = 0;
        for (int j = 0; j < layers(); j++) {
            flops += product(in[0], in[1 + j][0]);
        }
        return flops;
    }

    /** Operations of a product between the rows of x [B, T, I] and a matrix of I × {@code columns}. */
    static long product(long[] x, long columns) {
        return 2 * x[0] * x[1] * x[2] * columns;
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        INDArray x = rows(in[0]);
        for (int j = 0; j < layers(); j++) {
            INDArray y = x.mmul(in[1 + j].transpose());
            out[j].assign((biased() ? y.addRowVector(in[1 + layers() + j]) : y).reshape(out[j].shape()));
        }
    }

    /** [B, T, n] as [B · T, n]. */
    static INDArray rows(INDArray x) {
        return x.dup('c').reshape(x.size(0) * x.size(1), x.size(2));
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> dy) {
        SDVariable[] in = args();
        int k = layers();
        List<SDVariable> result = new ArrayList<>();
        result.add(LinearDx.of(sameDiff, dy, Arrays.asList(in).subList(1, 1 + k)));
        for (int j = 0; j < k; j++) {
            result.add(LinearDw.of(sameDiff, in[0], dy.get(j)));
        }
        for (int j = 0; biased() && j < k; j++) {
            result.add(LinearDb.of(sameDiff, dy.get(j)));
        }
        return result;
    }
}
