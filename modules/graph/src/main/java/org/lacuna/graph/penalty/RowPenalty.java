package org.lacuna.graph.penalty;

import java.nio.ByteBuffer;
import org.lacuna.graph.cpu.Lanes;
import org.lacuna.graph.cpu.TokenRows;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A penalty whose φ_t is a function of v_t alone. */
abstract class RowPenalty implements Penalty {
    /** How many doubles of working memory a row's loops have. */
    static final int WORK = 4 * Lanes.WIDE;

    /**
     * φ of one row.
     *
     * @param v has the row's {@code n} floats from element {@code at} on
     * @param work {@link #WORK} doubles
     */
    abstract double value(ByteBuffer v, int at, int n, double[] parameters, double[] work);

    /** dv = {@code size} · dφ/dv of one row. */
    abstract void gradient(ByteBuffer v, int at, int n, double[] parameters, double size, ByteBuffer dv, int to, double[] work);

    @Override
    public final PenaltyLoops loops(int n, double... parameters) {
        return new Loops(this, n, parameters, new double[WORK]);
    }

    private record Loops(RowPenalty penalty, int n, double[] parameters, double[] work) implements PenaltyLoops {
        @Override
        public void values(TokenRows v, int from, int to, double[] phi, int first) {
            for (int t = from; t < to; t++) {
                if (v.counts(t)) {
                    phi[first + t] = penalty.value(v.floats(t), v.read(t), n, parameters, work);
                }
            }
        }

        @Override
        public void gradients(TokenRows v, int from, int to, double upstream, TokenRows dv) {
            for (int t = from; t < to; t++) {
                if (v.counts(t)) {
                    penalty.gradient(v.floats(t), v.read(t), n, parameters, upstream * v.weight(t), dv.floats(t), dv.place(t), work);
                    dv.written(t);
                }
            }
        }
    }

    /** −1, 0 or 1 for each element, in {@code v}'s type: a new array. */
    static INDArray referenceSigns(INDArray v) {
        return v.gt(0).castTo(v.dataType()).subi(v.lt(0).castTo(v.dataType()));
    }

    /** |v|, a new array. */
    static INDArray referenceMagnitudes(INDArray v) {
        return referenceSigns(v).muli(v);
    }

    /** One number for each token [B, T] as [B, T, 1], to be multiplied with vectors. */
    static INDArray referenceColumn(INDArray w) {
        return w.dup('c').reshape(w.size(0), w.size(1), 1);
    }
}
