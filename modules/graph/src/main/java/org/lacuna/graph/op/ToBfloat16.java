package org.lacuna.graph.op;

import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Rounds to bfloat16: what a program of that precision puts before a product whose factor is kept in float. No graph has it.
 *
 * <pre>
 * in:  x [any shape]
 * out: the nearest bfloat16, of two the even one [same shape] BFLOAT16
 * </pre>
 */
public final class ToBfloat16 extends LacunaOp {
    public static final String NAME = "lacuna_to_bfloat16";

    public ToBfloat16() {}

    @Override
    public String opName() {
        return NAME;
    }

    @Override
    public int getNumOutputs() {
        return 1;
    }

    @Override
    public DataType outputType(int index, List<DataType> inputs) {
        return DataType.BFLOAT16;
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        return new long[][] {in[0]};
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        out[0].assign(in[0]);
    }
}
