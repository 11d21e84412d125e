package org.lacuna.training.bench;

import java.util.ArrayList;
import java.util.List;
import org.lacuna.graph.Device;
import org.lacuna.graph.Precision;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.op.LacunaOps;
import org.lacuna.graph.op.Linear;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Program;
import org.lacuna.graph.program.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * The fastest that the device multiplies matrices: Y = X · Wᵀ for shapes as they occur in a model and for square ones,
 * each worker with its share of the rows, which is how training runs too.
 */
final class GemmPeak {
    /** Rows of all workers together, columns of X, columns of Y. */
    private static final int[][] SHAPES = {{2048, 256, 688}, {2048, 688, 256}, {2048, 1024, 1024}};
    private static final int WARM_UPS = 3;
    private static final int RUNS = 15;

    private GemmPeak() {}

    /**
     * One shape's best run.
     *
     * @param rows of X
     * @param in columns of X
     * @param out columns of Y
     * @param gflops 2 · rows · in · out operations over the shortest time
     */
    record Product(int rows, int in, int out, double gflops) {}

    /** Measures all shapes. */
    static List<Product> measure(Device device, Workers workers, Precision precision) {
        List<Product> products = new ArrayList<>();
        for (int[] shape : SHAPES) {
            products.add(measure(device, workers, precision, shape[0] / workers.count(), shape[1], shape[2]));
        }
        return products;
    }

    private static Product measure(Device device, Workers workers, Precision precision, int rows, int in, int out) {
        LacunaOps.register();
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 1, rows, in);
        SDVariable w = sd.placeHolder("w", DataType.FLOAT, out, in);
        Linear.of(sd, "y", x, w);
        Program program = Program.of(sd, device).precision(precision).placeholder("x", 1, rows, in).placeholder("w", out, in).outputs("y").build();
        ParameterStore none = new ParameterStore(device, List.<TensorSpec>of());
        Instance[] runs = new Instance[workers.count()];
        for (int i = 0; i < runs.length; i++) {
            runs[i] = program.instance(none.values(), null);
            fill(runs[i], "x", rows * in);
            fill(runs[i], "w", out * in);
        }
        long best = Long.MAX_VALUE;
        for (int i = 0; i < WARM_UPS + RUNS; i++) {
            long before = System.nanoTime();
            workers.run(runs.length, worker -> runs[worker].run());
            long nanos = System.nanoTime() - before;
            best = i < WARM_UPS ? best : Math.min(best, nanos);
        }
        int all = rows * runs.length;
        return new Product(all, in, out, 2.0 * all * in * out / best);
    }

    /** Numbers that are no special case for the multiplier: zeros and subnormals may be faster or slower. */
    private static void fill(Instance run, String name, int n) {
        for (int i = 0; i < n; i++) {
            run.tensor(name).setFloat(i, (i * 37 % 101 - 50) / 50f);
        }
    }
}
