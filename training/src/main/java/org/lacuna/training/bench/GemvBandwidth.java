package org.lacuna.training.bench;

import java.util.List;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.op.LacunaOps;
import org.lacuna.graph.op.Linear;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Program;
import org.lacuna.graph.program.Workers;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;

/** How fast all workers together multiply one row by a matrix that no cache holds: what a token costs at least. */
final class GemvBandwidth {
    private static final int IN = 4096;
    /** 512 MiB of weights. */
    private static final int OUT = 1 << 15;
    private static final int WARM_UPS = 3;
    private static final int RUNS = 10;

    private GemvBandwidth() {}

    /** Bytes of weights read in a second, in the best of several runs. */
    static double measure(Device device, Workers workers) {
        LacunaOps.register();
        SameDiff sd = SameDiff.create();
        Linear.of(sd, "y", sd.placeHolder("x", DataType.FLOAT, 1, 1, IN), sd.placeHolder("w", DataType.FLOAT, OUT, IN));
        Instance run = Program.of(sd, device).placeholder("x", 1, 1, IN).placeholder("w", OUT, IN).outputs("y").panels(workers.count()).build()
                .instance(new ParameterStore(device, List.<TensorSpec>of()).values(), null);
        for (String name : List.of("x", "w")) {
            MatrixProduct.fill(run.tensor(name));
        }
        return (double) OUT * IN * Float.BYTES / Stopwatch.time(WARM_UPS, RUNS, () -> run.run(workers, null)).best();
    }
}
