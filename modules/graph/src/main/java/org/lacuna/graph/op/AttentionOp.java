package org.lacuna.graph.op;

import java.util.Arrays;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** What {@link Attention}, its gradient and its form with a cache share: their arguments, and a head's part of a tensor. */
public abstract sealed class AttentionOp extends LacunaOp permits Attention, AttentionGrad, CachedAttention {

    AttentionOp() {}

    AttentionOp(SameDiff sd, int heads, int kvHeads, AttentionMask mask, double scale, SDVariable... args) {
        super(sd, args);
        addIArgument(heads, kvHeads, mask.kind().ordinal(), mask.window());
        addTArgument(scale);
    }

    /** N, the number of query heads. */
    public final int heads() {
        return integer(0);
    }

    /** K, the number of key and value heads; query head n reads key head n / (N / K). */
    public final int kvHeads() {
        return integer(1);
    }

    /** Which keys a query sees. */
    public final AttentionMask mask() {
        return new AttentionMask(AttentionMask.Kind.values()[integer(2)], integer(3));
    }

    /** What the scores are multiplied by; positive. */
    public final double scale() {
        return floating(0);
    }

    final void checkShapes(long[] q, long[] k, long[] v) {
        int n = heads();
        int kv = kvHeads();
        if (n <= 0 || kv <= 0 || n % kv != 0) {
            throw new IllegalArgumentException(opName() + " wants a number of query heads that the number of key heads divides, not " + n + " and " + kv);
        }
        if (!(scale() > 0) || Double.isInfinite(scale())) {
            throw new IllegalArgumentException(opName() + " wants a positive scale, not " + scale());
        }
        if (q.length != 3 || q[2] % n != 0 || !Arrays.equals(k, new long[] {q[0], q[1], q[2] / n * kv}) || !Arrays.equals(v, k)) {
            throw new IllegalArgumentException(opName() + " wants q [B, T, " + n + "·H] and k and v [B, T, " + kv + "·H], not "
                    + Arrays.toString(q) + ", " + Arrays.toString(k) + " and " + Arrays.toString(v));
        }
    }

    /**
     * Operations of {@code products} matrix products with the scores of all heads, counting only the pairs of query and key that
     * the mask lets through: under a causal mask T · (T + 1) / 2 a head, half of the square.
     *
     * @param q the shape of the queries
     */
    final long flops(long[] q, int products) {
        return flops(q, products, 0, Math.toIntExact(q[1]));
    }

    /** The same of queries at positions {@code from} to {@code length - 1}. */
    final long flops(long[] q, int products, int from, int length) {
        long pairs = 0;
        for (int t = from; t < length; t++) {
            pairs += mask().end(t, length) - mask().first(t);
        }
        return 2 * products * q[0] * q[2] * pairs;
    }

    /** Head {@code head} of sequence {@code sequence} of x [B, T, heads·H], as a view [T, H]. */
    static INDArray head(INDArray x, int sequence, int head, long headSize) {
        return x.get(NDArrayIndex.point(sequence), NDArrayIndex.all(), NDArrayIndex.interval(head * headSize, (head + 1) * headSize));
    }

    /**
     * [T, past + T]: 0 where a query (row), the first at position {@code past}, sees a key (column), else minus infinity; to be added
     * to the scores.
     */
    final INDArray hidden(INDArray like, int past) {
        int rows = Math.toIntExact(like.size(1));
        int length = past + rows;
        AttentionMask mask = mask();
        double[] values = new double[rows * length];
        Arrays.fill(values, Double.NEGATIVE_INFINITY);
        for (int t = 0; t < rows; t++) {
            Arrays.fill(values, t * length + mask.first(past + t), t * length + mask.end(past + t, length), 0);
        }
        return Nd4j.createFromArray(values).reshape('c', rows, length).castTo(like.dataType());
    }
}
