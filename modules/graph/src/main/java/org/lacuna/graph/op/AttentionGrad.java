package org.lacuna.graph.op;

import java.util.Arrays;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * The gradient of {@link Attention}, with the probabilities computed again from lse (Dao et al. 2022,
 * "FlashAttention", appendix B.2). In each head, over the keys j that t sees:
 *
 * <pre>
 * in:  dy [B, T, N·H], q [B, T, N·H], k [B, T, K·H], v [B, T, K·H], y [B, T, N·H], lse [B, N, T]
 * out: dq [B, T, N·H]: dq_t = Σ_j ds_tj · k_j
 *      dk [B, T, K·H]: dk_j = Σ ds_tj · q_t over t and the query heads that read the key head
 *      dv [B, T, K·H]: dv_j = Σ p_tj · dy_t, likewise
 *      with p_tj = exp(scale · q_t · k_j − lse_t), ds_tj = scale · p_tj · (dy_t · v_j − dy_t · y_t)
 * </pre>
 */
public final class AttentionGrad extends AttentionOp {
    public static final String NAME = "lacuna_attention_grad";

    public AttentionGrad() {}

    private AttentionGrad(SameDiff sd, int heads, int kvHeads, AttentionMask mask, double scale, SDVariable... args) {
        super(sd, heads, kvHeads, mask, scale, args);
    }

    /** Adds the gradient to the graph: dq, dk and dv. */
    public static SDVariable[] of(SameDiff sd, SDVariable dy, SDVariable q, SDVariable k, SDVariable v, SDVariable y, SDVariable lse,
            int heads, int kvHeads, AttentionMask mask, double scale) {
        return new AttentionGrad(sd, heads, kvHeads, mask, scale, dy, q, k, v, y, lse).outputVariables();
    }

    @Override
    public String opName() {
        return NAME;
    }

    @Override
    public int getNumOutputs() {
        return 3;
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        checkShapes(in[1], in[2], in[3]);
        long[] lse = {in[1][0], heads(), in[1][1]};
        if (!Arrays.equals(in[0], in[1]) || !Arrays.equals(in[4], in[1]) || !Arrays.equals(in[5], lse)) {
            throw new IllegalArgumentException(NAME + " wants dy and y of the shape of q, " + Arrays.toString(in[1]) + ", and lse " + Arrays.toString(lse)
                    + ", not " + Arrays.toString(in[0]) + ", " + Arrays.toString(in[4]) + " and " + Arrays.toString(in[5]));
        }
        return new long[][] {in[1], in[2], in[3]};
    }

    /** q · kᵀ again, dy · vᵀ, ds · k, dsᵀ · q and pᵀ · dy, where the mask lets them through. */
    @Override
    public long flops(long[][] in) {
        return flops(in[1], 5);
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        int group = heads() / kvHeads();
        long h = in[1].size(2) / heads();
        INDArray hidden = hidden(in[1], 0);
        out[1].assign(0);
        out[2].assign(0);
        for (int b = 0; b < in[1].size(0); b++) {
            for (int n = 0; n < heads(); n++) {
                INDArray dy = head(in[0], b, n, h);
                INDArray q = head(in[1], b, n, h);
                INDArray k = head(in[2], b, n / group, h);
                INDArray v = head(in[3], b, n / group, h);
                INDArray lse = in[5].get(NDArrayIndex.point(b), NDArrayIndex.point(n), NDArrayIndex.all()).reshape('c', q.size(0), 1);
                INDArray probabilities = Transforms.exp(q.mmul(k.transpose()).muli(scale()).addi(hidden).sub(lse), false);
                INDArray pull = dy.mul(head(in[4], b, n, h)).sum(true, 1);
                INDArray ds = dy.mmul(v.transpose()).sub(pull).muli(probabilities).muli(scale());
                head(out[0], b, n, h).assign(ds.mmul(k));
                head(out[1], b, n / group, h).addi(ds.transpose().mmul(q));
                head(out[2], b, n / group, h).addi(probabilities.transpose().mmul(dy));
            }
        }
    }
}
