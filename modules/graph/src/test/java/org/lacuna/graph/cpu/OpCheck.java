package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.lacuna.graph.op.LacunaOp;
import org.lacuna.graph.op.LacunaOps;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Holds an op to its contract: kernel against reference in double, reference's gradient against central differences. */
final class OpCheck {
    /** Adds one op to a graph; returns its outputs. */
    interface Build {
        SDVariable[] op(SameDiff sd, SDVariable[] in);
    }

    /** What rounding to bf16 may add, relative to the number: half a unit of its 8 significant bits. */
    static final double NARROW = 0x1p-8;

    /** An input: its values, and whether it has a gradient. Integer inputs are made by {@link #ints}. */
    record Input(DataType type, double[] values, long[] shape, boolean differentiable) {
        /** The same with each value rounded to bf16. */
        Input rounded() {
            double[] rounded = Arrays.stream(values).map(v -> Float.intBitsToFloat(Bfloat16.of((float) v) << 16)).toArray();
            return new Input(type, rounded, shape, differentiable);
        }

        INDArray array(DataType floating) {
            DataType t = type == DataType.FLOAT ? floating : type;
            return shape.length == 0 ? Nd4j.scalar(values[0]).castTo(t) : Nd4j.createFromArray(values).castTo(t).reshape(shape);
        }
    }

    private OpCheck() {}

    /** Floats, rounded to float so that kernel and reference see the same numbers. */
    static Input floats(double[] values, boolean differentiable, long... shape) {
        double[] rounded = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            rounded[i] = (float) values[i];
        }
        return new Input(DataType.FLOAT, rounded, shape, differentiable);
    }

    /** Normal numbers times {@code scale}. */
    static Input normal(Random random, double scale, boolean differentiable, long... shape) {
        long n = 1;
        for (long d : shape) {
            n *= d;
        }
        double[] values = new double[(int) n];
        for (int i = 0; i < n; i++) {
            values[i] = random.nextGaussian() * scale;
        }
        return floats(values, differentiable, shape);
    }

    static Input ints(int[] values, long... shape) {
        double[] v = new double[values.length];
        for (int i = 0; i < v.length; i++) {
            v[i] = values[i];
        }
        return new Input(DataType.INT, v, shape, false);
    }

    static Input doubles(double[] values, long... shape) {
        return new Input(DataType.DOUBLE, values.clone(), shape, false);
    }

    /**
     * What a kernel gave and what the reference gives in double, for each output.
     *
     * @param formats which operands were in bf16, for messages
     * @param narrow whether the output was in bf16
     */
    record Outcome(List<double[]> kernel, List<double[]> reference, String formats, List<Boolean> narrow) {
        /**
         * Asserts that an element of an output is {@code expected} to {@code bound}, which holds for a float; rounding that to
         * bf16 may add half a unit of its 8 bits, 2⁻⁸ of it at most.
         */
        void assertWithin(double expected, double bound, int output, int element) {
            double most = narrow.get(output) ? bound + NARROW * (Math.abs(expected) + bound) : bound;
            double found = kernel.get(output)[element];
            if (!(Math.abs(found - expected) <= most)) {
                fail("output " + output + "[" + element + "]: " + found + " for " + expected + ", bound " + most + "; " + formats);
            }
        }

        /** The same of the reference's value. */
        void assertWithin(double bound, int output, int element) {
            assertWithin(reference.get(output)[element], bound, output, element);
        }

        /** Asserts {@link OpCheck#assertUlps} of a whole output, as a float, and to half a unit of bf16 where it is rounded to that. */
        void assertUlps(int output, double ulps) {
            double[] expected = reference.get(output);
            assertEquals(expected.length, kernel.get(output).length);
            for (int i = 0; i < expected.length; i++) {
                assertWithin(ulps * ulp(expected[i]), output, i);
            }
        }
    }

    /** Runs the one op that {@code build} adds by kernel (float) and by reference (double). */
    static Outcome outcome(Build build, Input... inputs) {
        return outcome(op(build, inputs), inputs);
    }

    /** The same for an op that is there already (a gradient op found in a graph, say). */
    static Outcome outcome(LacunaOp op, Input... inputs) {
        return outcome(BoundOp.of(op, inputs), reference(op, inputs));
    }

    /**
     * Runs the op by the kernel as bf16 programs have it, once for each choice of formats and each way to multiply bf16, and by
     * reference.
     *
     * @param inputs bf16 numbers where the kernel may take them so, see {@link Input#rounded}
     */
    static List<Outcome> narrowOutcomes(Build build, Input... inputs) {
        LacunaOp op = op(build, inputs);
        List<BoundOp> all = BoundOp.narrow(op, inputs);
        List<double[]> reference = reference(op, inputs);
        return all.stream().map(bound -> outcome(bound, reference)).toList();
    }

    /** The one op that {@code build} adds. */
    static LacunaOp op(Build build, Input... inputs) {
        LacunaOps.register();
        SameDiff sd = SameDiff.create();
        build.op(sd, placeholders(sd, DataType.FLOAT, inputs));
        assertEquals(1, sd.ops().length, "build adds one op");
        return (LacunaOp) sd.ops()[0];
    }

    private static Outcome outcome(BoundOp bound, List<double[]> reference) {
        bound.runTwice();
        return new Outcome(Arrays.stream(bound.out()).map(BoundOp::values).toList(), reference, bound.toString(),
                Arrays.stream(bound.out()).map(t -> t.dataType() == DataType.BFLOAT16).toList());
    }

    private static List<double[]> reference(LacunaOp op, Input... inputs) {
        INDArray[] in = Arrays.stream(inputs).map(i -> i.array(DataType.DOUBLE)).toArray(INDArray[]::new);
        long[][] shapes = op.outputShapes(Arrays.stream(inputs).map(Input::shape).toArray(long[][]::new));
        List<DataType> types = Arrays.stream(inputs).map(Input::type).toList();
        INDArray[] out = new INDArray[shapes.length];
        for (int i = 0; i < out.length; i++) {
            DataType type = op.outputType(i, types);
            out[i] = Nd4j.createUninitialized(type == DataType.FLOAT ? DataType.DOUBLE : type, shapes[i]);
        }
        op.reference(in, out);
        return Arrays.stream(out).map(o -> o.dup('c').castTo(DataType.DOUBLE).data().asDouble()).toList();
    }

    /**
     * Asserts |kernel − reference| ≤ {@code ulps} units in the last place of the reference, as a float; where that
     * underflows, the smallest normal float stands for such a unit.
     */
    static void assertUlps(double[] reference, double[] kernel, double ulps) {
        assertEquals(reference.length, kernel.length);
        for (int i = 0; i < reference.length; i++) {
            double off = Math.abs(kernel[i] - reference[i]) / ulp(reference[i]);
            if (!(off <= ulps)) {
                fail("element " + i + ": " + kernel[i] + " for " + reference[i] + ", " + off + " ulp off");
            }
        }
    }

    private static double ulp(double reference) {
        return Math.abs(reference) < Float.MIN_NORMAL ? Float.MIN_NORMAL : Math.ulp((float) reference);
    }

    /** 4·√K·2⁻²⁴: what a sum of K float terms may be off, relative to Σ|terms|. */
    static double sumError(int terms) {
        return 4 * Math.sqrt(terms) * 0x1p-24;
    }

    /** Asserts |kernel − reference| ≤ 4·√K·2⁻²⁴·Σ|terms|: what a sum of K float terms may be off. */
    static void assertSum(double reference, double kernel, int terms, double sumOfMagnitudes) {
        double bound = sumError(terms) * sumOfMagnitudes;
        assertTrue(Math.abs(kernel - reference) <= bound, kernel + " for " + reference + ", bound " + bound);
    }

    /**
     * Asserts that the derivative of Σ c·output (c fixed, random; first output only) by SameDiff's own gradient function,
     * run by the references in double, equals central differences: relative to the largest entry of that input's gradient.
     */
    static void assertGradients(Build build, double step, double tolerance, Input... inputs) {
        LacunaOps.register();
        SameDiff sd = SameDiff.create();
        SDVariable[] vars = new SDVariable[inputs.length];
        Map<String, INDArray> fed = new LinkedHashMap<>();
        List<String> wanted = new ArrayList<>();
        for (int i = 0; i < inputs.length; i++) {
            INDArray array = inputs[i].array(DataType.DOUBLE);
            if (inputs[i].differentiable()) {
                vars[i] = sd.var("in" + i, array);
                wanted.add("in" + i);
            } else {
                vars[i] = sd.placeHolder("in" + i, array.dataType(), array.shape());
                fed.put("in" + i, array);
            }
        }
        SDVariable y = build.op(sd, vars)[0];
        INDArray probe = sd.output(fed, y.name()).get(y.name());
        SDVariable c = sd.constant("check.weights", Nd4j.rand(DataType.DOUBLE, probe.shape()).subi(0.5));
        SDVariable loss = probe.isScalar() ? y.mul("weighted", c).sum("loss") : y.mul("weighted", c).sum("loss");
        sd.setLossVariables(loss.name());
        Map<String, INDArray> gradients = sd.calculateGradients(fed, wanted);
        for (String name : wanted) {
            INDArray g = gradients.get(name).dup('c');
            INDArray x = sd.getVariable(name).getArr().dup('c');
            double largest = Math.max(g.amaxNumber().doubleValue(), 1e-30);
            for (long i = 0; i < x.length(); i++) {
                INDArray moved = x.dup('c');
                moved.putScalar(i, x.getDouble(i) + step);
                sd.associateArrayWithVariable(moved, name);
                double above = sd.output(fed, "loss").get("loss").getDouble(0);
                moved = x.dup('c');
                moved.putScalar(i, x.getDouble(i) - step);
                sd.associateArrayWithVariable(moved, name);
                double below = sd.output(fed, "loss").get("loss").getDouble(0);
                double difference = (above - below) / (2 * step);
                double off = Math.abs(difference - g.getDouble(i)) / largest;
                assertTrue(off <= tolerance, name + "[" + i + "]: gradient " + g.getDouble(i) + ", difference " + difference + ", off " + off);
            }
            sd.associateArrayWithVariable(x, name);
        }
    }

    static SDVariable[] placeholders(SameDiff sd, DataType floating, Input... inputs) {
        SDVariable[] vars = new SDVariable[inputs.length];
        for (int i = 0; i < inputs.length; i++) {
            DataType t = inputs[i].type() == DataType.FLOAT ? floating : inputs[i].type();
            vars[i] = sd.placeHolder("in" + i, t, inputs[i].shape());
        }
        return vars;
    }
}
