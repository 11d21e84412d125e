package org.lacuna.graph.op;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Cosines and sines of rotary position, computed once for all layers.
 *
 * <pre>
 * in:  positions [B, T] INT
 * out: table [B, T, H] FLOAT = cos(position · f_i) for i &lt; H/2, then sin(position · f_i) for i &lt; H/2
 * </pre>
 * The frequencies f (radians per position, see {@link RotaryFrequencies}) are floating arguments of the op, which are
 * doubles in every graph; angles are doubles too, since a float angle at position 10⁵ is off by 4e-3. Nothing has a gradient.
 */
public final class RotaryTable extends LacunaOp {
    public static final String NAME = "lacuna_rotary_table";

    public RotaryTable() {}

    private RotaryTable(SameDiff sd, SDVariable positions, double[] frequencies) {
        super(sd, positions);
        addTArgument(frequencies);
    }

    /** Adds the table for {@code positions} to the graph under {@code name}; H is twice the number of frequencies. */
    public static SDVariable of(SameDiff sd, String name, SDVariable positions, double... frequencies) {
        return new RotaryTable(sd, positions, frequencies).outputVariables(name)[0];
    }

    /** Radians per position, H/2 of them. */
    public double[] frequencies() {
        double[] frequencies = new double[numTArguments()];
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = floating(i);
        }
        return frequencies;
    }

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
        return DataType.FLOAT;
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        if (in[0].length != 2) {
            throw new IllegalArgumentException(NAME + " wants positions [B, T], not " + Arrays.toString(in[0]));
        }
        return new long[][] {{in[0][0], in[0][1], 2L * numTArguments()}};
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        INDArray positions = in[0].castTo(DataType.DOUBLE);
        INDArray frequencies = Nd4j.createFromArray(frequencies());
        INDArray angles = positions.reshape('c', positions.length(), 1).mul(frequencies.reshape('c', 1, frequencies.length()));
        INDArray table = Nd4j.concat(1, Transforms.cos(angles), Transforms.sin(angles));
        out[0].assign(table.reshape('c', out[0].shape()).castTo(out[0].dataType()));
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return Collections.emptyList();
    }
}
