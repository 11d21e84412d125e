package org.lacuna.model.graph;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.activation.Activation;
import org.lacuna.graph.activation.Activations;
import org.lacuna.graph.op.Activated;
import org.lacuna.graph.op.Add;
import org.lacuna.graph.op.Attention;
import org.lacuna.graph.op.AttentionMask;
import org.lacuna.graph.op.Embedding;
import org.lacuna.graph.op.Fan;
import org.lacuna.graph.op.Gated;
import org.lacuna.graph.op.L1;
import org.lacuna.graph.op.LacunaOps;
import org.lacuna.graph.op.Linear;
import org.lacuna.graph.op.LmHeadLoss;
import org.lacuna.graph.op.RmsNorm;
import org.lacuna.graph.op.Rotary;
import org.lacuna.graph.op.RotaryTable;
import org.lacuna.graph.op.Sparsify;
import org.lacuna.graph.op.WeightedSum;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.sparsity.Site;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Builds the graphs of a Llama. What comes out is a plain {@link SameDiff}: a {@code Program} compiles it; SameDiff itself
 * prints it, and saves and runs it once {@link GraphValues} has attached the weights.
 *
 * <p>Legend: B sequences, T tokens, D hidden, F intermediate, V vocabulary, P points of a grid.
 *
 * <pre>
 * placeholders  input_ids, positions, targets [B, T] INT; targets −1 = not scored
 *               token_weight [B, T]: what a token's loss and penalty are multiplied by
 * activations   layers.L.mlp.input [B, T, D], layers.L.mlp.up, .gate, .intermediate [B, T, F]: the four sites
 *               layers.L.output [B, T, D]: the residual stream after the layer
 * </pre>
 * {@code .gate} is the gate after its activation; it is a variable of its own only where a graph sparsifies it or was
 * asked to show it, since otherwise one op makes the intermediate from gate and up projection.
 */
public final class LlamaGraph {
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
    /** [1 + layers]: what the loss and each layer's penalty are multiplied by. */
    public static final String OBJECTIVE_COEFFICIENTS = "objective_coefficients";
    /** [B, T, V]. */
    public static final String LOGITS = "logits";
    /** Scalar: Σ token weight · nll. */
    public static final String LOSS = "loss";
    /** [B, T]: −ln p(target), 0 where not scored. */
    public static final String NLL = "nll";
    /** Scalar: what training differentiates. */
    public static final String OBJECTIVE = "objective";

    private final ModelConfig config;
    private final DataType floating;
    private final Set<Site> shown;
    private final Set<Site> sparsified;
    private final boolean fan;
    private final SameDiff sd = GraphValues.graph();
    private final Activation activation;
    private final Activation upActivation;
    /** Names of variables that have P·B sequences; those not here have B. Empty where nothing fans out. */
    private final Set<String> wide = new HashSet<>();
    private final Map<String, SDVariable> widened = new HashMap<>();
    private final List<SDVariable> penalties = new ArrayList<>();
    private SDVariable tokenMask;
    /** Null in graphs without penalties. */
    private SDVariable penalisedWeight;

    private LlamaGraph(ModelConfig config, DataType floating, Set<Site> shown, Set<Site> sparsified, boolean fan) {
        config.check("model", key -> key);
        if (!config.feedForward().sites().containsAll(sparsified)) {
            throw new IllegalArgumentException("a feed-forward block without a gate has no site besides " + config.feedForward().sites() + ", asked for were " + sparsified);
        }
        if (fan && sparsified.isEmpty()) {
            throw new IllegalArgumentException("a grid needs a site to sparsify");
        }
        LacunaOps.register();
        this.config = config;
        this.floating = floating;
        this.shown = shown;
        this.sparsified = sparsified;
        this.fan = fan;
        activation = Activations.byName(config.feedForward().activation());
        upActivation = Activations.byName(config.feedForward().upActivation());
    }

    /**
     * The graph that training differentiates.
     *
     * <pre>
     * loss = Σ token_weight · nll
     * penalty.L = Σ token_weight · Σ_j |i_j|, i the intermediate of layer L;  zeros.L: how many i_j are 0, of the tokens with a weight
     * objective = coefficients[0] · loss + Σ_L coefficients[1 + L] · penalty.L
     * </pre>
     * Outputs: {@link #OBJECTIVE} (the loss variable), {@link #LOSS}, {@link #NLL}, {@link #penalty}, {@link #zeros}.
     */
    public static SameDiff training(ModelConfig config) {
        return training(config, DataType.FLOAT);
    }

    static SameDiff training(ModelConfig config, DataType floating) {
        return new LlamaGraph(config, floating, Set.of(), Set.of(), false).buildTraining();
    }

    /** The graph that gives {@link #LOGITS} [B, T, V] for every token, from {@link #INPUT_IDS} and {@link #POSITIONS}. */
    public static SameDiff logits(ModelConfig config) {
        LlamaGraph g = new LlamaGraph(config, DataType.FLOAT, config.feedForward().sites(), Set.of(), false);
        Linear.of(g.sd, LOGITS, g.decoder(), g.outputEmbedding());
        return g.sd;
    }

    /**
     * The graph that evaluates the model with the vectors at {@code sites} sparsified, in every layer, each by a rule of its
     * own. Besides those of training it has the placeholders {@link #TOKEN_MASK} and, for each layer and site,
     * {@link #rule} [P] INT and {@link #parameters} [P, K] DOUBLE; its outputs are {@link #LOSS}, {@link #NLL} and, for
     * each layer and site, {@link #kept} [·, T] INT. The rule {@code none} leaves a site alone and counts its zeros.
     * Sequences come as P blocks of equal size, one for each point: every placeholder has P·B sequences.
     *
     * @param sites which sites have a rule; each graph pays for the ones that it names
     */
    public static SameDiff evaluation(ModelConfig config, Set<Site> sites) {
        return new LlamaGraph(config, DataType.FLOAT, sites, sites, false).buildEvaluation();
    }

    /**
     * The same for a whole grid at once: {@link #INPUT_IDS}, {@link #POSITIONS} and {@link #TOKEN_MASK} have B sequences,
     * and all points share what lies below the first site; {@link #TARGETS} and {@link #TOKEN_WEIGHT} have P·B,
     * point by point, and so have the outputs.
     */
    public static SameDiff grid(ModelConfig config, Set<Site> sites) {
        return new LlamaGraph(config, DataType.FLOAT, sites, sites, true).buildEvaluation();
    }

    /** The variable at a site: {@code layers.3.mlp.up}, before a rule is applied to it. */
    public static String site(int layer, Site site) {
        return "layers." + layer + ".mlp." + site.key();
    }

    /** The residual stream [B, T, D] after a layer. */
    public static String output(int layer) {
        return "layers." + layer + ".output";
    }

    /** Scalar: a layer's L1 penalty. */
    public static String penalty(int layer) {
        return "penalty." + layer;
    }

    /** Scalar LONG: how many elements of a layer's intermediate are exactly 0. */
    public static String zeros(int layer) {
        return "zeros." + layer;
    }

    /** Placeholder [P] INT: the code of the rule at each point. */
    public static String rule(int layer, Site site) {
        return "sparsify." + layer + "." + site.key() + ".rule";
    }

    /** Placeholder [P, K] DOUBLE: the rule's parameters at each point. */
    public static String parameters(int layer, Site site) {
        return "sparsify." + layer + "." + site.key() + ".parameters";
    }

    /** Output [·, T] INT: how many elements of each token's vector are not 0 after the rule; −1 for padding. */
    public static String kept(int layer, Site site) {
        return "kept." + layer + "." + site.key();
    }

    private SameDiff buildTraining() {
        penalisedWeight = sd.placeHolder(TOKEN_WEIGHT, floating, -1, -1);
        SDVariable h = decoder();
        List<SDVariable> terms = new ArrayList<>();
        terms.add(loss(h, penalisedWeight));
        terms.addAll(penalties);
        SDVariable coefficients = sd.placeHolder(OBJECTIVE_COEFFICIENTS, floating, 1 + config.layers());
        WeightedSum.of(sd, OBJECTIVE, coefficients, terms);
        sd.setLossVariables(OBJECTIVE);
        return sd;
    }

    private SameDiff buildEvaluation() {
        tokenMask = sparsified.isEmpty() ? null : sd.placeHolder(TOKEN_MASK, floating, -1, -1);
        SDVariable h = decoder();
        loss(h, sd.placeHolder(TOKEN_WEIGHT, floating, -1, -1));
        return sd;
    }

    private SDVariable loss(SDVariable h, SDVariable tokenWeight) {
        SDVariable targets = sd.placeHolder(TARGETS, DataType.INT32, -1, -1);
        return LmHeadLoss.of(sd, LOSS, NLL, h, outputEmbedding(), targets, tokenWeight)[0];
    }

    /** Everything up to the last norm. */
    private SDVariable decoder() {
        for (TensorSpec spec : LlamaParameters.of(config)) {
            GraphValues.declare(sd, spec, floating);
        }
        SDVariable ids = sd.placeHolder(INPUT_IDS, DataType.INT32, -1, -1);
        SDVariable positions = sd.placeHolder(POSITIONS, DataType.INT32, -1, -1);
        SDVariable table = RotaryTable.of(sd, "rotary_table", positions, config.rotary().frequencies(config.headSize()));
        SDVariable h = Embedding.of(sd, "embedding", weight(LlamaParameters.EMBEDDING), ids);
        for (int layer = 0; layer < config.layers(); layer++) {
            h = attention(layer, h, table);
            h = feedForward(layer, h);
        }
        return RmsNorm.of(sd, "output_norm", h, weight(LlamaParameters.NORM), config.rmsNormEps());
    }

    private SDVariable attention(int layer, SDVariable h, SDVariable table) {
        String at = "layers." + layer + ".attention.";
        SDVariable x = RmsNorm.of(sd, at + "input", h, weight(layer, "input_layernorm"), config.rmsNormEps());
        SDVariable[] qkv = Linear.of(sd, List.of(at + "q", at + "k", at + "v"), x,
                List.of(weight(layer, "self_attn.q_proj"), weight(layer, "self_attn.k_proj"), weight(layer, "self_attn.v_proj")), List.of());
        SDVariable turns = wide.contains(h.name()) ? widen(table) : table;
        SDVariable q = Rotary.of(sd, at + "q.turned", qkv[0], turns, config.headSize());
        SDVariable k = Rotary.of(sd, at + "k.turned", qkv[1], turns, config.headSize());
        SDVariable y = Attention.of(sd, at + "heads", q, k, qkv[2], config.heads(), config.kvHeads(), AttentionMask.causal(), 1 / Math.sqrt(config.headSize()))[0];
        return follow(h, Add.of(sd, at + "output", h, Linear.of(sd, at + "projected", y, weight(layer, "self_attn.o_proj"))));
    }

    private SDVariable feedForward(int layer, SDVariable h) {
        SDVariable x = follow(h, RmsNorm.of(sd, site(layer, Site.INPUT), h, weight(layer, "post_attention_layernorm"), config.rmsNormEps()));
        x = sparsify(layer, Site.INPUT, x);
        SDVariable i = sparsify(layer, Site.INTERMEDIATE, config.feedForward().gated() ? gated(layer, x) : ungated(layer, x));
        if (penalisedWeight != null) {
            // Here, not behind the loss: what it reads may have to go before the next layer comes.
            penalties.add(L1.of(sd, penalty(layer), zeros(layer), sd.getVariable(site(layer, Site.INTERMEDIATE)), penalisedWeight)[0]);
        }
        SDVariable y = follow(i, Linear.of(sd, "layers." + layer + ".mlp.output", i, weight(layer, "mlp.down_proj")));
        return meet(h, y, (a, b) -> Add.of(sd, output(layer), a, b));
    }

    private SDVariable ungated(int layer, SDVariable x) {
        SDVariable z = Linear.of(sd, "layers." + layer + ".mlp.up_proj", x, weight(layer, "mlp.up_proj"));
        return follow(x, Activated.of(sd, site(layer, Site.INTERMEDIATE), activation, z));
    }

    private SDVariable gated(int layer, SDVariable x) {
        boolean upIsPlain = config.feedForward().upActivation().equals(FeedForward.IDENTITY);
        String projection = "layers." + layer + ".mlp.up_proj";
        SDVariable[] zu = Linear.of(sd, List.of("layers." + layer + ".mlp.gate_proj", upIsPlain ? site(layer, Site.UP) : projection), x,
                List.of(weight(layer, "mlp.gate_proj"), weight(layer, "mlp.up_proj")), List.of());
        SDVariable z = follow(x, zu[0]);
        SDVariable u = follow(x, upIsPlain ? zu[1] : Activated.of(sd, site(layer, Site.UP), upActivation, zu[1]));
        u = sparsify(layer, Site.UP, u);
        String intermediate = site(layer, Site.INTERMEDIATE);
        if (!shown.contains(Site.GATE)) {
            return meet(z, u, (a, b) -> Gated.of(sd, intermediate, activation, a, b));
        }
        SDVariable g = sparsify(layer, Site.GATE, follow(z, Activated.of(sd, site(layer, Site.GATE), activation, z)));
        return meet(g, u, (a, b) -> Gated.of(sd, intermediate, Activations.byName(FeedForward.IDENTITY), a, b));
    }

    /** {@code v} after the site's rule, where the site has one. The first rule that a grid meets makes P sequences of each. */
    private SDVariable sparsify(int layer, Site site, SDVariable v) {
        if (!sparsified.contains(site)) {
            return v;
        }
        boolean fansOut = fan && !wide.contains(v.name());
        SDVariable rule = sd.placeHolder(rule(layer, site), DataType.INT32, -1);
        SDVariable parameters = sd.placeHolder(parameters(layer, site), DataType.DOUBLE, -1, -1);
        SDVariable mask = fan && !fansOut ? widen(tokenMask) : tokenMask;
        SDVariable[] out = Sparsify.of(sd, v.name() + ".sparse", kept(layer, site), v, rule, parameters, mask, fansOut);
        if (fan) {
            wide.add(out[0].name());
        }
        return out[0];
    }

    private interface Join {
        SDVariable of(SDVariable a, SDVariable b);
    }

    /** Joins two variables, first repeating the one that has not fanned out if the other has. */
    private SDVariable meet(SDVariable a, SDVariable b, Join join) {
        boolean anyWide = wide.contains(a.name()) || wide.contains(b.name());
        SDVariable joined = anyWide ? join.of(widen(a), widen(b)) : join.of(a, b);
        if (anyWide) {
            wide.add(joined.name());
        }
        return joined;
    }

    /** {@code y}, made from {@code x} alone, has as many sequences as {@code x}. */
    private SDVariable follow(SDVariable x, SDVariable y) {
        if (wide.contains(x.name())) {
            wide.add(y.name());
        }
        return y;
    }

    /** {@code v} with P·B sequences. */
    private SDVariable widen(SDVariable v) {
        if (wide.contains(v.name())) {
            return v;
        }
        return widened.computeIfAbsent(v.name(), name -> {
            Site first = Collections.min(sparsified);
            return Fan.of(sd, name + ".fanned", v, sd.getVariable(rule(0, first)));
        });
    }

    private SDVariable outputEmbedding() {
        return weight(config.tied() ? LlamaParameters.EMBEDDING : LlamaParameters.LM_HEAD);
    }

    private SDVariable weight(int layer, String module) {
        return weight(LlamaParameters.layer(layer, module));
    }

    private SDVariable weight(String name) {
        return sd.getVariable(name);
    }
}
