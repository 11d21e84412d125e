package org.lacuna.graph.op;

import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Inverted dropout (Srivastava et al. 2014): each element is left out with probability p, and the others grow so that the mean stays.
 *
 * <pre>
 * in:  v [any shape], key [2] INT, any numbers; has no gradient
 * out: y [same shape], y_j = v_j / (1 − p) where element j is kept, else 0
 * floating argument 0: p, integer argument 0: the stream, which tells a network's dropouts apart
 * </pre>
 * Whether element j is kept is a hash of key, stream and j, its place in the tensor: nothing is remembered, the backward pass finds the
 * same mask by the same key, and a step that runs again gives the same bits. Two tensors under one key have the same mask: parts of a
 * batch that are computed apart want keys of their own. The derivative is the op itself, of dy.
 *
 * <p>Key and stream are mixed by the finaliser of SplitMix64 (Steele, Lea and Flood 2014) to two halves a and b; j is kept where the upper
 * 31 bits of f(f(j + a) ⊕ b) are p · 2³¹ or more, f being that of MurmurHash3 for 32 bits (Appleby 2011).
 */
public final class Dropout extends LacunaOp {
    public static final String NAME = "lacuna_dropout";

    public Dropout() {}

    private Dropout(SameDiff sd, SDVariable v, SDVariable key, double rate, int stream) {
        super(sd, v, key);
        addTArgument(rate);
        addIArgument(stream);
    }

    /**
     * Adds the op to the graph under {@code name}.
     *
     * @param rate 0 ≤ p &lt; 1; with 0, the output is v to the bit
     * @param stream another one for each dropout of a network
     */
    public static SDVariable of(SameDiff sd, String name, SDVariable v, SDVariable key, double rate, int stream) {
        if (!(rate >= 0 && rate < 1)) {
            throw new IllegalArgumentException(NAME + " wants a rate from 0 to below 1, not " + rate);
        }
        if (key.dataType() != DataType.INT32) {
            throw new IllegalArgumentException(NAME + " wants a key of INT, not " + key.dataType());
        }
        return new Dropout(sd, v, key, rate, stream).outputVariables(name)[0];
    }

    /** Which of the network's dropouts it is. */
    public int stream() {
        return integer(0);
    }

    /** What kept elements are multiplied by: 1 / (1 − p). */
    public double scale() {
        return 1 / (1 - floating(0));
    }

    /** p · 2³¹, at most 2³¹ − 1. */
    public int threshold() {
        return (int) Math.min(Integer.MAX_VALUE, Math.round(floating(0) * 0x1p31));
    }

    /** a in its lower half, b in its upper. */
    public static long seed(int key0, int key1, int stream) {
        return mix(mix((long) key1 << 32 | key0 & 0xffff_ffffL) + stream);
    }

    /** Whether element {@code j} is kept. */
    public static boolean keeps(long seed, int j, int threshold) {
        return mix(mix(j + (int) seed) ^ (int) (seed >>> 32)) >>> 1 >= threshold;
    }

    private static long mix(long z) {
        long x = z + 0x9e3779b97f4a7c15L;
        x = (x ^ x >>> 30) * 0xbf58476d1ce4e5b9L;
        x = (x ^ x >>> 27) * 0x94d049bb133111ebL;
        return x ^ x >>> 31;
    }

    private static int mix(int h) {
        int x = (h ^ h >>> 16) * 0x85ebca6b;
        x = (x ^ x >>> 13) * 0xc2b2ae35;
        return x ^ x >>> 16;
    }

    @Override
    public String opName() {
        return NAME;
    }

    @Override
    public int getNumOutputs() {
        return 1;
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        if (!Arrays.equals(in[1], new long[] {2})) {
            throw new IllegalArgumentException(NAME + " wants a key [2], not " + Arrays.toString(in[1]));
        }
        return new long[][] {in[0]};
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        double[] v = in[0].dup('c').data().asDouble();
        long seed = seed(in[1].getInt(0), in[1].getInt(1), stream());
        for (int j = 0; j < v.length; j++) {
            v[j] = keeps(seed, j, threshold()) ? v[j] * scale() : 0;
        }
        out[0].assign(Nd4j.createFromArray(v).reshape(out[0].shape()).castTo(out[0].dataType()));
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(new Dropout(sameDiff, gradients.get(0), arg(1), floating(0), stream()).outputVariable());
    }
}
