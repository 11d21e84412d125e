package org.lacuna.model.graph;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.lacuna.model.config.FeedForwardSite;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.sparsity.Site;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Builds the graphs of a decoder of any family. What comes out is a plain {@link SameDiff}: a {@code Program} compiles it; SameDiff itself
 * prints it, and saves and runs it once {@link GraphValues} has attached the weights.
 *
 * <p>Legend: B sequences, T tokens, D hidden, F intermediate, N heads of size H, V vocabulary, P points of a grid, k experts of a token (1 where there
 * are none).
 *
 * <pre>
 * placeholders  input_ids, positions, targets [B, T] INT; targets −1 = not scored
 *               token_weight [B, T]: what a token's loss and penalty are multiplied by
 * activations   layers.L.mlp.input [B, T, D], layers.L.mlp.up, .gate, .intermediate [B, T·k, F]: the feed-forward block's sites
 *               layers.L.attention.input [B, T, D], layers.L.attention.heads [B, T, N·H]: attention's
 *               layers.L.output [B, T, D]: the residual stream after the layer
 * </pre>
 * Each {@code .input} is what the projections read, after the activation behind the norm, where there is one; where attention and feed-forward block stand
 * side by side each has a norm, and so an input, of its own. {@code .gate} is the gate after its activation; it is a variable of its own only where a graph sparsifies it or was
 * asked to show it, since otherwise one op makes the intermediate from gate and up projection. Where there are experts, row
 * t·k + j is that of token t's j-th, by falling weight; the router reads the input before a rule is applied to it.
 */
public final class DecoderGraph {
    /** [B, T] INT. */
    public static final String INPUT_IDS = "input_ids";
    /** [B, T] INT. */
    public static final String POSITIONS = "positions";
    /** [B, T] INT, −1 = not scored. */
    public static final String TARGETS = "targets";
    /** [B, T]: the weight of each token's loss and penalty. */
    public static final String TOKEN_WEIGHT = "token_weight";
    /** [B, T]: 0 = padding, neither sparsified nor counted. */
    public static final String TOKEN_MASK = "token_mask";
    /** [B, T, 2] INT, of graphs in which texts branch: what {@code Attention} takes as spans. */
    public static final String SPANS = "spans";
    /** [1] INT: of how many tokens keys and values were kept. */
    public static final String PAST = "past";
    /** [B, T, D]: the residual stream after the last norm, which the output embedding reads. */
    public static final String HIDDEN = "output_norm";
    /** [B, T, Dp]: the teacher's {@link #HIDDEN}. */
    public static final String TEACHER_HIDDEN = "teacher.output_norm";
    /** Placeholder [V, Dp]: the teacher's output embedding; a program reads it as a parameter. */
    public static final String TEACHER_HEAD = "teacher.lm_head.weight";
    /** Scalar: Σ token weight · τ² · KL(teacher ‖ model). */
    public static final String DISTILLED_LOGITS = "distilled.logits";
    /** [1 + penalties · layers + …]: what the terms of the objective are multiplied by. */
    public static final String OBJECTIVE_COEFFICIENTS = "objective_coefficients";
    /** [2] INT: what decides which numbers dropout leaves out. */
    public static final String DROPOUT_KEY = "dropout_key";
    /** [B, T, V]. */
    public static final String LOGITS = "logits";
    /** Scalar: Σ token weight · nll. */
    public static final String LOSS = "loss";
    /** [B, T]: −ln p(target), 0 where not scored. */
    public static final String NLL = "nll";
    /** [B, T] INT, of evaluation graphs: 1 where the target is what greedy decoding would choose, 0 elsewhere and where not scored. */
    public static final String GREEDY = "greedy";
    /** Scalar: what training differentiates. */
    public static final String OBJECTIVE = "objective";

    /**
     * The graph that training differentiates.
     *
     * <pre>
     * loss = Σ token_weight · (nll + zLoss · (log Z)²), Z the softmax's denominator
     * penalty.K.L: penalty K of the form on its site's vectors of layer L, each token weighted by token_weight
     * active.SITE.L: of how many tokens with a weight each element of the site's vector is not 0
     * distilled.logits, distilled.hidden.L: with a teacher, as its form says
     * objective = coefficients · (loss, penalty.0.0, …, penalty.K.L, distilled.logits, distilled.hidden.0, …)
     * </pre>
     * Outputs: {@link #OBJECTIVE} (the loss variable), {@link #LOSS}, {@link #NLL}, {@link #penalty}, {@link #active} of the form's
     * {@linkplain TrainingForm#observed observed} sites.
     *
     * @throws IllegalArgumentException if a penalty is on a site that the model has not
     */
    public static SameDiff training(ModelConfig config, TrainingForm form) {
        return training(config, LowRank.none(), form);
    }

    /** The same of a model with adapters, whose parameters are variables beside the model's. */
    public static SameDiff training(ModelConfig config, LowRank adapters, TrainingForm form) {
        return training(config, adapters, form, DataType.FLOAT);
    }

    static SameDiff training(ModelConfig config, TrainingForm form, DataType floating) {
        return training(config, LowRank.none(), form, floating);
    }

    static SameDiff training(ModelConfig config, LowRank adapters, TrainingForm form, DataType floating) {
        Set<Site> shown = form.observed().contains(FeedForwardSite.GATE) ? Set.of(Site.GATE) : Set.of();
        form.observed().stream().filter(site -> !site.isIn(config.feedForward())).findFirst().ifPresent(site -> {
            throw new IllegalArgumentException("a feed-forward block without a gate has no site " + site.key());
        });
        return new DecoderBuilder(config, adapters, floating, shown, Set.of(), false).training(form);
    }

    /** The graph that gives {@link #LOGITS} [B, T, V] for every token, from {@link #INPUT_IDS} and {@link #POSITIONS}. */
    public static SameDiff logits(ModelConfig config) {
        return logits(config, LowRank.none());
    }

    /** The same of a model with adapters. */
    public static SameDiff logits(ModelConfig config, LowRank adapters) {
        return new DecoderBuilder(config, adapters, DataType.FLOAT, config.sites(), Set.of(), false).logits();
    }

    /** The graph that gives {@link #HIDDEN} and {@link #output} of each layer for every token, from {@link #INPUT_IDS} and {@link #POSITIONS}. */
    public static SameDiff hidden(ModelConfig config) {
        return new DecoderBuilder(config, LowRank.none(), DataType.FLOAT, Set.of(), Set.of(), false).hidden();
    }

    /**
     * The graph that evaluates the model with the vectors at {@code sites} sparsified, in every layer, each by a rule of its
     * own. Besides those of training it has the placeholders {@link #TOKEN_MASK} and, for each layer and site,
     * {@link #rule} [P] INT and {@link #parameters} [P, K] DOUBLE; its outputs are {@link #LOSS}, {@link #NLL}, {@link #GREEDY} and, for
     * each layer and site, {@link #kept} [·, T·k] INT. The rule {@code none} leaves a site alone and counts its zeros.
     * Sequences come as P blocks of equal size, one for each point: every placeholder has P·B sequences.
     *
     * @param sites which sites have a rule; each graph pays for the ones that it names
     */
    public static SameDiff evaluation(ModelConfig config, Set<Site> sites) {
        return new DecoderBuilder(config, LowRank.none(), DataType.FLOAT, sites, sites, false).evaluation();
    }

    /**
     * The same for a whole grid at once: {@link #INPUT_IDS}, {@link #POSITIONS} and {@link #TOKEN_MASK} have B sequences,
     * and all points share what lies below the first site; {@link #TARGETS} and {@link #TOKEN_WEIGHT} have P·B,
     * point by point, and so have the outputs.
     */
    public static SameDiff grid(ModelConfig config, Set<Site> sites) {
        return grid(config, LowRank.none(), sites);
    }

    /** The same of a model with adapters. */
    public static SameDiff grid(ModelConfig config, LowRank adapters, Set<Site> sites) {
        return grid(config, adapters, sites, false);
    }

    /** The same, where {@code weighted} with a placeholder {@link #channels} [C, n] for each layer and site, which the rules see the vectors multiplied by. */
    public static SameDiff grid(ModelConfig config, LowRank adapters, Set<Site> sites, boolean weighted) {
        return new DecoderBuilder(config, adapters, DataType.FLOAT, sites, sites, true).evaluation(weighted);
    }

    /**
     * The same with rules in some layers alone: the others compute what they do without, and have no placeholder and no count. All points share what lies
     * below the first of them.
     *
     * @param layers of the model's, at least one
     */
    public static SameDiff grid(ModelConfig config, LowRank adapters, Set<Site> sites, Set<Integer> layers, boolean weighted) {
        return new DecoderBuilder(config, adapters, DataType.FLOAT, sites, sites, layers, true).evaluation(weighted);
    }

    /**
     * The same of sequences in which several continuations of a text lie behind it, one after the other: with the placeholder {@link #SPANS}, and
     * {@link #POSITIONS} as each continuation has them by itself. Not for models some of whose layers see a window of the text.
     */
    public static SameDiff branchedGrid(ModelConfig config, LowRank adapters, Set<Site> sites, Set<Integer> layers, boolean weighted) {
        return new DecoderBuilder(config, adapters, DataType.FLOAT, sites, sites, layers, true).branchedEvaluation(weighted);
    }

    /**
     * The graph that makes a text longer: it gives {@link #LOGITS} [B, T, V] of T new tokens from {@link #INPUT_IDS}, {@link #POSITIONS}
     * and, instead of the tokens before them, the keys and values that were kept of those: for each layer {@link #pastKeys} and
     * {@link #pastValues} [B, C, K·H], of which the first {@link #PAST} rows are filled. {@link #states} are to be a program's states.
     */
    public static SameDiff decoding(ModelConfig config) {
        return decoding(config, LowRank.none());
    }

    /** The same of a model with adapters. */
    public static SameDiff decoding(ModelConfig config, LowRank adapters) {
        return decoding(config, adapters, Set.of(), false);
    }

    /**
     * The same with the vectors at {@code sites} sparsified, in every layer, each by a rule of its own, with the placeholders and outputs that
     * {@link #evaluation} has for it: {@link #TOKEN_MASK}, {@link #rule} [P] and {@link #parameters} [P, K], of which each serves B / P sequences, and {@link #kept}.
     *
     * @param weighted whether there are {@link #channels} too
     */
    public static SameDiff decoding(ModelConfig config, LowRank adapters, Set<Site> sites, boolean weighted) {
        return new DecoderBuilder(config, adapters, DataType.FLOAT, sites, sites, false).decoding(weighted);
    }

    /**
     * The same with rules in some layers alone: the others have no placeholder and no count.
     *
     * @param layers of the model's, at least one
     */
    public static SameDiff decoding(ModelConfig config, LowRank adapters, Set<Site> sites, Set<Integer> layers, boolean weighted) {
        return new DecoderBuilder(config, adapters, DataType.FLOAT, sites, sites, layers, false).decoding(weighted);
    }

    /** The states of {@link #decoding}: the placeholder of each to the variable that is kept there. */
    public static Map<String, String> states(ModelConfig config) {
        Map<String, String> states = new LinkedHashMap<>();
        for (int layer = 0; layer < config.layers(); layer++) {
            states.put(pastKeys(layer), site(layer, Site.ATTENTION_OUTPUT) + ".keys");
            states.put(pastValues(layer), site(layer, Site.ATTENTION_OUTPUT) + ".values");
        }
        return states;
    }

    /** Placeholder [B, C, K·H]: the keys of a layer that were kept. */
    public static String pastKeys(int layer) {
        return "layers." + layer + ".attention.past_keys";
    }

    /** Placeholder [B, C, K·H]: the values of a layer that were kept. */
    public static String pastValues(int layer) {
        return "layers." + layer + ".attention.past_values";
    }

    /** The variable at a site: {@code layers.3.mlp.up}, before a rule is applied to it. */
    public static String site(int layer, Site site) {
        return "layers." + layer + switch (site) {
            case ATTENTION_INPUT -> ".attention.input";
            case ATTENTION_OUTPUT -> ".attention.heads";
            default -> ".mlp." + site.key();
        };
    }

    /** [B, T, F]: what goes into the activation of a block without a gate. */
    public static String preActivation(int layer) {
        return "layers." + layer + ".mlp.up_proj";
    }

    /** [B, T, E]: a layer's router's score of each expert. */
    public static String routerLogits(int layer) {
        return "layers." + layer + ".mlp.router_logits";
    }

    /** [B, T, k] INT: the experts of each token, by falling score. */
    public static String experts(int layer) {
        return "layers." + layer + ".mlp.experts";
    }

    /** [B, T, k]: what the experts' outputs are multiplied by. */
    public static String expertWeights(int layer) {
        return "layers." + layer + ".mlp.expert_weights";
    }

    /** What a layer's attention gives [B, T, D]; in a sandwich, before the norm behind it. */
    public static String attention(int layer) {
        return "layers." + layer + ".attention.projected";
    }

    /** What a layer's feed-forward block gives [B, T, D]; in a sandwich, before the norm behind it. */
    public static String feedForward(int layer) {
        return "layers." + layer + ".mlp.output";
    }

    /** The residual stream [B, T, D] after a layer. */
    public static String output(int layer) {
        return "layers." + layer + ".output";
    }

    /** Placeholder [B, T, D]: the teacher's residual stream after a layer. */
    public static String teacherOutput(int layer) {
        return "teacher." + output(layer);
    }

    /** Scalar: Σ token weight · mean squared difference from the teacher's residual stream after a layer. */
    public static String distilledHidden(int layer) {
        return "distilled.hidden." + layer;
    }

    /** Scalar: a layer's part of the form's penalty at {@code index}. */
    public static String penalty(int index, int layer) {
        return "penalty." + index + "." + layer;
    }

    /** [n] INT: of how many tokens that count each element of a layer's vector is not 0. */
    public static String active(FeedForwardSite site, int layer) {
        return "active." + site.key() + "." + layer;
    }

    /** Placeholder [P] INT: the code of the rule at each point. */
    public static String rule(int layer, Site site) {
        return "sparsify." + layer + "." + site.key() + ".rule";
    }

    /** Placeholder [P, K] DOUBLE: the rule's parameters at each point. */
    public static String parameters(int layer, Site site) {
        return "sparsify." + layer + "." + site.key() + ".parameters";
    }

    /** Placeholder [C, n]: what each element of the site's vector is multiplied by before the rule looks at it, for all sequences or, where C is B, for each. */
    public static String channels(int layer, Site site) {
        return "sparsify." + layer + "." + site.key() + ".channels";
    }

    /** Output [·, T·k] INT (T for the inputs and attention's output): how many elements of each token's vector are not 0 after the rule; −1 for padding. */
    public static String kept(int layer, Site site) {
        return "kept." + layer + "." + site.key();
    }
}
