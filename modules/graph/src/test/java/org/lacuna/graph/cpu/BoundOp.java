package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.lacuna.graph.Format;
import org.lacuna.graph.Precision;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.op.LacunaOp;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * One op's kernel, bound to memory of its own.
 *
 * @param in filled; in bf16 where the kernel takes them so
 * @param out each element a NaN, so that one that is left unwritten is found
 */
record BoundOp(CpuDevice device, LacunaOp op, Tensor[] in, Tensor[] out, Runnable call) {

    /** The kernel on fp32's device. */
    static BoundOp of(LacunaOp op, OpCheck.Input... inputs) {
        return bind(new CpuDevice(), op, inputs, 0, new ArrayList<>());
    }

    /**
     * The kernel as bf16 programs have it, with bf16 widened and, where the CPU multiplies it, not, once for each choice of float or
     * bf16 where it takes or gives either.
     */
    static List<BoundOp> narrow(LacunaOp op, OpCheck.Input... inputs) {
        List<BoundOp> all = new ArrayList<>();
        for (GemmLibrary gemms : GemmTest.ofBf16(new OneDnnGemms())) {
            CpuDevice device = new CpuDevice(Precision.BF16, gemms);
            List<String> free = new ArrayList<>();
            for (int choice = 0; choice < 1 << free.size() || choice == 0; choice++) {
                free.clear();
                all.add(bind(device, op, inputs, choice, free));
            }
        }
        return all;
    }

    /**
     * @param choice bit i: whether the i-th operand that may have either format is in bf16
     * @param free where those operands are added
     */
    private static BoundOp bind(CpuDevice device, LacunaOp op, OpCheck.Input[] inputs, int choice, List<String> free) {
        Tensor[] in = new Tensor[inputs.length];
        for (int i = 0; i < in.length; i++) {
            in[i] = tensor(device, inputs[i], type("in" + i, inputs[i].type(), device.input(op, i), choice, free), "in" + i);
        }
        long[][] shapes = op.outputShapes(Arrays.stream(inputs).map(OpCheck.Input::shape).toArray(long[][]::new));
        List<DataType> types = Arrays.stream(inputs).map(OpCheck.Input::type).toList();
        Tensor[] out = new Tensor[shapes.length];
        for (int i = 0; i < out.length; i++) {
            DataType type = type("out" + i, op.outputType(i, types), device.output(op, i), choice, free);
            out[i] = fill(device.allocate(new TensorSpec("out" + i, type, shapes[i])));
        }
        return new BoundOp(device, op, in, out, call(phases(device, op, in, out, 1)));
    }

    private static Runnable[][] phases(CpuDevice device, LacunaOp op, Tensor[] in, Tensor[] out, int panels) {
        long bytes = device.scratchBytes(op, specs(in), specs(out), panels);
        Tensor scratch = bytes == 0 ? null : fill(device.allocate(new TensorSpec("scratch", DataType.FLOAT, bytes / Float.BYTES)));
        return device.bind(op, in, out, scratch, panels);
    }

    /** All phases and their panels, the last panel of each first: their order must not count. */
    private static Runnable call(Runnable[][] phases) {
        return () -> {
            for (Runnable[] phase : phases) {
                for (int p = phase.length - 1; p >= 0; p--) {
                    phase[p].run();
                }
            }
        };
    }

    private static DataType type(String operand, DataType type, Format format, int choice, List<String> free) {
        if (type != DataType.FLOAT || format == Format.FP32) {
            return type;
        }
        if (format == Format.BF16) {
            return DataType.BFLOAT16;
        }
        free.add(operand);
        return (choice >> free.size() - 1 & 1) != 0 ? DataType.BFLOAT16 : type;
    }

    private static TensorSpec[] specs(Tensor[] tensors) {
        return Arrays.stream(tensors).map(Tensor::spec).toArray(TensorSpec[]::new);
    }

    /** NaN as a float, as a double, and as two bf16s. */
    private static Tensor fill(Tensor t) {
        for (int i = 0; i < t.bytes().capacity() / Short.BYTES; i++) {
            t.bytes().putShort(i * Short.BYTES, (short) 0x7fc0);
        }
        return t;
    }

    /** The input's values as {@code type}, which must hold them exactly if it is bf16. */
    private static Tensor tensor(CpuDevice device, OpCheck.Input input, DataType type, String name) {
        Tensor t = device.allocate(new TensorSpec(name, type, input.shape()));
        for (int i = 0; i < input.values().length; i++) {
            double value = input.values()[i];
            switch (type) {
                case FLOAT -> t.setFloat(i, (float) value);
                case BFLOAT16 -> t.bytes().putShort(i * 2, Bfloat16.of((float) value));
                case INT -> t.bytes().putInt(i * 4, (int) value);
                case DOUBLE -> t.bytes().putDouble(i * 8, value);
                default -> throw new IllegalStateException(type.toString());
            }
        }
        if (type == DataType.BFLOAT16) {
            assertArrayEquals(input.values(), values(t), name + ": bf16 numbers only");
        }
        return t;
    }

    static double[] values(Tensor t) {
        double[] v = new double[(int) t.length()];
        for (int i = 0; i < v.length; i++) {
            v[i] = switch (t.dataType()) {
                case FLOAT -> t.getFloat(i);
                case BFLOAT16 -> Float.intBitsToFloat(t.bytes().getShort(i * 2) << 16);
                case INT -> t.bytes().getInt(i * 4);
                case LONG -> t.bytes().getLong(i * 8);
                case DOUBLE -> t.bytes().getDouble(i * 8);
                default -> throw new IllegalStateException(t.dataType().toString());
            };
        }
        return v;
    }

    /** Runs twice, and in panels, and asserts that the bits are the same. */
    void runTwice() {
        call.run();
        List<byte[]> first = bytes();
        call.run();
        List<byte[]> second = bytes();
        for (int i = 0; i < out.length; i++) {
            assertArrayEquals(first.get(i), second.get(i), "a second run gives the same bits, output " + i + "; " + this);
        }
        for (int panels : new int[] {2, 3, 7}) {
            Arrays.stream(out).forEach(BoundOp::fill);
            call(phases(device, op, in, out, panels)).run();
            List<byte[]> shared = bytes();
            for (int i = 0; i < out.length; i++) {
                assertArrayEquals(first.get(i), shared.get(i), panels + " panels give the same bits, output " + i + "; " + this);
            }
        }
    }

    private List<byte[]> bytes() {
        return Arrays.stream(out).map(t -> {
            byte[] b = new byte[t.bytes().capacity()];
            t.bytes().get(0, b);
            return b;
        }).toList();
    }

    /** The operands' formats and what multiplies, for messages. */
    @Override
    public String toString() {
        return "in " + types(in) + ", out " + types(out) + ", " + device.gemm();
    }

    private static List<DataType> types(Tensor[] tensors) {
        return Arrays.stream(tensors).map(Tensor::dataType).toList();
    }
}
