package org.lacuna.graph.penalty;

import java.nio.ByteBuffer;
import java.util.List;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.lacuna.graph.cpu.Lanes;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * φ = Σ_j max(v_j − margin, 0), for what goes into GELU or SiLU (D2DMoE's clamped form, arXiv 2310.04361): it pushes each pre-activation
 * down until it is at the margin, where those functions are 0 for all practical purposes. The derivative is 1 where v_j &gt;
 * margin, else 0, at the margin too. φ of the zero vector is n·max(−margin, 0). Sums in double.
 */
final class Displacement extends RowPenalty {
    private static final Parameter MARGIN = new Parameter("margin", "below it a pre-activation costs nothing", -10, -1e6, 1e6, false);

    @Override
    public String name() {
        return "displacement";
    }

    @Override
    public int code() {
        return 3;
    }

    @Override
    public List<Parameter> parameters() {
        return List.of(MARGIN);
    }

    @Override
    public INDArray reference(INDArray v, INDArray w, double... parameters) {
        return Transforms.max(v.sub(parameters[0]), 0, false).sum(2);
    }

    @Override
    public INDArray referenceGradient(INDArray v, INDArray w, double... parameters) {
        return v.gt(parameters[0]).castTo(v.dataType()).muli(referenceColumn(w));
    }

    @Override
    double value(ByteBuffer v, int at, int n, double[] parameters, double[] work) {
        valueLanes(v, at, n, parameters[0], work);
        return Magnitudes.total(work, 0, Lanes.WIDE);
    }

    @Override
    void gradient(ByteBuffer v, int at, int n, double[] parameters, double size, ByteBuffer dv, int to, double[] work) {
        gradientSteps(v, at, n, floatAtMost(parameters[0]), (float) size, dv, to);
    }

    /** The largest float that is not above {@code margin}: a float is above the one if and only if it is above the other. */
    private static float floatAtMost(double margin) {
        float nearest = (float) margin;
        return nearest > margin ? Math.nextDown(nearest) : nearest;
    }

    private static void valueLanes(ByteBuffer v, int at, int n, double margin, double[] lanes) {
        DoubleVector even = DoubleVector.zero(Lanes.D);
        DoubleVector odd = DoubleVector.zero(Lanes.D);
        int i = 0;
        for (; i <= n - 2 * Lanes.WIDE; i += 2 * Lanes.WIDE) {
            even = even.add(Lanes.widen(v, at + i).sub(margin).max(0));
            odd = odd.add(Lanes.widen(v, at + i + Lanes.WIDE).sub(margin).max(0));
        }
        even.add(odd).intoArray(lanes, 0);
        for (; i < n; i++) {
            lanes[i % Lanes.WIDE] += Math.max(Lanes.get(v, at + i) - margin, 0);
        }
    }

    /** dv = size where v &gt; margin, else 0. */
    private static void gradientSteps(ByteBuffer v, int at, int n, float margin, float size, ByteBuffer dv, int to) {
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            FloatVector x = Lanes.load(v, at + i);
            Lanes.store(FloatVector.zero(Lanes.F).blend(size, x.compare(VectorOperators.GT, margin)), dv, to + i);
        }
        for (; i < n; i++) {
            Lanes.put(dv, to + i, Lanes.get(v, at + i) > margin ? size : 0);
        }
    }
}
