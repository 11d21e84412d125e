package org.lacuna.dl4j.layer;

import java.util.Arrays;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.layers.samediff.SameDiffLayer;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.lacuna.graph.program.GradientGraph;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A {@link FeedForwardBlock} in a network: what the stock layer does, with gradients that are right, the penalty in the score, and what a rule is
 * tried on.
 *
 * <p>In 1.0.0-M2.1 what comes back through a stock {@code SameDiffLayer} is twice the gradient: {@code ExternalErrorsFunction}, the loss that
 * stands for the rest of the network, both sets its argument's gradient and returns it, and SameDiff adds up the two. Here the loss is Σ y ⊙ dL/dy.
 */
public final class FeedForwardRun extends SameDiffLayer {
    private static final long serialVersionUID = 1;

    private double penalty;

    FeedForwardRun(NeuralNetConfiguration conf, DataType type) {
        super(conf, type);
    }

    @Override
    protected void doInit() {
        super.doInit();
        long[] anything = new long[input.rank()];
        Arrays.fill(anything, -1);
        SDVariable gradient = sameDiff.placeHolder(fn.getGradPlaceholderName(), dataType, anything);
        sameDiff.setLossVariables(sameDiff.getVariable(FeedForwardBlock.RESULT).mul(gradient).sum());
        GradientGraph.of(sameDiff, INPUT_KEY);
    }

    private FeedForwardBlock block() {
        return (FeedForwardBlock) layerConf();
    }

    @Override
    public INDArray activate(boolean training, LayerWorkspaceMgr workspaces) {
        INDArray output = super.activate(training, workspaces);
        penalty = 0;
        for (SameDiffOp node : sameDiff.getOps().values()) {
            if (training && node.getOp() instanceof WithPenalty op) {
                penalty = conf().isMiniBatch() ? op.value() / input.size(0) : op.value();
            }
        }
        return output;
    }

    /** The penalty of the last minibatch that it was trained on, as it is in the objective. */
    @Override
    public double calcRegularizationScore(boolean backpropParamsOnly) {
        return super.calcRegularizationScore(backpropParamsOnly) + penalty;
    }

    @Override
    public void setParam(String key, INDArray value) {
        super.setParam(key, value);
        paramTable.get(key).assign(value);
    }

    /**
     * The intermediate vectors as the down projection reads them, after the layer's own rule.
     *
     * @param input [batch, nIn] or [batch, nIn, time]
     * @return [rows, inner], rows in the order of examples, then time
     */
    public INDArray intermediate(INDArray input) {
        INDArray v = beforeRule(input);
        return block().rowRule().map(rule -> rule.apply(v).rows()).orElse(v);
    }

    INDArray beforeRule(INDArray input) {
        INDArray rows = rows(input);
        FeedForwardBlock block = block();
        INDArray up = linear(FeedForwardBlock.UP, rows);
        return block.gated() ? block.function().reference(linear(FeedForwardBlock.GATE, rows)).muli(up) : block.function().reference(up);
    }

    /**
     * The layer's output for intermediate vectors.
     *
     * @param intermediate [rows, inner]
     * @param input        what they were computed from: its shape is the output's, but for the size of a vector
     */
    public INDArray down(INDArray intermediate, INDArray input) {
        INDArray y = linear(FeedForwardBlock.DOWN, intermediate);
        return input.rank() == 2 ? y : y.reshape(input.size(0), input.size(2), y.size(1)).permute(0, 2, 1).dup('c');
    }

    private INDArray linear(String weight, INDArray rows) {
        INDArray y = rows.mmul(getParam(weight).transpose());
        return block().biased() ? y.addiRowVector(getParam(FeedForwardBlock.bias(weight))) : y;
    }

    private static INDArray rows(INDArray input) {
        return input.rank() == 2 ? input : input.permute(0, 2, 1).dup('c').reshape(input.size(0) * input.size(2), input.size(1));
    }
}
