package org.lacuna.graph.cpu;

import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.nd4j.linalg.api.buffer.DataType;

/** Cuts working memory into tensors that start aligned; without memory, it tells how much of it they need. */
final class Pieces {
    private final Tensor memory;
    private long taken;

    /** @param memory to cut, or null to count only */
    Pieces(Tensor memory) {
        this.memory = memory;
    }

    /** The next piece, or null where it only counts. */
    Tensor take(String name, DataType type, long... shape) {
        TensorSpec spec = new TensorSpec(name, type, shape);
        long from = taken;
        taken += CpuMemory.aligned(spec.bytes());
        return memory == null ? null : memory.view(spec, from);
    }

    /** Bytes taken so far. */
    long bytes() {
        return taken;
    }
}
