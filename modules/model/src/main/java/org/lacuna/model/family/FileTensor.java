package org.lacuna.model.family;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;

/**
 * A tensor of a family's files, and where its numbers are among the parameters: most are one parameter as it stands, others are
 * transposed, or several in one.
 *
 * @param name in the file
 * @param shape in the file
 * @param parts which together are all of it
 */
public record FileTensor(String name, long[] shape, List<Part> parts) {

    /**
     * A matrix that lies row after row in a parameter. Its element (r, c) is element
     * {@code offset + r / block · blockStride + r % block · rowStride + c · columnStride} of the file's tensor.
     *
     * @param parameter whose
     * @param first where it begins in the parameter, in elements
     * @param rows of the matrix
     * @param columns of the matrix
     * @param block rows that lie at {@code rowStride} from one another
     * @param blockStride from block to block
     */
    public record Part(String parameter, long first, int rows, int columns, long offset, long rowStride, long columnStride, int block, long blockStride) {
        int at(int row, int column) {
            return Math.toIntExact(offset + row / block * blockStride + row % block * rowStride + column * columnStride);
        }

        /** Whether the file's tensor has its numbers in the same order, one behind the other. */
        boolean asItStands() {
            return offset == 0 && rowStride == columns && columnStride == 1 && block >= rows;
        }
    }

    /** A parameter as it stands. */
    static FileTensor same(String name, TensorSpec spec) {
        return new FileTensor(name, spec.shape(), List.of(run(spec.name(), 0, spec)));
    }

    /** Part {@code index} of a parameter's first dimension, as it stands: an expert's weights. */
    static FileTensor slice(String name, TensorSpec spec, int index) {
        long[] shape = Arrays.copyOfRange(spec.shape(), 1, spec.shape().length);
        TensorSpec slice = new TensorSpec(spec.name(), spec.dataType(), shape);
        return new FileTensor(name, shape, List.of(run(spec.name(), index * slice.length(), slice)));
    }

    private static Part run(String parameter, long first, TensorSpec spec) {
        int columns = spec.size(-1);
        int rows = spec.rows();
        return new Part(parameter, first, rows, columns, 0, columns, 1, rows, 0);
    }

    /** Weights [out, in] of linear layers on one input, in one tensor [in, sum of all out], as GPT-2 stores them. */
    static FileTensor transposed(String name, TensorSpec... weights) {
        int in = weights[0].size(1);
        int out = Arrays.stream(weights).mapToInt(w -> w.size(0)).sum();
        List<Part> parts = new ArrayList<>();
        long offset = 0;
        for (TensorSpec w : weights) {
            parts.add(new Part(w.name(), 0, w.size(0), in, offset, 1, out, w.size(0), 0));
            offset += w.size(0);
        }
        return new FileTensor(name, new long[] {in, out}, parts);
    }

    /** Vectors, one behind the other. */
    static FileTensor joined(String name, TensorSpec... vectors) {
        List<Part> parts = new ArrayList<>();
        long offset = 0;
        for (TensorSpec v : vectors) {
            parts.add(new Part(v.name(), 0, 1, v.size(0), offset, v.size(0), 1, 1, 0));
            offset += v.size(0);
        }
        return new FileTensor(name, new long[] {offset}, parts);
    }

    /**
     * Parameters of one shape whose rows belong to heads, in one tensor head by head: head 0 of each, head 1 of each, and so on, as
     * GPT-NeoX stores queries, keys and values.
     *
     * @param headSize rows of a head
     * @param parameters matrices [rows, columns], or vectors [rows]
     */
    static FileTensor byHead(String name, int headSize, TensorSpec... parameters) {
        int rows = parameters[0].size(0);
        int columns = parameters[0].shape().length == 1 ? 1 : parameters[0].size(1);
        List<Part> parts = new ArrayList<>();
        for (int i = 0; i < parameters.length; i++) {
            parts.add(new Part(parameters[i].name(), 0, rows, columns, (long) i * headSize * columns, columns, 1, headSize, (long) parameters.length * headSize * columns));
        }
        long[] shape = parameters[0].shape().clone();
        shape[0] *= parameters.length;
        return new FileTensor(name, shape, parts);
    }

    /** How many elements the file's tensor has. */
    public long length() {
        return Arrays.stream(shape).reduce(1, Math::multiplyExact);
    }

    /** The part of a parameter that is this tensor as it stands, if it is one. */
    public Part whole() {
        return parts.size() == 1 && parts.get(0).asItStands() ? parts.get(0) : null;
    }

    /** The same tensor under another name. */
    FileTensor named(String other) {
        return new FileTensor(other, shape, parts);
    }

    /** Copies the file's numbers to the parameters. */
    public void toParameters(float[] stored, Function<String, Tensor> parameters) {
        for (Part p : parts) {
            FloatBuffer into = parameters.apply(p.parameter()).floats();
            int i = Math.toIntExact(p.first());
            for (int r = 0; r < p.rows(); r++) {
                for (int c = 0; c < p.columns(); c++) {
                    into.put(i++, stored[p.at(r, c)]);
                }
            }
        }
    }

    /** The file's numbers, from the parameters or from anything of their layout, such as their gradient. */
    public float[] ofParameters(Function<String, Tensor> parameters) {
        return ofValues(name -> parameters.apply(name).floats());
    }

    /** The same from the parameters' numbers; what is given for one is read before the next is asked for. */
    public float[] ofValues(Function<String, FloatBuffer> parameters) {
        float[] stored = new float[Math.toIntExact(length())];
        for (Part p : parts) {
            FloatBuffer from = parameters.apply(p.parameter());
            int i = Math.toIntExact(p.first());
            for (int r = 0; r < p.rows(); r++) {
                for (int c = 0; c < p.columns(); c++) {
                    stored[p.at(r, c)] = from.get(i++);
                }
            }
        }
        return stored;
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof FileTensor t && name.equals(t.name) && Arrays.equals(shape, t.shape) && parts.equals(t.parts);
    }

    @Override
    public int hashCode() {
        return 31 * name.hashCode() + Arrays.hashCode(shape);
    }
}
