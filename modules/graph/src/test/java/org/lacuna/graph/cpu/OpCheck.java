package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
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

    /** An input: its values, and whether it has a gradient. Integer inputs are made by {@link #ints}. */
    record Input(DataType type, double[] values, long[] shape, boolean differentiable) {
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

    /** What a kernel gave and what the reference gives in double, for each output. */
    record Outcome(List<double[]> kernel, List<double[]> reference) {}

    /** Runs the one op that {@code build} adds by kernel (float) and by reference (double). */
    static Outcome outcome(Build build, Input... inputs) {
        LacunaOps.register();
        SameDiff sd = SameDiff.create();
        build.op(sd, placeholders(sd, DataType.FLOAT, inputs));
        assertEquals(1, sd.ops().length, "build adds one op");
        return outcome((LacunaOp) sd.ops()[0], inputs);
    }

    /** The same for an op that is there already (a gradient op found in a graph, say). */
    static Outcome outcome(LacunaOp op, Input... inputs) {
        CpuDevice device = new CpuDevice();
        long[][] shapes = new long[inputs.length][];
        List<DataType> types = new ArrayList<>();
        INDArray[] doubles = new INDArray[inputs.length];
        Tensor[] in = new Tensor[inputs.length];
        for (int i = 0; i < inputs.length; i++) {
            shapes[i] = inputs[i].shape();
            types.add(inputs[i].type());
            doubles[i] = inputs[i].array(DataType.DOUBLE);
            in[i] = tensor(device, inputs[i], "in" + i);
        }
        long[][] outShapes = op.outputShapes(shapes);
        Tensor[] out = new Tensor[outShapes.length];
        INDArray[] expected = new INDArray[outShapes.length];
        TensorSpec[] outSpecs = new TensorSpec[outShapes.length];
        for (int i = 0; i < out.length; i++) {
            DataType type = op.outputType(i, types);
            outSpecs[i] = new TensorSpec("out" + i, type, outShapes[i]);
            out[i] = device.allocate(outSpecs[i]);
            if (type == DataType.FLOAT) {
                out[i].floats().put(filled((int) out[i].length()));
            }
            expected[i] = Nd4j.createUninitialized(type == DataType.FLOAT ? DataType.DOUBLE : type, outShapes[i]);
        }
        TensorSpec[] inSpecs = new TensorSpec[in.length];
        for (int i = 0; i < in.length; i++) {
            inSpecs[i] = in[i].spec();
        }
        long scratchBytes = device.scratchBytes(op, inSpecs, outSpecs, 1);
        Tensor scratch = scratchBytes == 0 ? null : device.allocate(new TensorSpec("scratch", DataType.FLOAT, (scratchBytes + 3) / 4));
        if (scratch != null) {
            scratch.floats().put(filled((int) scratch.length()));
        }
        Runnable call = serial(device.bind(op, in, out, scratch, 1));
        call.run();
        List<byte[]> first = bytes(out);
        call.run();
        List<byte[]> second = bytes(out);
        for (int i = 0; i < out.length; i++) {
            org.junit.jupiter.api.Assertions.assertArrayEquals(first.get(i), second.get(i), "a second run gives the same bits, output " + i);
        }
        for (int panels : new int[] {2, 3, 7}) {
            inPanels(device, op, in, out, panels);
            List<byte[]> shared = bytes(out);
            for (int i = 0; i < out.length; i++) {
                org.junit.jupiter.api.Assertions.assertArrayEquals(first.get(i), shared.get(i), panels + " panels give the same bits, output " + i);
            }
        }
        op.reference(doubles, expected);
        List<double[]> kernel = new ArrayList<>();
        List<double[]> reference = new ArrayList<>();
        for (int i = 0; i < out.length; i++) {
            kernel.add(values(out[i]));
            reference.add(expected[i].dup('c').castTo(DataType.DOUBLE).data().asDouble());
        }
        return new Outcome(kernel, reference);
    }

    /** The kernel's call in panels, the last first, over outputs and working memory of NaN. */
    private static void inPanels(CpuDevice device, LacunaOp op, Tensor[] in, Tensor[] out, int panels) {
        for (Tensor t : out) {
            if (t.dataType() == DataType.FLOAT) {
                t.floats().put(filled((int) t.length()));
            }
        }
        long bytes = device.scratchBytes(op, specs(in), specs(out), panels);
        Tensor scratch = bytes == 0 ? null : device.allocate(new TensorSpec("scratch", DataType.FLOAT, (bytes + 3) / 4));
        if (scratch != null) {
            scratch.floats().put(filled((int) scratch.length()));
        }
        for (Runnable[] phase : device.bind(op, in, out, scratch, panels)) {
            for (int p = phase.length - 1; p >= 0; p--) {
                phase[p].run();
            }
        }
    }

    private static TensorSpec[] specs(Tensor[] tensors) {
        return java.util.Arrays.stream(tensors).map(Tensor::spec).toArray(TensorSpec[]::new);
    }

    /** All phases and panels, one after the other. */
    static Runnable serial(Runnable[][] phases) {
        return () -> {
            for (Runnable[] phase : phases) {
                for (Runnable panel : phase) {
                    panel.run();
                }
            }
        };
    }

    /** A kernel that leaves an element unwritten is found by this NaN. */
    private static float[] filled(int n) {
        float[] nan = new float[n];
        java.util.Arrays.fill(nan, Float.NaN);
        return nan;
    }

    private static List<byte[]> bytes(Tensor[] out) {
        List<byte[]> result = new ArrayList<>();
        for (Tensor t : out) {
            byte[] b = new byte[t.bytes().capacity()];
            t.bytes().duplicate().get(b);
            result.add(b);
        }
        return result;
    }

    private static double[] values(Tensor t) {
        double[] v = new double[(int) t.length()];
        for (int i = 0; i < v.length; i++) {
            v[i] = switch (t.dataType()) {
                case FLOAT -> t.getFloat(i);
                case INT -> t.bytes().getInt(i * 4);
                case LONG -> t.bytes().getLong(i * 8);
                case DOUBLE -> t.bytes().getDouble(i * 8);
                default -> throw new IllegalStateException(t.dataType().toString());
            };
        }
        return v;
    }

    static Tensor tensor(CpuDevice device, Input input, String name) {
        Tensor t = device.allocate(new TensorSpec(name, input.type(), input.shape()));
        for (int i = 0; i < input.values().length; i++) {
            switch (input.type()) {
                case FLOAT -> t.setFloat(i, (float) input.values()[i]);
                case INT -> t.bytes().putInt(i * 4, (int) input.values()[i]);
                case DOUBLE -> t.bytes().putDouble(i * 8, input.values()[i]);
                default -> throw new IllegalStateException(input.type().toString());
            }
        }
        return t;
    }

    /**
     * Asserts |kernel − reference| ≤ {@code ulps} units in the last place of the reference, as a float; where that
     * underflows, the smallest normal float stands for such a unit.
     */
    static void assertUlps(double[] reference, double[] kernel, double ulps) {
        assertEquals(reference.length, kernel.length);
        for (int i = 0; i < reference.length; i++) {
            double ulp = Math.abs(reference[i]) < Float.MIN_NORMAL ? Float.MIN_NORMAL : Math.ulp((float) reference[i]);
            double off = Math.abs(kernel[i] - reference[i]) / ulp;
            if (!(off <= ulps)) {
                fail("element " + i + ": " + kernel[i] + " for " + reference[i] + ", " + off + " ulp off");
            }
        }
    }

    /** Asserts |kernel − reference| ≤ 4·√K·2⁻²⁴·Σ|terms|: what a sum of K float terms may be off. */
    static void assertSum(double reference, double kernel, int terms, double sumOfMagnitudes) {
        double bound = 4 * Math.sqrt(terms) * 0x1p-24 * sumOfMagnitudes;
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
