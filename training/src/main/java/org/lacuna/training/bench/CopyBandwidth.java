package org.lacuna.training.bench;

import java.util.ArrayList;
import java.util.List;
import org.lacuna.graph.Device;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.program.Workers;
import org.nd4j.linalg.api.buffer.DataType;

/** How fast all workers together copy memory that no cache holds. */
final class CopyBandwidth {
    /** What is read and written in a run, all workers together: more than the last-level cache of a large server. */
    private static final long BYTES = 1L << 30;
    /** What a worker copies at a time. */
    private static final int PIECE = 1 << 22;
    private static final int WARM_UPS = 1;
    private static final int RUNS = 5;

    private CopyBandwidth() {}

    /** Bytes read plus bytes written in a second, in the best of several runs. */
    static double measure(Device device, Workers workers) {
        int pieces = (int) (BYTES / 2 / PIECE);
        List<Tensor> from = tensors(device, pieces);
        List<Tensor> to = tensors(device, pieces);
        Sample seconds = Stopwatch.time(WARM_UPS, RUNS, () -> workers.run(pieces, i -> to.get(i).bytes().put(0, from.get(i).bytes(), 0, PIECE)));
        return BYTES / seconds.best();
    }

    private static List<Tensor> tensors(Device device, int pieces) {
        List<Tensor> tensors = new ArrayList<>();
        for (int i = 0; i < pieces; i++) {
            tensors.add(device.allocate(new TensorSpec("piece", DataType.INT8, PIECE)));
        }
        return tensors;
    }
}
