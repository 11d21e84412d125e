package org.lacuna.graph.op;

import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * The output layer and its cross-entropy in one, so that the logits of all positions never exist at once: they are made
 * and used in blocks of rows.
 *
 * <pre>
 * in:  x [B, T, D], W [V, D], targets [B, T] INT, weight [B, T] (as x; has no gradient)
 * out: loss [] = Σ weight_t · (nll_t + z · (log Z_t)²), Z_t = Σ_v exp(x_t · W_v),
 *      nll [B, T], nll_t = log Z_t − x_t · W_target, in nats
 *      greedy [B, T] INT, if asked for: 1 where the target's logit is the largest, the first of equals; else 0
 * floating argument 0: z, 0 where there is none
 * integer argument 0: 1 for the output greedy; 0, or not there, for none
 * </pre>
 * The term in z keeps the logits from drifting away together, which changes no probability (PaLM, arXiv 2204.02311, section 5, has z = 10⁻⁴).
 * A position is not scored where its target is −1 or its weight 0: its nll and greedy are 0, and it adds nothing to the loss or to a
 * gradient. A target that is neither −1 nor in [0, V) ends a run with an {@link IllegalArgumentException} that names the
 * position. nll and greedy are there to be read; the derivative goes through the loss alone, by {@link LmHeadLossGrad}.
 */
public final class LmHeadLoss extends LacunaOp {
    public static final String NAME = "lacuna_lm_head_loss";

    /** How many rows of logits a reference holds. */
    private static final int BLOCK = 128;

    public LmHeadLoss() {}

    private LmHeadLoss(SameDiff sd, SDVariable x, SDVariable table, SDVariable targets, SDVariable weight, double zLoss) {
        super(sd, x, table, targets, weight);
        addTArgument(zLoss);
    }

    /** Adds the loss under {@code loss} and the positions' parts of it under {@code nll}; returns both. */
    public static SDVariable[] of(SameDiff sd, String loss, String nll, SDVariable x, SDVariable table, SDVariable targets, SDVariable weight) {
        return of(sd, loss, nll, x, table, targets, weight, 0);
    }

    /**
     * The same with a term in (log Z)².
     *
     * @param zLoss its factor z ≥ 0
     */
    public static SDVariable[] of(SameDiff sd, String loss, String nll, SDVariable x, SDVariable table, SDVariable targets, SDVariable weight,
            double zLoss) {
        if (!(zLoss >= 0 && zLoss < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(NAME + " wants a factor z of 0 or more, not " + zLoss);
        }
        SDVariable[] outputs = new LmHeadLoss(sd, x, table, targets, weight, zLoss).outputVariables(loss);
        outputs[1].rename(nll);
        return outputs;
    }

    /** The loss without a term in (log Z)², and which positions' targets are what greedy decoding would choose under {@code greedy}; returns all three. It has no derivative. */
    public static SDVariable[] withGreedy(SameDiff sd, String loss, String nll, String greedy, SDVariable x, SDVariable table, SDVariable targets,
            SDVariable weight) {
        LmHeadLoss op = new LmHeadLoss(sd, x, table, targets, weight, 0);
        op.addIArgument(1);
        SDVariable[] outputs = op.outputVariables(loss);
        outputs[1].rename(nll);
        outputs[2].rename(greedy);
        return outputs;
    }

    /** Whether it tells where the target has the largest logit. */
    public boolean greedy() {
        return numIArguments() > 0 && integer(0) == 1;
    }

    /** The factor z of (log Z)². */
    public double zLoss() {
        return numTArguments() == 0 ? 0 : floating(0); // graphs saved before there was one have none
    }

    @Override
    public String opName() {
        return NAME;
    }

    @Override
    public int getNumOutputs() {
        return greedy() ? 3 : 2;
    }

    @Override
    public DataType outputType(int index, List<DataType> inputs) {
        return index == 2 ? DataType.INT32 : inputs.get(0);
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        checkShapes(NAME, in[0], in[1], in[2], in[3]);
        return greedy() ? new long[][] {{}, in[2], in[2]} : new long[][] {{}, in[2]};
    }

    /** x · Wᵀ, as if all positions were scored. */
    @Override
    public long flops(long[][] in) {
        return Linear.product(in[0], in[1][0]);
    }

    static void checkShapes(String op, long[] x, long[] table, long[] targets, long[] weight) {
        if (x.length != 3 || table.length != 2 || table[1] != x[2]) {
            throw new IllegalArgumentException(op + " wants x [B, T, D] and W [V, D], not " + Arrays.toString(x) + " and " + Arrays.toString(table));
        }
        long[] positions = {x[0], x[1]};
        if (!Arrays.equals(targets, positions) || !Arrays.equals(weight, positions)) {
            throw new IllegalArgumentException(op + ": targets and weights should be " + Arrays.toString(positions) + ", not "
                    + Arrays.toString(targets) + " and " + Arrays.toString(weight));
        }
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        reference(NAME, zLoss(), in[0], in[1], in[2], in[3], out[0], out[1], null);
        if (greedy()) {
            out[2].assign(Nd4j.createFromArray(greedy(in[0], in[1], in[2], in[3])).reshape(out[2].shape()));
        }
    }

    /** Takes the derivative of the loss by a block's logits [rows, V]. */
    interface BlockGradient {
        void take(int from, INDArray x, INDArray logitGradient);
    }

    /** Fills loss and nll; hands each block's derivative of the loss to {@code gradient} where there is one. */
    static void reference(String op, double zLoss, INDArray x3, INDArray table, INDArray targets, INDArray weight, INDArray loss, INDArray nll,
            BlockGradient gradient) {
        INDArray x = Linear.rows(x3);
        int rows = Math.toIntExact(x.size(0));
        int[] target = targets(op, targets, table.size(0));
        double[] w = weight.dup('c').castTo(DataType.DOUBLE).data().asDouble();
        double[] each = new double[rows];
        double total = 0;
        for (int from = 0; from < rows; from += BLOCK) {
            INDArray block = x.get(NDArrayIndex.interval(from, Math.min(rows, from + BLOCK)), NDArrayIndex.all());
            INDArray logits = block.mmul(table.transpose());
            INDArray largest = logits.max(true, 1);
            INDArray shifted = logits.sub(largest);
            INDArray softmax = Transforms.exp(shifted, true);
            INDArray sums = softmax.sum(true, 1);
            INDArray logSums = Transforms.log(sums, true).addi(largest);
            softmax = softmax.div(sums).mul(logSums.mul(2 * zLoss).addi(1));
            INDArray scale = Nd4j.create(softmax.dataType(), block.size(0), 1);
            for (int i = 0; i < block.size(0); i++) {
                int r = from + i;
                if (target[r] >= 0 && w[r] != 0) {
                    each[r] = Math.log(sums.getDouble(i, 0)) - shifted.getDouble(i, target[r]);
                    total += w[r] * (each[r] + zLoss * Math.pow(logSums.getDouble(i, 0), 2));
                    softmax.putScalar(i, target[r], softmax.getDouble(i, target[r]) - 1);
                    scale.putScalar(i, 0, w[r]);
                }
            }
            if (gradient != null) {
                gradient.take(from, block, softmax.mul(scale));
            }
        }
        loss.assign(total);
        nll.assign(Nd4j.createFromArray(each).reshape(nll.shape()).castTo(nll.dataType()));
    }

    private static int[] greedy(INDArray x3, INDArray table, INDArray targets, INDArray weight) {
        int[] target = targets(NAME, targets, table.size(0));
        double[] w = weight.dup('c').castTo(DataType.DOUBLE).data().asDouble();
        int[] greedy = new int[target.length];
        for (int r = 0; r < target.length; r++) {
            double[] logits = Linear.rows(x3).getRow(r, true).mmul(table.transpose()).castTo(DataType.DOUBLE).data().asDouble();
            int best = 0;
            for (int v = 1; v < logits.length; v++) {
                best = logits[v] > logits[best] ? v : best;
            }
            greedy[r] = target[r] == best && w[r] != 0 ? 1 : 0;
        }
        return greedy;
    }

    private static int[] targets(String op, INDArray array, long size) {
        int[] targets = array.dup('c').castTo(DataType.INT32).data().asInt();
        for (int r = 0; r < targets.length; r++) {
            if (targets[r] < -1 || targets[r] >= size) {
                throw outside(op, targets[r], r, Math.toIntExact(array.size(1)), size);
            }
        }
        return targets;
    }

    /**
     * What a kernel or reference throws for a target that cannot be.
     *
     * @param row of the target among all B · T, of which {@code length} = T make a sequence
     */
    public static IllegalArgumentException outside(String op, int target, int row, int length, long size) {
        return new IllegalArgumentException(op + ": target " + target + " at [" + row / length + ", " + row % length + "] is neither -1 nor in [0, " + size + ")");
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        if (greedy()) {
            throw new UnsupportedOperationException(NAME + " with greedy is for evaluation: leave greedy out of a graph that is differentiated");
        }
        SDVariable nll = gradients.get(1);
        if (!sameDiff.getVariableOutputOp(nll.name()).opName().equals("zeroslike")) { // what SameDiff gives an output without a use
            throw new UnsupportedOperationException(NAME + ": the objective depends on nll, whose derivative this op does not have; use the loss and token weights");
        }
        SDVariable[] outputs = LmHeadLossGrad.of(sameDiff, arg(0), arg(1), gradients.get(0), arg(2), arg(3), zLoss());
        return List.of(outputs[0], outputs[1]);
    }
}
