package org.lacuna.graph.penalty;

import java.nio.ByteBuffer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** φ = Σ_j |v_j|, the derivative at 0 taken as 0 (ProSparse, arXiv 2402.13516). Sums in double. */
final class L1 extends RowPenalty {
    @Override
    public String name() {
        return "l1";
    }

    @Override
    public int code() {
        return 0;
    }

    @Override
    public INDArray reference(INDArray v, INDArray w, double... parameters) {
        return referenceMagnitudes(v).sum(2);
    }

    @Override
    public INDArray referenceGradient(INDArray v, INDArray w, double... parameters) {
        return referenceSigns(v).muli(referenceColumn(w));
    }

    @Override
    double value(ByteBuffer v, int at, int n, double[] parameters, double[] work) {
        return Magnitudes.valueSum(v, at, n, work);
    }

    @Override
    void gradient(ByteBuffer v, int at, int n, double[] parameters, double size, ByteBuffer dv, int to, double[] work) {
        Magnitudes.gradientSigns(v, at, n, (float) size, dv, to);
    }
}
