package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.op.LacunaOp;
import org.lacuna.graph.op.LacunaOps;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;

/** Holds a bound call to allocating nothing, on the Java heap or, through JavaCPP, outside it. */
final class Allocations {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int CALLS = 1000;

    private Allocations() {}

    /** Warms {@code call} up until it is compiled, then asserts that 1,000 calls of this thread allocate nothing. */
    static void assertNone(String what, Runnable call) {
        long id = Thread.currentThread().getId();
        long heap = -1;
        long outside = -1;
        // When the call is compiled is the JVM's business, and on a busy machine that takes seconds: it gets some, and the last round must be clean.
        long end = System.nanoTime() + 20_000_000_000L;
        while ((heap != 0 || outside != 0) && System.nanoTime() < end) {
            for (int i = 0; i < CALLS; i++) {
                call.run();
            }
            long pointers = Pointer.totalBytes();
            long before = THREADS.getThreadAllocatedBytes(id);
            for (int i = 0; i < CALLS; i++) {
                call.run();
            }
            heap = THREADS.getThreadAllocatedBytes(id) - before;
            outside = Pointer.totalBytes() - pointers;
        }
        assertTrue(heap == 0 && outside == 0, what + ": " + CALLS + " calls allocate " + heap + " bytes on the heap and " + outside + " outside");
    }

    /** The same for the kernel of the one op that {@code build} adds. */
    static void assertNone(OpCheck.Build build, OpCheck.Input... inputs) {
        LacunaOps.register();
        SameDiff sd = SameDiff.create();
        build.op(sd, OpCheck.placeholders(sd, DataType.FLOAT, inputs));
        LacunaOp op = (LacunaOp) sd.ops()[0];
        CpuDevice device = new CpuDevice();
        Tensor[] in = new Tensor[inputs.length];
        for (int i = 0; i < in.length; i++) {
            in[i] = OpCheck.tensor(device, inputs[i], "in" + i);
        }
        long[][] shapes = Arrays.stream(in).map(Tensor::shape).toArray(long[][]::new);
        List<DataType> types = Arrays.stream(in).map(Tensor::dataType).toList();
        long[][] outShapes = op.outputShapes(shapes);
        Tensor[] out = new Tensor[outShapes.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = device.allocate(new TensorSpec("out" + i, op.outputType(i, types), outShapes[i]));
        }
        long bytes = device.scratchBytes(op, specs(in), specs(out), 1);
        Tensor scratch = bytes == 0 ? null : device.allocate(new TensorSpec("scratch", DataType.FLOAT, (bytes + 3) / 4));
        assertNone(op.opName(), OpCheck.serial(device.bind(op, in, out, scratch, 1)));
    }

    private static TensorSpec[] specs(Tensor[] tensors) {
        return Arrays.stream(tensors).map(Tensor::spec).toArray(TensorSpec[]::new);
    }
}
