package org.lacuna.graph.cpu;

import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.op.LacunaOp;

/** Runs one op on the CPU. */
interface Kernel {

    /** How many bytes of working memory a call needs. */
    default long scratchBytes(LacunaOp op, TensorSpec[] in, TensorSpec[] out) {
        return 0;
    }

    /**
     * Prepares a call for fixed tensors. What the call needs (pointers, small arrays) is made here: running it
     * allocates nothing, and it gives the same bits whenever it runs, whether the JVM interprets or has compiled it.
     */
    Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch);
}
