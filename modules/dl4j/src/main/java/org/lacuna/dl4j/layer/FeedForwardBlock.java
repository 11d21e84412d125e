package org.lacuna.dl4j.layer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.samediff.SDLayerParams;
import org.deeplearning4j.nn.conf.layers.samediff.SameDiffLayer;
import org.deeplearning4j.nn.weights.IWeightInit;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.lacuna.graph.activation.Activation;
import org.lacuna.graph.activation.Activations;
import org.lacuna.graph.op.Activated;
import org.lacuna.graph.op.Gated;
import org.lacuna.graph.op.LacunaOps;
import org.lacuna.graph.op.Linear;
import org.lacuna.graph.op.Sparsify;
import org.lacuna.graph.penalty.Penalties;
import org.lacuna.graph.penalty.Penalty;
import org.lacuna.sparsity.rule.RowScratch;
import org.lacuna.sparsity.rule.Rules;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.imports.converters.ImportClassMapping;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * Lacuna's feed-forward block as a layer of a {@code MultiLayerNetwork} or {@code ComputationGraph}, trained by their own {@code fit}:
 *
 * <pre>
 * gated:   y = down(rule(f(gate(x)) ⊙ up(x)))
 * ungated: y = down(rule(f(up(x))))
 * x [batch, nIn] or [batch, nIn, time], y [batch, nOut] or [batch, nOut, time]; a rule and biases where asked for
 * </pre>
 * Parameters, as Hugging Face lays them out: {@code gate} and {@code up} [inner, nIn], {@code down} [nOut, inner], and {@code gateBias},
 * {@code upBias}, {@code downBias}. Their initialisation is this layer's {@code weightInit} (Xavier if nothing is said; a network-wide
 * {@code weightInit} does not reach a {@code SameDiffLayer}).
 *
 * <p><b>Rule.</b> It masks each example's (or time step's) intermediate vector v, in training as in use. Its gradient is straight-through: what
 * reaches v is what would reach it without the rule, {@code dv = downᵀ · dy}, while {@code down} itself is trained on the masked vector. A vector
 * that is not finite throws.
 *
 * <p><b>Penalty.</b> What {@code fit} minimises, with Deeplearning4j's default of averaging over the minibatch, is
 *
 * <pre>
 * 1/B · Σ_b [ loss_b + λ · Σ_t w_bt · φ(v_bt) ] + weight decay and the like
 * </pre>
 * loss_b being the output layer's loss of example b (of a sequence, summed over its time steps, as Deeplearning4j does), v_bt the vector before
 * the rule, φ the penalty of {@code org.lacuna.graph.penalty} and w the mask, 1 where there is none; t is only 1 without time. With
 * {@code miniBatch(false)} there is no 1/B, neither for the loss nor for the penalty. The score that listeners see while
 * a network trains includes the penalty; {@code score(DataSet)} without training, and what {@code evaluate} tells, do not. l1, l2 and weight decay of
 * the layer's weights are applied, but no {@code SameDiffLayer} has them in the score.
 *
 * <p><b>Which of 1.0.0-M2.1's own training is used, and which of it is safe.</b> The layer's graph is differentiated by SameDiff and run by its
 * stock session, in Deeplearning4j's workspaces, so that neither the leak nor the early release of views that {@code SameDiff.fit} has occurs. Every op
 * in it is Lacuna's with its own derivative, but for reshape, permute and add; losses are those of the output layer, with gradients of its
 * own, not SameDiff's loss ops, which ignore the gradient above them. <b>A stock {@code SameDiffLayer} gets twice the gradient</b>, and passes twice of it
 * on to what lies below: {@code ExternalErrorsFunction} counts it twice. This layer does not ({@link FeedForwardRun}); a lambda layer or another
 * {@code SameDiffLayer} in the same network still does. Tests hold all gradients to central differences. Of Deeplearning4j itself,
 * updaters, schedules, gradient clipping, weight decay and masks apply as to any layer. These do not, for any {@code SameDiffLayer}: dropout and
 * weight noise are ignored without a word (dropout is refused here; put a {@code DropoutLayer} in front), and {@code setParam} copies
 * nothing (here it does). GELU is Lacuna's own: those of SameDiff ({@code gelu}, {@code preciseGelu}) are inexact.
 */
public final class FeedForwardBlock extends SameDiffLayer {
    private static final long serialVersionUID = 1;

    static final String GATE = "gate";
    static final String UP = "up";
    static final String DOWN = "down";
    /** The output once more: what gradients are computed from, since the stock layer has already given the output's own gradient a name. */
    static final String RESULT = "result";
    private static final String FATRELU = "fatrelu";
    private static final String BIAS = "Bias";

    @JsonProperty
    private long nIn;
    @JsonProperty
    private long nOut;
    @JsonProperty
    private long inner;
    @JsonProperty
    private String activation;
    /** Of FATReLU. */
    @JsonProperty
    private double threshold;
    @JsonProperty
    private boolean gated;
    @JsonProperty
    private boolean biased;
    /** Null for none. */
    @JsonProperty
    private String rule;
    @JsonProperty
    private double ruleValue;
    /** Null for none. */
    @JsonProperty
    private String penalty;
    @JsonProperty
    private double lambda;
    @JsonProperty
    private double[] penaltyParameters = {};

    /** For Jackson. */
    FeedForwardBlock() {}

    private FeedForwardBlock(Builder builder) {
        super(builder);
        nIn = builder.nIn;
        nOut = builder.nOut;
        inner = builder.inner;
        activation = builder.activation;
        threshold = builder.threshold;
        gated = builder.gated;
        biased = builder.biased;
        rule = builder.rule;
        ruleValue = builder.ruleValue;
        penalty = builder.penalty;
        lambda = builder.lambda;
        penaltyParameters = builder.penaltyParameters.clone();
    }

    /** Values of a vector that goes in; 0 where the network's input type is to tell. */
    public long nIn() {
        return nIn;
    }

    /** Values of a vector that comes out. */
    public long nOut() {
        return nOut;
    }

    /** Values of an intermediate vector. */
    public long inner() {
        return inner;
    }

    /** Whether the intermediate vector is a product with a gate. */
    public boolean gated() {
        return gated;
    }

    /** The activation's name. */
    public String activation() {
        return activation;
    }

    /** Whether its training asks for sparse activations: by a rule, or a penalty of some weight. */
    public boolean induced() {
        return rule != null || penalty != null && lambda > 0;
    }

    /** What its part of the objective and its rule are, in words; empty if it has neither. */
    public String inWords() {
        List<String> parts = new ArrayList<>();
        if (penalty != null) {
            parts.add(lambda + " · " + penalty + " of intermediate");
        }
        if (rule != null) {
            parts.add(rule + " " + ruleValue + " at intermediate");
        }
        return String.join(", ", parts);
    }

    Activation function() {
        return activation.equals(FATRELU) ? Activations.fatRelu(threshold) : Activations.byName(activation);
    }

    Optional<RowRule> rowRule() {
        return Optional.ofNullable(rule).map(name -> new RowRule(Rules.byName(name), ruleValue));
    }

    boolean biased() {
        return biased;
    }

    static String bias(String weight) {
        return weight + BIAS;
    }

    private List<String> inward() {
        return gated ? List.of(GATE, UP) : List.of(UP);
    }

    @Override
    public InputType getOutputType(int layerIndex, InputType inputType) {
        checkInput(inputType);
        return inputType instanceof InputType.InputTypeRecurrent sequence
                ? InputType.recurrent(nOut, sequence.getTimeSeriesLength())
                : InputType.feedForward(nOut);
    }

    @Override
    public void setNIn(InputType inputType, boolean override) {
        checkInput(inputType);
        if (nIn == 0 || override) {
            nIn = inputType instanceof InputType.InputTypeRecurrent sequence ? sequence.getSize() : inputType.arrayElementsPerExample();
        }
    }

    private void checkInput(InputType type) {
        if (!(type instanceof InputType.InputTypeFeedForward) && !(type instanceof InputType.InputTypeRecurrent)) {
            throw new IllegalStateException("layer \"" + getLayerName() + "\": a feed-forward block reads vectors [batch, nIn] or sequences of them [batch, nIn, time], not "
                    + type + "; flatten images by a preprocessor (CnnToFeedForwardPreProcessor)");
        }
    }

    @Override
    public void defineParameters(SDLayerParams params) {
        for (String name : inward()) {
            params.addWeightParam(name, inner, nIn);
        }
        params.addWeightParam(DOWN, nOut, inner);
        if (biased) {
            inward().forEach(name -> params.addBiasParam(bias(name), inner));
            params.addBiasParam(bias(DOWN), nOut);
        }
    }

    @Override
    public void initializeParameters(Map<String, INDArray> params) {
        params.forEach((name, array) -> {
            IWeightInit own = paramWeightInit == null ? null : paramWeightInit.get(name);
            if (own != null) {
                own.init(array.size(-1), array.size(0), array.shape(), paramReshapeOrder(name), array);
            } else if (name.endsWith(BIAS)) {
                array.assign(0);
            } else {
                initWeights((int) array.size(1), (int) array.size(0), weightInit, array);
            }
        });
    }

    @Override
    public SDVariable defineLayer(SameDiff sd, SDVariable input, Map<String, SDVariable> params, SDVariable mask) {
        LacunaOps.register();
        ImportClassMapping.getOpNameMapping().put(WithPenalty.NAME, new WithPenalty());
        boolean sequence = input.getShape().length == 3;
        SDVariable x = sequence ? sd.permute(input, 0, 2, 1) : sd.reshape(input, -1, 1, nIn);
        List<SDVariable> weights = inward().stream().map(params::get).toList();
        List<SDVariable> biases = biased ? inward().stream().map(name -> params.get(bias(name))).toList() : List.of();
        SDVariable[] z = Linear.of(sd, inward().stream().map(name -> name + ".out").toList(), x, weights, biases);
        SDVariable v = gated ? Gated.of(sd, "intermediate", function(), z[0], z[1]) : Activated.of(sd, "intermediate", function(), z[0]);
        if (penalty != null) {
            v = WithPenalty.of(sd, "penalised", Penalties.byName(penalty), lambda, penaltyParameters, v, mask);
        }
        if (rule != null) {
            SDVariable code = sd.constant("rule", Nd4j.createFromArray(Rules.byName(rule).code()));
            SDVariable value = sd.constant("ruleValue", Nd4j.createFromArray(new double[][] {{ruleValue}}));
            v = Sparsify.straightThrough(sd, "masked", "kept", v, code, value)[0];
        }
        SDVariable y = Linear.of(sd, List.of("down.out"), v, List.of(params.get(DOWN)), biased ? List.of(params.get(bias(DOWN))) : List.of())[0];
        shaped(sd, RESULT, y, sequence);
        return shaped(sd, "output", y, sequence);
    }

    private SDVariable shaped(SameDiff sd, String name, SDVariable y, boolean sequence) {
        return sequence ? sd.permute(name, y, 0, 2, 1) : sd.reshape(name, y, -1, nOut);
    }

    @Override
    public void validateInput(INDArray input) {
        if (input.rank() != 2 && input.rank() != 3 || input.size(1) != nIn) {
            throw new IllegalArgumentException("layer \"" + getLayerName() + "\" reads [batch, " + nIn + "] or [batch, " + nIn + ", time], not " + input.shapeInfoToString());
        }
    }

    @Override
    public Layer instantiate(NeuralNetConfiguration conf, Collection<TrainingListener> listeners, int index, INDArray params, boolean initialize, DataType type) {
        if (getIDropout() != null) {
            throw new IllegalStateException("layer \"" + getLayerName() + "\": Deeplearning4j ignores dropout of a SameDiffLayer; put a DropoutLayer in front of it");
        }
        FeedForwardRun run = new FeedForwardRun(conf, type);
        run.setIndex(index);
        run.setParamsViewArray(params);
        run.setParamTable(initializer().init(conf, params, initialize));
        run.setConf(conf);
        return run;
    }

    /** Tells what a block is to be. */
    public static final class Builder extends SameDiffLayer.Builder<Builder> {
        private long nIn;
        private long nOut;
        private long inner;
        private String activation = "relu";
        private double threshold;
        private boolean gated = true;
        private boolean biased;
        private String rule;
        private double ruleValue;
        private String penalty;
        private double lambda;
        private double[] penaltyParameters = {};

        /** Values of a vector that goes in; may be left to the network's input type. */
        public Builder nIn(long size) {
            nIn = size;
            return this;
        }

        /** Values of a vector that comes out. */
        public Builder nOut(long size) {
            nOut = size;
            return this;
        }

        /** Values of an intermediate vector. */
        public Builder inner(long size) {
            inner = size;
            return this;
        }

        /** The activation, by its name in recipes: relu, silu, gelu and the others. Relu if nothing is said. */
        public Builder activation(String name) {
            activation = name;
            return this;
        }

        /** ReLU that lets nothing below a threshold pass (FATReLU). */
        public Builder fatRelu(double t) {
            activation = FATRELU;
            threshold = t;
            return this;
        }

        /** Whether there is a gate; there is one if nothing is said. */
        public Builder gated(boolean yes) {
            gated = yes;
            return this;
        }

        /** Whether the projections have biases; they have none if nothing is said. */
        public Builder biased(boolean yes) {
            biased = yes;
            return this;
        }

        /** A rule that is part of the layer, with its parameter: {@code top_k}, 0.1 keeps a tenth of each intermediate vector. */
        public Builder rule(String name, double value) {
            rule = name;
            ruleValue = value;
            return this;
        }

        /** A penalty on the intermediate vectors, with its weight λ and its parameters' defaults. */
        public Builder penalty(String name, double weight) {
            return penalty(name, weight, Penalties.byName(name).defaults());
        }

        /** The same with values for the penalty's parameters, in their order. */
        public Builder penalty(String name, double weight, double... parameters) {
            penalty = name;
            lambda = weight;
            penaltyParameters = parameters.clone();
            return this;
        }

        /**
         * Makes the layer.
         *
         * @throws IllegalArgumentException if sizes are not positive, or there is no such activation, rule or penalty, or their parameters don't fit
         */
        @Override
        @SuppressWarnings("unchecked")
        public <E extends org.deeplearning4j.nn.conf.layers.Layer> E build() {
            FeedForwardBlock block = new FeedForwardBlock(this);
            block.check();
            return (E) block;
        }
    }

    /**
     * Refuses what is none, read from a file say.
     *
     * @throws IllegalArgumentException which says what is wrong
     */
    public void check() {
        if (nIn < 0 || nOut < 1 || inner < 1 || Math.max(nIn, Math.max(nOut, inner)) > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("a feed-forward block has positive sizes, not nIn " + nIn + ", inner " + inner + ", nOut " + nOut);
        }
        if (nIn > 0) {
            // A file holds them too, beside the sizes that they follow from.
            SDLayerParams own = new SDLayerParams();
            defineParameters(own);
            Map<String, long[]> held = getLayerParams().getParamShapes();
            if (!own.getParamShapes().keySet().equals(held.keySet()) || own.getParamShapes().entrySet().stream().anyMatch(e -> !Arrays.equals(e.getValue(), held.get(e.getKey())))) {
                throw new IllegalArgumentException("a feed-forward block's parameters follow from its sizes, nIn " + nIn + ", inner " + inner + ", nOut " + nOut + ", and are others");
            }
        }
        function();
        if (rule != null) {
            Rules.byName(rule).keep(new float[] {1}, 1, new double[] {ruleValue}, 0, new long[1], new RowScratch(1));
        }
        if (penalty != null) {
            Penalty named = Penalties.byName(penalty);
            named.check(penaltyParameters);
            if (!(lambda >= 0 && lambda < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("a penalty's weight is at least 0 and finite, not " + lambda);
            }
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof FeedForwardBlock block && super.equals(block) && inWords().equals(block.inWords()) && shape().equals(block.shape());
    }

    @Override
    public int hashCode() {
        return 31 * super.hashCode() + shape().hashCode();
    }

    private List<Object> shape() {
        return List.of(nIn, nOut, inner, activation, threshold, gated, biased, Arrays.toString(penaltyParameters));
    }

    @Override
    protected boolean canEqual(Object other) {
        return other instanceof FeedForwardBlock;
    }
}
