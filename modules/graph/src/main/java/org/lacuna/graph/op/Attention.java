package org.lacuna.graph.op;

import java.util.Arrays;
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
 *      spans [B, T, 2] INT   may be left out; (c, s) of each token with c ≤ s ≤ t: of the keys that the mask, a causal one, lets it see, those from c to
 *                        before s are hidden. So several continuations of one text, its first c tokens, lie in one sequence behind it, each from its s on
 * out: y [B, T, N·H]: in each head y_t = Σ_j p_tj · v_j
 *      lse [B, N, T]: log Σ_j exp(s_tj)
 *      with s_tj = scale · q_t · k_j, p_tj = exp(s_tj − lse_t), over the keys j that the {@link AttentionMask} lets t see
 * </pre>
 * lse is for the gradient, which computes the probabilities again from it; it has no gradient of its own. With spans there is no gradient.
 */
public final class Attention extends AttentionOp {
    public static final String NAME = "lacuna_attention";

    public Attention() {}

    private Attention(SameDiff sd, int heads, int kvHeads, AttentionMask mask, double scale, SDVariable... args) {
        super(sd, heads, kvHeads, mask, scale, args);
    }

    /** Adds attention to the graph; returns y, named {@code name}, and lse. */
    public static SDVariable[] of(SameDiff sd, String name, SDVariable q, SDVariable k, SDVariable v,
            int heads, int kvHeads, AttentionMask mask, double scale) {
        return new Attention(sd, heads, kvHeads, mask, scale, q, k, v).outputVariables(name);
    }

    /** The same, causal, with spans. */
    public static SDVariable[] of(SameDiff sd, String name, SDVariable q, SDVariable k, SDVariable v, SDVariable spans, int heads, int kvHeads, double scale) {
        return new Attention(sd, heads, kvHeads, AttentionMask.causal(), scale, q, k, v, spans).outputVariables(name);
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
        if (in.length > 3 && (mask().kind() != AttentionMask.Kind.CAUSAL || !Arrays.equals(in[3], new long[] {in[0][0], in[0][1], 2}))) {
            throw new IllegalArgumentException(NAME + " wants spans [" + in[0][0] + ", " + in[0][1] + ", 2] with a causal mask, not " + Arrays.toString(in[3]) + " with " + mask());
        }
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
        INDArray byMask = hidden(in[0], 0);
        for (int b = 0; b < in[0].size(0); b++) {
            INDArray hidden = in.length > 3 ? hidden(byMask, in[3].get(NDArrayIndex.point(b), NDArrayIndex.all(), NDArrayIndex.all())) : byMask;
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

    /** What is hidden of a sequence with spans. */
    private static INDArray hidden(INDArray byMask, INDArray spans) {
        INDArray hidden = byMask.dup();
        for (int t = 0; t < spans.size(0); t++) {
            for (int j = spans.getInt(t, 0); j < spans.getInt(t, 1); j++) {
                hidden.putScalar(t, j, Double.NEGATIVE_INFINITY);
            }
        }
        return hidden;
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        if (args().length > 3) {
            throw new UnsupportedOperationException(NAME + " with spans is for evaluation: it has no gradient");
        }
        // SameDiff gives zeros for an output on which the loss does not depend.
        if (!(sameDiff.getVariableOutputOp(gradients.get(1).name()) instanceof ZerosLike)) {
            throw new UnsupportedOperationException(NAME + " has no gradient of its second output, lse: a loss cannot depend on it");
        }
        SDVariable[] out = outputVariables();
        return List.of(AttentionGrad.of(sameDiff, gradients.get(0), arg(0), arg(1), arg(2), out[0], out[1], heads(), kvHeads(), mask(), scale()));
    }
}
