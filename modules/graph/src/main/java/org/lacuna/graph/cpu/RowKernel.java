package org.lacuna.graph.cpu;

import java.util.Arrays;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.op.LacunaOp;

/**
 * A kernel that makes each token's row of its outputs from that token's rows of its inputs: a panel of rows is a call of its
 * own on a part of the tensors.
 */
abstract class RowKernel implements Kernel {
    /** Whether the op's input {@code index} has a row for each token; the others are read whole. */
    abstract boolean hasRows(LacunaOp op, int index);

    /** How many rows of {@code rows} each of {@code panels} computes, the last one the rest. */
    int panelHeight(LacunaOp op, Tensor[] in, Tensor[] out, int rows, int panels) {
        return (rows + panels - 1) / panels;
    }

    /** How many bytes of working memory a call needs. */
    long scratchBytes(LacunaOp op, TensorSpec[] in, TensorSpec[] out) {
        return 0;
    }

    /** Prepares a call for fixed tensors, as {@link Kernel#bind}. */
    abstract Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch);

    @Override
    public final long scratchBytes(LacunaOp op, TensorSpec[] in, TensorSpec[] out, int panels) {
        return panels * CpuMemory.aligned(scratchBytes(op, in, out));
    }

    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        int rows = rows(out[0].spec());
        int height = panelHeight(op, in, out, rows, panels);
        if (out[0].shape().length != 3 || height >= rows) {
            return Kernel.whole(bind(op, in, out, scratch));
        }
        Runnable[] calls = new Runnable[(rows + height - 1) / height];
        for (int p = 0; p < calls.length; p++) {
            int from = p * height;
            int n = Math.min(height, rows - from);
            Tensor[] inputs = new Tensor[in.length];
            for (int i = 0; i < in.length; i++) {
                inputs[i] = hasRows(op, i) ? panel(in[i], from, n) : in[i];
            }
            long share = scratch == null ? 0 : scratch.length() / panels;
            calls[p] = bind(op, inputs, Arrays.stream(out).map(t -> panel(t, from, n)).toArray(Tensor[]::new),
                    scratch == null ? null : scratch.view("scratch", p * share, share));
        }
        return new Runnable[][] {calls};
    }

    /** Tokens of a tensor [B, T, …]; 1 for what has no such dimensions. */
    private static int rows(TensorSpec spec) {
        return spec.shape().length < 2 ? 1 : Math.toIntExact(spec.shape()[0] * spec.shape()[1]);
    }

    private static Tensor panel(Tensor t, int from, int rows) {
        long[] shape = t.shape().clone();
        shape[0] = 1;
        shape[1] = rows;
        return t.view(t.name(), from * (t.length() / rows(t.spec())), shape);
    }
}
