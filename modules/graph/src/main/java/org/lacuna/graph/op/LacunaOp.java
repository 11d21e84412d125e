package org.lacuna.graph.op;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.api.shape.LongShapeDescriptor;

/**
 * One of Lacuna's ops: a node of a SameDiff graph that SameDiff differentiates, prints, saves and loads like its own.
 *
 * <p>A subclass states its contract in its Javadoc, adds its constants as integer, floating or boolean arguments
 * (they, and nothing else, survive a clone or a save), and has a public constructor without parameters, by which
 * SameDiff makes it again. Inputs that have a gradient come first, so that {@code doDiff} can return a shorter list.
 */
public abstract class LacunaOp extends DynamicCustomOp {

    /** For SameDiff, which fills in inputs and arguments later. */
    protected LacunaOp() {}

    /** Puts the op into {@code sd}'s graph, reading {@code args}; the caller then adds the constants. */
    protected LacunaOp(SameDiff sd, SDVariable... args) {
        super(sd, args);
    }

    /** The name under which SameDiff and the devices know the op: {@code lacuna_…}, stable across versions. */
    @Override
    public abstract String opName();

    /** How many outputs the op has. */
    @Override
    public abstract int getNumOutputs();

    /**
     * The shapes of the outputs.
     *
     * @param inputs the shapes of the inputs, all known
     * @throws IllegalArgumentException when the inputs don't fit, saying which and what was expected
     */
    public abstract long[][] outputShapes(long[][] inputs);

    /** The type of output {@code index}; an op's floating outputs have the type of its first input unless it says otherwise. */
    public DataType outputType(int index, List<DataType> inputs) {
        return inputs.get(0);
    }

    /**
     * How many floating-point operations the op's matrix products take: 2 for each multiply-add, whatever a kernel computes
     * beyond them because its blocks are coarser. What is done element by element is not counted, so most ops have 0.
     *
     * @param in the shapes of the inputs, which {@link #outputShapes} accepts
     */
    public long flops(long[][] in) {
        return 0;
    }

    /**
     * Computes the op in plain ND4J operations, on any backend, in float or double.
     *
     * @param in the inputs, not modified
     * @param out the outputs, allocated, to be filled
     */
    public abstract void reference(INDArray[] in, INDArray[] out);

    /**
     * Whether the op is a pass over its inputs and no more, so that a backward pass had better compute its outputs again than keep
     * them. False for most ops.
     */
    public boolean isCheap() {
        return false;
    }

    /** Whether the op takes, behind its other inputs, one of its only output's shape, to which it then adds. False for most ops. */
    public boolean adds() {
        return false;
    }

    /**
     * The forward op whose outputs this op computes again on its way, if it does: where both are in a graph, a program
     * runs this one alone. Null for most ops.
     */
    public Recomputes recomputes() {
        return null;
    }

    /**
     * Another op's outputs, found among this op's own.
     *
     * @param opName the other op's name
     * @param inputs which of this op's inputs are the other's, in the other's order
     * @param outputs which of this op's outputs are the other's, in the other's order
     */
    public record Recomputes(String opName, List<Integer> inputs, List<Integer> outputs) {}

    @Override
    public final List<LongShapeDescriptor> calculateOutputShape() {
        return calculateOutputShape(null);
    }

    @Override
    public final List<LongShapeDescriptor> calculateOutputShape(OpContext context) {
        List<INDArray> inputs = context != null && context.numInputArguments() > 0 ? context.getInputArrays() : inputArguments();
        if (inputs.isEmpty()) {
            return Collections.emptyList();
        }
        long[][] shapes = new long[inputs.size()][];
        List<DataType> types = new ArrayList<>();
        for (int i = 0; i < shapes.length; i++) {
            shapes[i] = inputs.get(i).shape();
            types.add(inputs.get(i).dataType());
        }
        long[][] outputs = outputShapes(shapes);
        List<LongShapeDescriptor> result = new ArrayList<>();
        for (int i = 0; i < outputs.length; i++) {
            result.add(LongShapeDescriptor.fromShape(outputs[i], outputType(i, types)));
        }
        return result;
    }

    @Override
    public final List<DataType> calculateOutputDataTypes(List<DataType> inputs) {
        List<DataType> result = new ArrayList<>();
        for (int i = 0; i < getNumOutputs(); i++) {
            result.add(outputType(i, inputs));
        }
        return result;
    }

    /** Integer argument {@code index}. */
    protected final int integer(int index) {
        return Math.toIntExact(getIArgument(index));
    }

    /** Floating argument {@code index}. */
    protected final double floating(int index) {
        return getTArgument(index);
    }

    /** Refuses inputs 0 to {@code count - 1} that differ in shape. */
    final void checkSameShape(long[][] in, int count) {
        for (int i = 1; i < count; i++) {
            if (!Arrays.equals(in[0], in[i])) {
                throw new IllegalArgumentException(opName() + " wants " + count + " tensors of one shape, but input 0 is "
                        + Arrays.toString(in[0]) + " and input " + i + " is " + Arrays.toString(in[i]));
            }
        }
    }

    @Override
    public final long opHash() {
        return opName().hashCode();
    }

    /** Empty: what an op needs rides in its arguments, which SameDiff clones and saves without knowing the class. */
    @Override
    public final Map<String, Object> propertiesForFunction() {
        return new LinkedHashMap<>();
    }

    @Override
    public final void assertValidForExecution() {
        // outputShapes checks the inputs; there is no native descriptor to check against.
    }
}
