package org.lacuna.graph.op;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * One or several linear layers on one input, of which every expert has its own and a row goes through that of the expert chosen for
 * it. Rows stay in token order, the k choices of a token one behind the other; kernels sort them by expert where nobody sees it.
 *
 * <pre>
 * in:  x [B, T, I] with fan-out, where a token's k choices read the same row; else [B, T·k, I], a row for each choice
 *      W_1 [E, O_1, I], …, W_n [E, O_n, I]
 *      experts [B, T, k] INT, each in [0, E)
 * out: y_j [B, T·k, O_j], y_j[b, t·k + r] = W_j[experts[b, t, r]] · x[b, t], or · x[b, t·k + r] without fan-out
 * integer arguments: n, 1 for fan-out or 0
 * </pre>
 * An expert outside of [0, E) ends a run with an {@link IllegalArgumentException} that names the choice and the expert. Gradients:
 * {@link ExpertLinearDx}, {@link ExpertLinearDw}.
 */
public final class ExpertLinear extends LacunaOp {
    public static final String NAME = "lacuna_expert_linear";

    public ExpertLinear() {}

    private ExpertLinear(SameDiff sd, int layers, boolean fan, SDVariable... args) {
        super(sd, args);
        addIArgument(layers, fan ? 1 : 0);
    }

    /** Adds the choices' products with one weight to the graph under {@code name}. */
    public static SDVariable of(SameDiff sd, String name, SDVariable x, SDVariable weight, SDVariable experts, boolean fan) {
        return of(sd, List.of(name), x, List.of(weight), experts, fan)[0];
    }

    /**
     * Adds several layers on {@code x} to the graph.
     *
     * @param names of the outputs, one for each weight
     * @param fan whether x has a row for each token, and not for each choice
     */
    public static SDVariable[] of(SameDiff sd, List<String> names, SDVariable x, List<SDVariable> weights, SDVariable experts, boolean fan) {
        int n = weights.size();
        if (names.size() != n) {
            throw new IllegalArgumentException(n + " weights, " + names.size() + " names: one name for each weight");
        }
        List<SDVariable> args = new ArrayList<>(List.of(x));
        args.addAll(weights);
        args.add(experts);
        SDVariable[] outputs = new ExpertLinear(sd, n, fan, args.toArray(SDVariable[]::new)).outputVariables(names.get(0));
        for (int j = 1; j < n; j++) {
            outputs[j].rename(names.get(j));
        }
        return outputs;
    }

    /** n, the number of weights. */
    public int layers() {
        return integer(0);
    }

    /** Whether a token's choices read the same row. */
    public boolean fan() {
        return integer(1) == 1;
    }

    @Override
    public String opName() {
        return NAME;
    }

    @Override
    public int getNumOutputs() {
        return numIArguments() == 0 ? 1 : layers(); // the arguments come after the constructor that SameDiff uses
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        int n = layers();
        long[] x = in[0];
        long[] experts = in[1 + n];
        long[][] out = new long[n][];
        checkRows(NAME, "x", x, experts, fan());
        for (int j = 0; j < n; j++) {
            long[] w = in[1 + j];
            if (w.length != 3 || w[2] != x[2] || w[0] != in[1][0]) {
                throw new IllegalArgumentException(NAME + " wants weights [E, O, I] for x [B, T, I], not " + Arrays.toString(x) + " and weight " + j + " " + Arrays.toString(w)
                        + (w.length == 3 && w[2] == x[2] ? ", while weight 0 has " + in[1][0] + " experts" : ""));
            }
            out[j] = new long[] {x[0], experts[1] * experts[2], w[1]};
        }
        return out;
    }

    /** Refuses a tensor that has no row for each token of {@code experts}, with fan-out, or for each choice. */
    static void checkRows(String op, String what, long[] rows, long[] experts, boolean fan) {
        if (rows.length != 3 || experts.length != 3 || rows[0] != experts[0] || rows[1] != experts[1] * (fan ? 1 : experts[2])) {
            throw new IllegalArgumentException(op + " wants " + what + (fan ? " [B, T, n]" : " [B, T·k, n]") + " and experts [B, T, k], not "
                    + Arrays.toString(rows) + " and " + Arrays.toString(experts));
        }
    }

    /** W_j[expert] · x-row for each choice and each weight. */
    @Override
    public long flops(long[][] in) {
        long flops = 0;
        for (int j = 0; j < layers(); j++) {
            flops += product(in[1 + layers()], in[1 + j]);
        }
        return flops;
    }

    /** Operations of a product between a row for each choice and its expert's matrix. */
    static long product(long[] experts, long[] weight) {
        return Linear.product(new long[] {experts[0], experts[1] * experts[2], weight[2]}, weight[1]);
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        int n = layers();
        INDArray x = choices(in[0], in[1 + n], fan());
        int[] experts = ids(NAME, in[1 + n], in[1].size(0));
        for (int j = 0; j < n; j++) {
            INDArray y = Nd4j.createUninitialized(x.dataType(), experts.length, in[1 + j].size(1));
            for (int i = 0; i < experts.length; i++) {
                y.putRow(i, row(x, i).mmul(matrix(in[1 + j], experts[i]).transpose()));
            }
            out[j].assign(y.reshape(out[j].shape()));
        }
    }

    /** A row for each choice, [B · T · k, n]. */
    static INDArray choices(INDArray x, INDArray experts, boolean fan) {
        INDArray rows = Linear.rows(x);
        return fan ? rows.repeat(0, experts.size(2)) : rows;
    }

    /** Row {@code i} as a matrix. */
    static INDArray row(INDArray rows, int i) {
        return rows.getRow(i).dup('c').reshape(1, rows.size(1));
    }

    /** An expert's weight, [O, I]. */
    static INDArray matrix(INDArray weight, int expert) {
        return weight.slice(expert).dup('c');
    }

    /** The choices in their order, all in [0, {@code size}). */
    static int[] ids(String op, INDArray array, long size) {
        int[] ids = array.dup('c').castTo(DataType.INT32).data().asInt();
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] < 0 || ids[i] >= size) {
                throw outside(op, ids[i], i, Math.toIntExact(array.size(1)), Math.toIntExact(array.size(2)), size);
            }
        }
        return ids;
    }

    /**
     * What a kernel or reference throws for an expert that there isn't.
     *
     * @param choice among all B · T · k, of which {@code length} = T tokens make a sequence
     */
    public static IllegalArgumentException outside(String op, int expert, int choice, int length, int k, long size) {
        return new IllegalArgumentException(op + ": expert " + expert + " at [" + choice / k / length + ", " + choice / k % length + ", " + choice % k + "] is not in [0, " + size + ")");
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> dy) {
        SDVariable[] in = args();
        int n = layers();
        SDVariable experts = in[1 + n];
        List<SDVariable> result = new ArrayList<>();
        result.add(ExpertLinearDx.of(sameDiff, dy, Arrays.asList(in).subList(1, 1 + n), experts, fan()));
        for (int j = 0; j < n; j++) {
            result.add(ExpertLinearDw.of(sameDiff, in[0], dy.get(j), in[1 + j], experts, fan()));
        }
        return result;
    }
}
