package org.lacuna.graph.op;

import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.shape.ZerosLike;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Scaled dot-product attention (Vaswani et al. 2017, "Attention Is All You Need", section 3.2) with grouped queries
 * (Ainslie et al. 2023, "GQA"): N query heads, K key and value heads, query head n reading key head n / (N / K).
 *
 * <pre>
 * in:  q [B, T, N·H], k [B, T, K·H], v [B, T, K·H]
 * out: y [B, T, N·H]: in each head y_t = Σ_j p_tj · v_j
 *      lse [B, N, T]: log Σ_j exp(s_tj)
 *      with s_tj = scale · q_t · k_j, p_tj = exp(s_tj − lse_t), over the keys j that the {@link AttentionMask} lets t see
 * </pre>
 * lse is for the gradient, which computes the probabilities again from it; it has no gradient of its own.
 */
public final class Attention extends AttentionOp {
    public static final String NAME = "lacuna_attention";

    public Attention() {}

    private Attention(SameDiff sd, SDVariable q, SDVariable k, SDVariable v, int heads, int kvHeads, AttentionMask mask, double scale) {
        super(sd, heads, kvHeads, mask, scale, q, k, v);
    }

    /** Adds attention to the graph; returns y, named {@code name}, and lse. */
    public static SDVariable[] of(SameDiff sd, String name, SDVariable q, SDVariable k, SDVariable v,
            int heads, int kvHeads, AttentionMask mask, double scale) {
        return new Attention(sd, q, k, v, heads, kvHeads, mask, scale).outputVariables(name);
    }

    @Override
    public String opName() {
        return NAME;
    }

    @Override
    public int getNumOutputs() {
        return 2;
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        checkShapes(in[0], in[1], in[2]);
        return new long[][] {in[0], {in[0][0], heads(), in[0][1]}};
    }

    /** q · kᵀ and p · v, where the mask lets them through. */
    @Override
    public long flops(long[][] in) {
        return flops(in[0], 2);
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        int group = heads() / kvHeads();
        long h = in[0].size(2) / heads();
        INDArray hidden = hidden(in[0], 0);
        for (int b = 0; b < in[0].size(0); b++) {
            for (int n = 0; n < heads(); n++) {
                INDArray q = head(in[0], b, n, h);
                INDArray k = head(in[1], b, n / group, h);
                INDArray v = head(in[2], b, n / group, h);
                INDArray scores = q.mmul(k.transpose()).muli(scale()).addi(hidden);
                INDArray largest = scores.max(true, 1);
                INDArray weights = Transforms.exp(scores.sub(largest), false);
                INDArray sum = weights.sum(true, 1);
                head(out[0], b, n, h).assign(weights.mmul(v).div(sum));
                out[1].get(NDArrayIndex.point(b), NDArrayIndex.point(n), NDArrayIndex.all())
                        .assign(Transforms.log(sum).addi(largest).reshape(sum.length()));
            }
        }
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        // SameDiff gives zeros for an output on which the loss does not depend.
        if (!(sameDiff.getVariableOutputOp(gradients.get(1).name()) instanceof ZerosLike)) {
            throw new UnsupportedOperationException(NAME + " has no gradient of its second output, lse: a loss cannot depend on it");
        }
        SDVariable[] out = outputVariables();
        return List.of(AttentionGrad.of(sameDiff, gradients.get(0), arg(0), arg(1), arg(2), out[0], out[1], heads(), kvHeads(), mask(), scale()));
    }
}
