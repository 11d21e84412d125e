package org.lacuna.training.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.Precision;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.op.LacunaOps;
import org.lacuna.graph.op.Linear;
import org.lacuna.graph.op.LinearDw;
import org.lacuna.graph.op.LinearDx;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Program;
import org.lacuna.graph.program.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * One of a linear layer's three matrix products, by the op that computes it in training, each worker with its share of the
 * rows, which is how training runs too.
 *
 * @param layer what it is called in tables
 * @param pass which of the three
 * @param rows tokens of all workers together
 * @param in columns of X
 * @param out columns of Y
 */
record MatrixProduct(String layer, Pass pass, int rows, int in, int out) {

    private static final double NANOS = 1e-9;

    /** Y = X · Wᵀ, dX = dY · W, dW = dYᵀ · X. */
    enum Pass {
        FORWARD, DX, DW
    }

    /** 2 for each multiply-add. */
    double flops() {
        return 2.0 * rows * in * out;
    }

    /** Times the product of all workers, the slowest of them, without what rounds its factors before. */
    Sample time(Device device, Workers workers, Precision precision, int warmUp, int runs) {
        Program program = program(device.in(precision), Math.max(1, rows / workers.count()));
        ParameterStore none = new ParameterStore(device, List.<TensorSpec>of());
        List<Instance> shares = new ArrayList<>();
        for (int i = 0; i < workers.count(); i++) {
            Instance share = program.instance(none.values(), null);
            fill(share.tensor("a"));
            fill(share.tensor("b"));
            shares.add(share);
        }
        int product = program.costs().size() - 1;
        long[][] nanos = new long[workers.count()][product + 1];
        double[] seconds = new double[runs];
        for (int i = -warmUp; i < runs; i++) {
            Arrays.stream(nanos).forEach(share -> Arrays.fill(share, 0));
            workers.run(shares.size(), worker -> shares.get(worker).run(nanos[worker]));
            if (i >= 0) {
                seconds[i] = Arrays.stream(nanos).mapToLong(share -> share[product]).max().orElseThrow() * NANOS;
            }
        }
        return Sample.of(seconds);
    }

    private Program program(Device device, int rowsOfOne) {
        LacunaOps.register();
        SameDiff sd = SameDiff.create();
        long[] x = {1, rowsOfOne, in};
        long[] dy = {1, rowsOfOne, out};
        long[] w = {out, in};
        long[] left = pass == Pass.DX ? dy : x;
        long[] right = pass == Pass.DW ? dy : w;
        SDVariable a = sd.placeHolder("a", DataType.FLOAT, left);
        SDVariable b = sd.placeHolder("b", DataType.FLOAT, right);
        SDVariable product = switch (pass) {
            case FORWARD -> Linear.of(sd, "product", a, b);
            case DX -> LinearDx.of(sd, List.of(a), List.of(b));
            case DW -> LinearDw.of(sd, a, b);
        };
        return Program.of(sd, device).placeholder("a", left).placeholder("b", right).outputs(product.name()).build();
    }

    /** Numbers that are no special case for the multiplier: zeros and subnormals may be faster or slower. */
    static void fill(Tensor tensor) {
        for (int i = 0; i < tensor.length(); i++) {
            tensor.setFloat(i, (i * 37L % 101 - 50) / 50f);
        }
    }
}
