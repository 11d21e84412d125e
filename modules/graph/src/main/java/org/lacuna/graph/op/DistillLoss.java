package org.lacuna.graph.op;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Distillation on logits (Hinton, Vinyals and Dean 2015, arXiv 1503.02531): how far a student's next-token distributions are from a
 * teacher's. Both output layers are part of it, so that the logits of all positions never exist at once: they are made and used in
 * blocks of rows.
 *
 * <pre>
 * in:  x [B, T, D], W [V, D]      the student's last hidden states and output layer
 *      xp [B, T, Dp], Wp [V, Dp]  the teacher's; have no gradient
 *      weight [B, T]              (as x; has no gradient)
 * out: loss [] = Σ weight_t · τ² · kl_t,
 *      kl [B, T], kl_t = Σ_v p_tv · (log p_tv − log q_tv), in nats,
 *      with p_t = softmax(xp_t · Wpᵀ / τ), the teacher's, and q_t = softmax(x_t · Wᵀ / τ), the student's
 * floating argument 0: the temperature τ
 * </pre>
 * τ² keeps the size of the gradients, which fall with τ². A position whose weight is 0 is not read: its kl is 0, and it adds nothing to
 * the loss or to a gradient. Where both have the same logits, loss and gradients are exactly 0. kl is there to be read; the derivative
 * goes through the loss alone, by {@link DistillLossGrad}.
 */
public final class DistillLoss extends LacunaOp {
    public static final String NAME = "lacuna_distill_loss";

    /** How many rows of logits a reference holds. */
    private static final int BLOCK = 128;

    public DistillLoss() {}

    private DistillLoss(SameDiff sd, double temperature, SDVariable... args) {
        super(sd, args);
        addTArgument(temperature);
    }

    /**
     * Adds the loss under {@code loss} and the positions' divergences under {@code kl}; returns both.
     *
     * @param temperature τ &gt; 0; 1 takes the distributions as they are
     */
    public static SDVariable[] of(SameDiff sd, String loss, String kl, SDVariable x, SDVariable table, SDVariable teacherX, SDVariable teacherTable,
            SDVariable weight, double temperature) {
        if (!(temperature > 0 && temperature < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(NAME + " wants a temperature above 0, not " + temperature);
        }
        SDVariable[] outputs = new DistillLoss(sd, temperature, x, table, teacherX, teacherTable, weight).outputVariables(loss);
        outputs[1].rename(kl);
        return outputs;
    }

    /** τ, by which logits are divided. */
    public double temperature() {
        return floating(0);
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
    public long[][] outputShapes(long[][] in) {
        checkShapes(NAME, in[0], in[1], in[2], in[3], in[4]);
        return new long[][] {{}, in[4]};
    }

    /** x · Wᵀ and xp · Wpᵀ, for positions without weight too. */
    @Override
    public long flops(long[][] in) {
        return Linear.product(in[0], in[1][0]) + Linear.product(in[2], in[3][0]);
    }

    static void checkShapes(String op, long[] x, long[] table, long[] teacherX, long[] teacherTable, long[] weight) {
        if (x.length != 3 || table.length != 2 || table[1] != x[2]) {
            throw new IllegalArgumentException(op + " wants x [B, T, D] and W [V, D], not " + Arrays.toString(x) + " and " + Arrays.toString(table));
        }
        if (teacherX.length != 3 || teacherX[0] != x[0] || teacherX[1] != x[1] || teacherTable.length != 2 || teacherTable[0] != table[0]
                || teacherTable[1] != teacherX[2]) {
            throw new IllegalArgumentException(op + " of a student's x " + Arrays.toString(x) + " and W " + Arrays.toString(table) + " wants a teacher's of as many positions and words, "
                    + "xp [B, T, Dp] and Wp [V, Dp], not " + Arrays.toString(teacherX) + " and " + Arrays.toString(teacherTable));
        }
        if (!Arrays.equals(weight, new long[] {x[0], x[1]})) {
            throw new IllegalArgumentException(op + ": weights should be [" + x[0] + ", " + x[1] + "], not " + Arrays.toString(weight));
        }
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        reference(temperature(), in[0], in[1], in[2], in[3], in[4], out[0], out[1], null);
    }

    /** Takes the derivative of the loss by the logits [n, V] of n tokens, and the tokens. */
    interface BlockGradient {
        void take(int[] tokens, INDArray x, INDArray logitGradient);
    }

    /** Fills loss and kl; hands each block's derivative of the loss to {@code gradient} where there is one. */
    static void reference(double temperature, INDArray x, INDArray table, INDArray teacherX, INDArray teacherTable, INDArray weight, INDArray loss,
            INDArray kl, BlockGradient gradient) {
        double[] w = weight.dup('c').castTo(DataType.DOUBLE).data().asDouble();
        double[] each = new double[w.length];
        double total = 0;
        int[] chosen = IntStream.range(0, w.length).filter(t -> w[t] != 0).toArray();
        for (int from = 0; from < chosen.length; from += BLOCK) {
            int[] tokens = Arrays.copyOfRange(chosen, from, Math.min(chosen.length, from + BLOCK));
            INDArray student = rows(x, tokens);
            INDArray p = logSoftmax(rows(teacherX, tokens).mmul(teacherTable.transpose()), temperature);
            INDArray q = logSoftmax(student.mmul(table.transpose()), temperature);
            INDArray divergence = Transforms.exp(p, true).muli(p.sub(q)).sum(true, 1);
            INDArray scale = Nd4j.create(q.dataType(), tokens.length, 1);
            for (int i = 0; i < tokens.length; i++) {
                each[tokens[i]] = divergence.getDouble(i, 0);
                total += w[tokens[i]] * temperature * temperature * each[tokens[i]];
                scale.putScalar(i, 0, w[tokens[i]] * temperature);
            }
            if (gradient != null) {
                gradient.take(tokens, student, Transforms.exp(q, true).subi(Transforms.exp(p, true)).mul(scale));
            }
        }
        loss.assign(total);
        kl.assign(Nd4j.createFromArray(each).reshape(kl.shape()).castTo(kl.dataType()));
    }

    /** The tokens' rows of a tensor [B, T, D]. */
    private static INDArray rows(INDArray tensor, int... tokens) {
        INDArray all = Linear.rows(tensor);
        INDArray rows = Nd4j.createUninitialized(all.dataType(), tokens.length, all.size(1));
        for (int i = 0; i < tokens.length; i++) {
            rows.putRow(i, all.getRow(tokens[i]));
        }
        return rows;
    }

    private static INDArray logSoftmax(INDArray logits, double temperature) {
        INDArray z = logits.div(temperature);
        INDArray shifted = z.sub(z.max(true, 1));
        return shifted.sub(Transforms.log(Transforms.exp(shifted, true).sum(true, 1), true));
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        SDVariable kl = gradients.get(1);
        if (!sameDiff.getVariableOutputOp(kl.name()).opName().equals("zeroslike")) { // what SameDiff gives an output without a use
            throw new UnsupportedOperationException(NAME + ": the objective depends on kl, whose derivative this op does not have; use the loss and token weights");
        }
        SDVariable[] outputs = DistillLossGrad.of(sameDiff, arg(0), arg(1), gradients.get(0), arg(2), arg(3), arg(4), temperature());
        return List.of(outputs[0], outputs[1]);
    }
}
