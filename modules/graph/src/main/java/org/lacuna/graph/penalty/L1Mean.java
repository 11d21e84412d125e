package org.lacuna.graph.penalty;

import java.nio.ByteBuffer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** φ = (1/n)·Σ_j |v_j|, the derivative at 0 taken as 0: {@link L1} with a weight that means the same at every width. */
final class L1Mean extends RowPenalty {
    @Override
    public String name() {
        return "l1_mean";
    }

    @Override
    public int code() {
        return 1;
    }

    @Override
    public INDArray reference(INDArray v, INDArray w, double... parameters) {
        return referenceMagnitudes(v).mean(2);
    }

    @Override
    public INDArray referenceGradient(INDArray v, INDArray w, double... parameters) {
        return referenceSigns(v).muli(referenceColumn(w)).divi(v.size(2));
    }

    @Override
    double value(ByteBuffer v, int at, int n, double[] parameters, double[] work) {
        return Magnitudes.valueSum(v, at, n, work) / n;
    }

    @Override
    void gradient(ByteBuffer v, int at, int n, double[] parameters, double size, ByteBuffer dv, int to, double[] work) {
        Magnitudes.gradientSigns(v, at, n, (float) (size / n), dv, to);
    }
}
