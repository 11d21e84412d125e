package org.lacuna.graph.op;

import java.util.Arrays;
import java.util.List;
import org.lacuna.sparsity.rule.NonFiniteException;
import org.lacuna.sparsity.rule.RowScratch;
import org.lacuna.sparsity.rule.Rule;
import org.lacuna.sparsity.rule.Rules;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Masks each token's vector by a rule. Rules and their parameters are inputs, P of them, so that one program serves a whole
 * grid: sequences b·B to b·B + B − 1 of the output are under rule b.
 *
 * <pre>
 * in:  v [P·B, T, n], or [B, T, n] with fan-out
 *      rule [P] INT            {@link Rule#code}
 *      parameters [P, K] DOUBLE  a row for each rule; K ≥ 1 is that of the rule with most
 *      tokenMask [P·B, T], or [B, T] with fan-out; FLOAT or INT: where it is 0, padding passes unmasked and is not counted;
 *                         may be left out where there is none
 *      channels [C, n]    may be left out; what each element is multiplied by, rounded to float, before the rule looks at it: a row for all
 *                         sequences, or for sequence s row s mod C. The element itself passes as it is
 * out: masked v [P·B, T, n]    v where the rule keeps it, else 0
 *      kept [P·B, T] INT       how many are kept, or −1 for padding; an exact 0 is never kept
 * integer argument 0: 1 for fan-out, where all P rules see the same v; else 0
 * integer argument 1: 1 for a straight-through gradient; 0, or not there, for that of a fixed mask
 * </pre>
 * The derivative is one of two:
 * <ul>
 * <li>of a fixed mask, exact almost everywhere: dy where the masked value is not 0;
 * <li>straight-through, which takes the mask for the identity, so that what was dropped is told what it would have done (Q-Sparse, arXiv
 * 2407.10969): dy everywhere; not with fan-out.
 * </ul>
 *
 * <p>A vector with NaN or an infinity that isn't padding throws {@link NonFiniteRowException}.
 */
public final class Sparsify extends LacunaOp {
    public static final String NAME = "lacuna_sparsify";

    public Sparsify() {}

    private Sparsify(SameDiff sd, boolean fan, SDVariable... args) {
        super(sd, args);
        addIArgument(fan ? 1 : 0);
    }

    /**
     * Adds the op to the graph; its gradient is that of a fixed mask.
     *
     * @return the masked vectors under {@code masked}, and the counts under {@code kept}
     */
    public static SDVariable[] of(SameDiff sd, String masked, String kept, SDVariable v, SDVariable rule, SDVariable parameters,
            SDVariable tokenMask, boolean fan) {
        return named(new Sparsify(sd, fan, v, rule, parameters, tokenMask), masked, kept);
    }

    /** The same where the rule looks at v · {@code channels} and decides on v. */
    public static SDVariable[] of(SameDiff sd, String masked, String kept, SDVariable v, SDVariable rule, SDVariable parameters,
            SDVariable tokenMask, SDVariable channels, boolean fan) {
        return named(new Sparsify(sd, fan, v, rule, parameters, tokenMask, channels), masked, kept);
    }

    /** One that masks every token and does not fan out, with a straight-through gradient. */
    public static SDVariable[] straightThrough(SameDiff sd, String masked, String kept, SDVariable v, SDVariable rule, SDVariable parameters) {
        Sparsify op = new Sparsify(sd, false, v, rule, parameters);
        op.addIArgument(1);
        return named(op, masked, kept);
    }

    private static SDVariable[] named(Sparsify op, String masked, String kept) {
        SDVariable[] out = op.outputVariables(masked);
        out[1].rename(kept);
        return out;
    }

    /** Whether the output has P times as many sequences as the input. */
    public boolean fan() {
        return integer(0) == 1;
    }

    /** Whether the gradient ignores the mask. */
    public boolean straightThrough() {
        return numIArguments() > 1 && integer(1) == 1;
    }

    @Override
    public String opName() {
        return NAME;
    }

    @Override
    public int getNumOutputs() {
        return 2;
    }

    @Override
    public DataType outputType(int index, List<DataType> inputs) {
        return index == 0 ? inputs.get(0) : DataType.INT32;
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        long[] v = in[0];
        if (v.length != 3 || in[1].length != 1 || in[2].length != 2 || in[2][0] != in[1][0]
                || in.length > 3 && !Arrays.equals(in[3], new long[] {v[0], v[1]})) {
            throw new IllegalArgumentException(NAME + " wants v [B, T, n], rule [P], parameters [P, K] and token mask [B, T], not "
                    + Arrays.deepToString(in));
        }
        if (in.length > 4 && (in[4].length != 2 || in[4][1] != v[2] || in[4][0] == 0 || v[0] % in[4][0] != 0)) {
            throw new IllegalArgumentException(NAME + " wants channels [C, n] of which each serves as many sequences, not " + Arrays.deepToString(in));
        }
        long rules = in[1][0];
        if (rules == 0 || in[2][1] == 0) {
            throw new IllegalArgumentException(NAME + " wants one rule or more, and a parameter for each, not " + Arrays.deepToString(in));
        }
        if (!fan() && v[0] % rules != 0) {
            throw new IllegalArgumentException(NAME + ": " + v[0] + " sequences can't be shared evenly by " + rules + " rules");
        }
        long sequences = fan() ? rules * v[0] : v[0];
        return new long[][] {{sequences, v[1], v[2]}, {sequences, v[1]}};
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        int n = Math.toIntExact(in[0].size(2));
        int rules = Math.toIntExact(in[1].length());
        int rows = Math.toIntExact(out[1].length());
        int rowsOfRule = rows / rules;
        double[] v = in[0].dup('c').data().asDouble();
        double[] parameters = in[2].dup('c').data().asDouble();
        double[] channels = in.length > 4 ? in[4].dup('c').data().asDouble() : null;
        int length = Math.toIntExact(in[0].size(1));
        double[] mask = in.length > 3 ? in[3].dup('c').data().asDouble() : null;
        int width = Math.toIntExact(in[2].size(1));
        double[] masked = new double[rows * n];
        int[] counts = new int[rows];
        float[] values = new float[n];
        long[] kept = new long[(n + 63) / 64];
        RowScratch scratch = new RowScratch(n);
        for (int row = 0; row < rows; row++) {
            int from = fan() ? row % rowsOfRule : row;
            for (int j = 0; j < n; j++) {
                masked[row * n + j] = v[from * n + j];
                values[j] = (float) v[from * n + j];
                if (channels != null) {
                    values[j] *= (float) channels[(from / length * n + j) % channels.length];
                }
            }
            if (mask != null && mask[from] == 0) {
                counts[row] = -1;
                continue;
            }
            int b = row / rowsOfRule;
            try {
                counts[row] = Rules.byCode(in[1].getInt(b)).keep(values, n, parameters, b * width, kept, scratch);
            } catch (NonFiniteException e) {
                throw new NonFiniteRowException(from, e);
            }
            for (int j = 0; j < n; j++) {
                if ((kept[j >> 6] & 1L << j) == 0) {
                    masked[row * n + j] = 0;
                }
            }
        }
        out[0].assign(Nd4j.createFromArray(masked).reshape(out[0].shape()).castTo(out[0].dataType()));
        out[1].assign(Nd4j.createFromArray(counts).reshape(out[1].shape()));
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        SDVariable dy = gradients.get(0);
        if (!straightThrough()) {
            return List.of(SparsifyGrad.of(sameDiff, dy, outputVariables()[0], arg(1), fan()));
        }
        return List.of(dy);
    }
}
