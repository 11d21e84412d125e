package org.lacuna.graph.op;

import java.util.Arrays;
import org.lacuna.graph.TensorSpec;

/**
 * What one call of an op takes of a machine.
 *
 * @param name of the op
 * @param flops floating-point operations of its matrix products ({@link LacunaOp#flops})
 * @param bytes of its inputs and outputs as they are stored, each once; working memory is not counted
 */
public record OpCost(String name, long flops, long bytes) {

    /** The cost of {@code op} between such tensors. */
    public static OpCost of(LacunaOp op, TensorSpec[] in, TensorSpec[] out) {
        long flops = op.flops(Arrays.stream(in).map(TensorSpec::shape).toArray(long[][]::new));
        return new OpCost(op.opName(), flops, bytes(in) + bytes(out));
    }

    private static long bytes(TensorSpec[] tensors) {
        return Arrays.stream(tensors).mapToLong(TensorSpec::bytes).sum();
    }
}
