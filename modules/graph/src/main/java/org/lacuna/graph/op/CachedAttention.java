package org.lacuna.graph.op;

import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * {@link Attention} of T new tokens to themselves and to P tokens before them, whose keys and values were kept: what makes a
 * text longer without computing all of it again.
 *
 * <pre>
 * in:  q [B, T, N·H], k [B, T, K·H], v [B, T, K·H] of the new tokens (already turned by their positions, P to P + T − 1),
 *      past keys [B, C, K·H], past values [B, C, K·H], whose first P rows are filled,
 *      past [1] INT = P, with 0 ≤ P and P + T ≤ C
 * out: y [B, T, N·H]: row t attends, as in {@link Attention}, to the keys and values of those positions 0 to P + t that the
 *      {@link AttentionMask}, causal or a sliding window, lets position P + t see
 *      keys, values [B, C, K·H]: the past ones with rows P to P + T − 1 replaced by k and v
 * </pre>
 * In a program keys and values are meant to be states ({@code Program.Builder.state}) in the memory of the past ones: then only
 * the new rows are written. What the rows behind them hold does not matter. A P that does not fit ends a run with an
 * {@link IllegalArgumentException}. There is no gradient.
 */
public final class CachedAttention extends AttentionOp {
    public static final String NAME = "lacuna_cached_attention";

    public CachedAttention() {}

    private CachedAttention(SameDiff sd, int heads, int kvHeads, AttentionMask mask, double scale, SDVariable... args) {
        super(sd, heads, kvHeads, mask, scale, args);
    }

    /**
     * Adds attention with a cache to the graph; returns y, named {@code name}, and the keys and values, named
     * {@code name.keys} and {@code name.values}.
     */
    public static SDVariable[] of(SameDiff sd, String name, SDVariable q, SDVariable k, SDVariable v, SDVariable pastKeys, SDVariable pastValues, SDVariable past,
            int heads, int kvHeads, AttentionMask mask, double scale) {
        SDVariable[] out = new CachedAttention(sd, heads, kvHeads, mask, scale, q, k, v, pastKeys, pastValues, past).outputVariables(name);
        out[1].rename(name + ".keys");
        out[2].rename(name + ".values");
        return out;
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
        checkShapes(in[0], in[1], in[2]);
        if (mask().kind() == AttentionMask.Kind.BIDIRECTIONAL) {
            throw new IllegalArgumentException(NAME + " wants a causal or a sliding-window mask: a token that is kept can't see one that comes later");
        }
        long[] cache = in[3];
        if (cache.length != 3 || cache[0] != in[1][0] || cache[2] != in[1][2] || !Arrays.equals(cache, in[4])) {
            throw new IllegalArgumentException(NAME + " wants past keys and values [" + in[1][0] + ", C, " + in[1][2] + "], not " + Arrays.toString(cache) + " and " + Arrays.toString(in[4]));
        }
        if (!Arrays.equals(in[5], new long[] {1})) {
            throw new IllegalArgumentException(NAME + " wants the number of filled rows as [1], not " + Arrays.toString(in[5]));
        }
        checkPast(0, in[0][1], cache[1]);
        return new long[][] {in[0], cache, cache};
    }

    /**
     * Refuses a number of filled rows that does not fit.
     *
     * @param past P
     * @param tokens T
     * @param capacity C
     */
    public static void checkPast(int past, long tokens, long capacity) {
        if (past < 0 || past + tokens > capacity) {
            throw new IllegalArgumentException(NAME + ": " + past + " rows of the cache are filled, " + tokens + " more " + (tokens == 1 ? "does" : "do")
                    + " not fit: it has " + capacity);
        }
    }

    /** q · kᵀ and p · v with a full cache, where the mask lets them through: the most. */
    @Override
    public long flops(long[][] in) {
        int capacity = Math.toIntExact(in[3][1]);
        int length = Math.toIntExact(in[0][1]);
        return flops(in[0], 2, capacity - length, capacity);
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        int past = in[5].getInt(0);
        long end = past + in[0].size(1);
        checkPast(past, in[0].size(1), in[3].size(1));
        for (int i = 1; i <= 2; i++) {
            out[i].assign(in[2 + i]);
            out[i].get(NDArrayIndex.all(), NDArrayIndex.interval(past, end), NDArrayIndex.all()).assign(in[i]);
        }
        int group = heads() / kvHeads();
        long h = in[0].size(2) / heads();
        INDArray hidden = hidden(in[0], past);
        for (int b = 0; b < in[0].size(0); b++) {
            for (int n = 0; n < heads(); n++) {
                INDArray keys = filled(out[1], b, n / group, h, end);
                INDArray scores = head(in[0], b, n, h).mmul(keys.transpose()).muli(scale()).addi(hidden);
                INDArray weights = Transforms.exp(scores.sub(scores.max(true, 1)), false);
                head(out[0], b, n, h).assign(weights.mmul(filled(out[2], b, n / group, h, end)).div(weights.sum(true, 1)));
            }
        }
    }

    /** The first {@code rows} rows of a head of a cache. */
    private static INDArray filled(INDArray cache, int sequence, int head, long headSize, long rows) {
        return head(cache, sequence, head, headSize).get(NDArrayIndex.interval(0, rows), NDArrayIndex.all()).dup('c').reshape('c', rows, headSize);
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        throw new UnsupportedOperationException(NAME + " has no gradient: it is for generation; train with " + Attention.NAME);
    }
}
