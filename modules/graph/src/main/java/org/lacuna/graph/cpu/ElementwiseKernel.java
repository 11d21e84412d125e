package org.lacuna.graph.cpu;

import org.lacuna.graph.Format;
import org.lacuna.graph.op.LacunaOp;

/** A kernel that makes each element of its outputs from its inputs' elements at the same place, block by block, in either format. */
abstract class ElementwiseKernel extends RowKernel {
    /** Elements at a time: five tensors' blocks, as a gated gradient has them, fit into a first-level cache of 32 KiB. */
    static final int BLOCK = 1024;

    @Override
    public final Format input(LacunaOp op, int index) {
        return Format.EITHER;
    }

    @Override
    public Format output(LacunaOp op, int index) {
        return Format.EITHER;
    }

    @Override
    final boolean hasRows(LacunaOp op, int index) {
        return true;
    }
}
