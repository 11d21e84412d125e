package org.lacuna.graph.op;

import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Turns each head's vectors by the angles of their positions (Su et al. 2021, "RoFormer"), pairing element i with
 * i + R/2 as Hugging Face's Llama does ({@code rotate_half}), not with i + 1 as the paper does.
 *
 * <pre>
 * in:  x [B, T, N·H], table [B, T, R], R ≤ H (see {@link RotaryTable})
 * out: y [B, T, N·H]; in each head, for i &lt; R/2:
 *      y_i       = x_i · cos_i − x_(i+R/2) · sin_i
 *      y_(i+R/2) = x_(i+R/2) · cos_i + x_i · sin_i
 *      and y_i = x_i for i ≥ R: GPT-NeoX turns the first elements of a head only
 * </pre>
 * The inverse turns by the negated angles, which is also the gradient. The table has no gradient.
 */
public final class Rotary extends LacunaOp {
    public static final String NAME = "lacuna_rotary";

    public Rotary() {}

    private Rotary(SameDiff sd, SDVariable x, SDVariable table, int headSize, boolean inverse) {
        super(sd, x, table);
        addIArgument(headSize, inverse ? 1 : 0);
    }

    /** Adds {@code x} turned by {@code table} to the graph under {@code name}. */
    public static SDVariable of(SameDiff sd, String name, SDVariable x, SDVariable table, int headSize) {
        return new Rotary(sd, x, table, headSize, false).outputVariables(name)[0];
    }

    /** Adds {@code x} turned back by {@code table} to the graph under {@code name}. */
    public static SDVariable inverse(SameDiff sd, String name, SDVariable x, SDVariable table, int headSize) {
        return new Rotary(sd, x, table, headSize, true).outputVariables(name)[0];
    }

    /** H. */
    public int headSize() {
        return integer(0);
    }

    /** Whether the op turns back. */
    public boolean turnsBack() {
        return integer(1) == 1;
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
        long[] x = in[0];
        long[] table = in[1];
        int h = headSize();
        if (h <= 0 || x.length != 3 || x[2] % h != 0 || table.length != 3 || table[0] != x[0] || table[1] != x[1]) {
            throw new IllegalArgumentException(NAME + " wants x [B, T, N·H] and table [B, T, R] with H = " + h + ", not "
                    + Arrays.toString(x) + " and " + Arrays.toString(table));
        }
        if (table[2] <= 0 || table[2] % 2 != 0 || table[2] > h) {
            throw new IllegalArgumentException(NAME + " turns an even number of a head's " + h + " elements, not " + table[2]);
        }
        return new long[][] {x};
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        long h = headSize();
        long r = in[1].size(2);
        long rows = in[0].size(0) * in[0].size(1);
        INDArray x = in[0].reshape('c', rows, in[0].size(2) / h, h);
        INDArray table = in[1].castTo(x.dataType()).reshape('c', rows, 1, r);
        INDArrayIndex all = NDArrayIndex.all();
        INDArrayIndex low = NDArrayIndex.interval(0, r / 2);
        INDArrayIndex high = NDArrayIndex.interval(r / 2, r);
        INDArray a = x.get(all, all, low);
        INDArray b = x.get(all, all, high);
        INDArray cos = table.get(all, all, low);
        INDArray sin = turnsBack() ? table.get(all, all, high).neg() : table.get(all, all, high);
        INDArray y = Nd4j.concat(2, a.mul(cos).sub(b.mul(sin)), b.mul(cos).add(a.mul(sin)));
        if (r < h) {
            y = Nd4j.concat(2, y, x.get(all, all, NDArrayIndex.interval(r, h)));
        }
        out[0].assign(y.reshape('c', out[0].shape()));
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(new Rotary(sameDiff, gradients.get(0), arg(1), headSize(), !turnsBack()).outputVariables());
    }
}
