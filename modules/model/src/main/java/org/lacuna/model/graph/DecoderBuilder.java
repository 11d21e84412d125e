package org.lacuna.model.graph;

import static org.lacuna.model.graph.DecoderGraph.DISTILLED_LOGITS;
import static org.lacuna.model.graph.DecoderGraph.DROPOUT_KEY;
import static org.lacuna.model.graph.DecoderGraph.GREEDY;
import static org.lacuna.model.graph.DecoderGraph.HIDDEN;
import static org.lacuna.model.graph.DecoderGraph.INPUT_IDS;
import static org.lacuna.model.graph.DecoderGraph.LOGITS;
import static org.lacuna.model.graph.DecoderGraph.LOSS;
import static org.lacuna.model.graph.DecoderGraph.NLL;
import static org.lacuna.model.graph.DecoderGraph.OBJECTIVE;
import static org.lacuna.model.graph.DecoderGraph.OBJECTIVE_COEFFICIENTS;
import static org.lacuna.model.graph.DecoderGraph.PAST;
import static org.lacuna.model.graph.DecoderGraph.POSITIONS;
import static org.lacuna.model.graph.DecoderGraph.TARGETS;
import static org.lacuna.model.graph.DecoderGraph.TEACHER_HEAD;
import static org.lacuna.model.graph.DecoderGraph.TEACHER_HIDDEN;
import static org.lacuna.model.graph.DecoderGraph.TOKEN_MASK;
import static org.lacuna.model.graph.DecoderGraph.TOKEN_WEIGHT;
import static org.lacuna.model.graph.DecoderGraph.active;
import static org.lacuna.model.graph.DecoderGraph.distilledHidden;
import static org.lacuna.model.graph.DecoderGraph.expertWeights;
import static org.lacuna.model.graph.DecoderGraph.kept;
import static org.lacuna.model.graph.DecoderGraph.output;
import static org.lacuna.model.graph.DecoderGraph.pastKeys;
import static org.lacuna.model.graph.DecoderGraph.pastValues;
import static org.lacuna.model.graph.DecoderGraph.penalty;
import static org.lacuna.model.graph.DecoderGraph.preActivation;
import static org.lacuna.model.graph.DecoderGraph.routerLogits;
import static org.lacuna.model.graph.DecoderGraph.rule;
import static org.lacuna.model.graph.DecoderGraph.site;
import static org.lacuna.model.graph.DecoderGraph.teacherOutput;
import static org.lacuna.model.graph.DecoderParameters.module;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.activation.Activation;
import org.lacuna.graph.activation.Activations;
import org.lacuna.graph.op.Activated;
import org.lacuna.graph.op.Activity;
import org.lacuna.graph.op.Add;
import org.lacuna.graph.op.Attention;
import org.lacuna.graph.op.AttentionMask;
import org.lacuna.graph.op.CachedAttention;
import org.lacuna.graph.op.CombineExperts;
import org.lacuna.graph.op.DistillLoss;
import org.lacuna.graph.op.Dropout;
import org.lacuna.graph.op.Embedding;
import org.lacuna.graph.op.ExpertLinear;
import org.lacuna.graph.op.Gated;
import org.lacuna.graph.op.HiddenDistance;
import org.lacuna.graph.op.LacunaOps;
import org.lacuna.graph.op.LayerNorm;
import org.lacuna.graph.op.Linear;
import org.lacuna.graph.op.LmHeadLoss;
import org.lacuna.graph.op.Repeat;
import org.lacuna.graph.op.RmsNorm;
import org.lacuna.graph.op.Rotary;
import org.lacuna.graph.op.RotaryTable;
import org.lacuna.graph.op.Route;
import org.lacuna.graph.op.SitePenalty;
import org.lacuna.graph.op.Sparsify;
import org.lacuna.graph.op.WeightedSum;
import org.lacuna.model.config.AttentionForm;
import org.lacuna.model.config.Experts;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.FeedForwardSite;
import org.lacuna.model.config.LearnedPosition;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.Norm;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.rule.Rules;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** Builds one graph of a decoder, layer after layer; {@link DecoderGraph} says what comes out. For one use. */
final class DecoderBuilder {
    private final ModelConfig config;
    private final DataType floating;
    private final Set<Site> shown;
    private final Set<Site> sparsified;
    private final boolean fan;
    private final LowRank adapters;
    /** The layers with rules. */
    private final Set<Integer> ruled;
    private final SameDiff sd = GraphValues.graph();
    private final Activation upActivation;
    private final Fans fans;
    private final Map<String, SDVariable> repeated = new HashMap<>();
    private final Map<RotaryPosition, SDVariable> tables = new HashMap<>();
    /** Of each of the form's penalties its layers'. */
    private final List<List<SDVariable>> penalties = new ArrayList<>();
    private SDVariable positions;
    private SDVariable tokenMask;
    /** Whether rules look at vectors multiplied by channels. */
    private boolean weighted;
    /** Null in graphs that read whole texts. */
    private SDVariable past;
    /** Null in graphs whose texts don't branch. */
    private SDVariable spans;
    /** Null in graphs that are not for training. */
    private SDVariable penalisedWeight;
    private TrainingForm form = TrainingForm.plain();
    /** Null without dropout. */
    private SDVariable dropoutKey;

    /** The same with rules in every layer. */
    DecoderBuilder(ModelConfig config, LowRank adapters, DataType floating, Set<Site> shown, Set<Site> sparsified, boolean fan) {
        this(config, adapters, floating, shown, sparsified, IntStream.range(0, config.layers()).boxed().collect(Collectors.toSet()), fan);
    }

    /**
     * Begins with an empty graph.
     *
     * @param shown sites that are variables of their own
     * @param sparsified sites with a rule
     * @param ruled layers with rules, at least one
     * @param fan whether all points of a grid share what lies below the first site
     */
    DecoderBuilder(ModelConfig config, LowRank adapters, DataType floating, Set<Site> shown, Set<Site> sparsified, Set<Integer> ruled, boolean fan) {
        config.check("model", key -> key);
        if (!config.sites().containsAll(sparsified)) {
            throw new IllegalArgumentException("a model whose feed-forward block has no gate has no site besides " + config.sites() + ", asked for were " + sparsified);
        }
        if (ruled.isEmpty() || Collections.min(ruled) < 0 || Collections.max(ruled) >= config.layers()) {
            throw new IllegalArgumentException("rules in the layers " + ruled + " of " + config.layers());
        }
        if (fan && sparsified.isEmpty()) {
            throw new IllegalArgumentException("a grid needs a site to sparsify");
        }
        LacunaOps.register();
        this.config = config;
        this.adapters = adapters;
        this.floating = floating;
        this.shown = shown;
        this.sparsified = sparsified;
        this.fan = fan;
        this.ruled = ruled;
        fans = new Fans(sd);
        upActivation = Activations.byName(config.feedForward().upActivation());
    }

    SameDiff training(TrainingForm with) {
        form = with;
        penalisedWeight = sd.placeHolder(TOKEN_WEIGHT, floating, -1, -1);
        form.penalties().forEach(p -> penalties.add(new ArrayList<>()));
        SDVariable h = decoder();
        List<SDVariable> terms = new ArrayList<>();
        terms.add(loss(h, penalisedWeight, form.zLoss()));
        penalties.forEach(terms::addAll);
        form.teacher().ifPresent(teacher -> terms.addAll(distilled(teacher, h)));
        SDVariable coefficients = sd.placeHolder(OBJECTIVE_COEFFICIENTS, floating, terms.size());
        WeightedSum.of(sd, OBJECTIVE, coefficients, terms);
        sd.setLossVariables(OBJECTIVE);
        return sd;
    }

    SameDiff evaluation() {
        return evaluation(false);
    }

    SameDiff branchedEvaluation(boolean weighted) {
        if (config.attention().sliding().isPresent()) {
            throw new IllegalArgumentException("texts can't branch where layers see a window of them");
        }
        spans = sd.placeHolder(DecoderGraph.SPANS, DataType.INT32, -1, -1, 2);
        return evaluation(weighted);
    }

    SameDiff evaluation(boolean weighted) {
        rules(weighted);
        SDVariable h = decoder();
        LmHeadLoss.withGreedy(sd, LOSS, NLL, GREEDY, h, outputEmbedding(), sd.placeHolder(TARGETS, DataType.INT32, -1, -1), sd.placeHolder(TOKEN_WEIGHT, floating, -1, -1));
        return sd;
    }

    SameDiff logits() {
        Linear.of(sd, LOGITS, decoder(), outputEmbedding());
        return sd;
    }

    SameDiff hidden() {
        decoder();
        return sd;
    }

    SameDiff decoding(boolean weighted) {
        rules(weighted);
        past = sd.placeHolder(PAST, DataType.INT32, 1);
        return logits();
    }

    private void rules(boolean weighted) {
        this.weighted = weighted;
        tokenMask = sparsified.isEmpty() ? null : sd.placeHolder(TOKEN_MASK, floating, -1, -1);
    }

    private List<SDVariable> distilled(TrainingForm.Teacher teacher, SDVariable h) {
        List<SDVariable> terms = new ArrayList<>();
        if (teacher.logits()) {
            SDVariable theirs = sd.placeHolder(TEACHER_HIDDEN, floating, -1, -1, teacher.hidden());
            terms.add(DistillLoss.of(sd, DISTILLED_LOGITS, "distilled.kl", h, outputEmbedding(), theirs, sd.placeHolder(TEACHER_HEAD, floating, config.vocabulary(), teacher.hidden()), penalisedWeight, teacher.temperature())[0]);
        }
        for (int layer = 0; teacher.layers() && layer < config.layers(); layer++) {
            SDVariable theirs = sd.placeHolder(teacherOutput(layer), floating, -1, -1, teacher.hidden());
            terms.add(HiddenDistance.of(sd, distilledHidden(layer), sd.getVariable(output(layer)), theirs, penalisedWeight));
        }
        return terms;
    }

    private SDVariable loss(SDVariable h, SDVariable tokenWeight, double zLoss) {
        SDVariable targets = sd.placeHolder(TARGETS, DataType.INT32, -1, -1);
        return LmHeadLoss.of(sd, LOSS, NLL, h, outputEmbedding(), targets, tokenWeight, zLoss)[0];
    }

    /** Everything up to the last norm. */
    private SDVariable decoder() {
        for (TensorSpec spec : DecoderParameters.of(config)) {
            GraphValues.declare(sd, spec, floating);
        }
        for (TensorSpec spec : adapters.parameters(config)) {
            GraphValues.declare(sd, spec, floating);
        }
        SDVariable ids = sd.placeHolder(INPUT_IDS, DataType.INT32, -1, -1);
        positions = sd.placeHolder(POSITIONS, DataType.INT32, -1, -1);
        SDVariable h = Embedding.of(sd, "embedding", sd.getVariable(DecoderParameters.EMBEDDING), ids, 0, config.embeddingScale());
        if (config.position() instanceof LearnedPosition learned) {
            SDVariable p = Embedding.of(sd, "position_embedding", sd.getVariable(DecoderParameters.POSITIONS), positions, learned.offset(), 1);
            h = Add.of(sd, "placed", h, p);
        }
        for (int layer = 0; layer < config.layers(); layer++) {
            h = layer(layer, h);
        }
        return norm(HIDDEN, h, DecoderParameters.NORM);
    }

    private SDVariable layer(int layer, SDVariable h) {
        return switch (config.block()) {
            case SEQUENTIAL -> {
                SDVariable a = add("layers." + layer + ".attention.output", h, dropped(layer, 0, attention(layer, h)));
                yield add(output(layer), a, dropped(layer, 1, feedForward(layer, a, "post_attention_layernorm")));
            }
            case PARALLEL -> {
                SDVariable a = dropped(layer, 0, attention(layer, h));
                SDVariable f = dropped(layer, 1, feedForward(layer, h, "post_attention_layernorm"));
                yield add(output(layer), h, add("layers." + layer + ".branches", a, f));
            }
            case SANDWICH -> {
                SDVariable a = add("layers." + layer + ".attention.output", h,
                        dropped(layer, 0, norm("layers." + layer + ".attention.normed", attention(layer, h), module(layer, "post_attention_layernorm"))));
                SDVariable f = feedForward(layer, a, "pre_feedforward_layernorm");
                yield add(output(layer), a, dropped(layer, 1, norm("layers." + layer + ".mlp.normed", f, module(layer, "post_feedforward_layernorm"))));
            }
        };
    }

    /** What a branch of a layer, the attention's or the feed-forward block's, adds to the residual stream in training. */
    private SDVariable dropped(int layer, int branch, SDVariable v) {
        if (form.dropout() == 0) {
            return v;
        }
        if (dropoutKey == null) {
            dropoutKey = sd.placeHolder(DROPOUT_KEY, DataType.INT32, 2);
        }
        return Dropout.of(sd, v.name() + ".dropped", v, dropoutKey, form.dropout(), 2 * layer + branch);
    }

    private SDVariable attention(int layer, SDVariable h) {
        String at = "layers." + layer + ".attention.";
        AttentionForm form = config.attention();
        SDVariable x = sparsify(layer, Site.ATTENTION_INPUT, inputNorm(site(layer, Site.ATTENTION_INPUT), h, module(layer, "input_layernorm")));
        SDVariable[] qkv = linear(List.of(at + "q", at + "k", at + "v"), x,
                List.of(module(layer, "self_attn.q_proj"), module(layer, "self_attn.k_proj"), module(layer, "self_attn.v_proj")), form.inputBiases());
        SDVariable q = placed(layer, at + "q", qkv[0], "self_attn.q_norm");
        SDVariable k = placed(layer, at + "k", qkv[1], "self_attn.k_norm");
        AttentionMask mask = form.sliding(layer).map(s -> AttentionMask.slidingWindow(s.window())).orElse(AttentionMask.causal());
        SDVariable y = fans.follow(x, attended(layer, site(layer, Site.ATTENTION_OUTPUT), x, q, k, qkv[2], mask));
        return linear(List.of(DecoderGraph.attention(layer)), sparsify(layer, Site.ATTENTION_OUTPUT, y), List.of(module(layer, "self_attn.o_proj")), form.outputBias())[0];
    }

    private SDVariable attended(int layer, String name, SDVariable h, SDVariable q, SDVariable k, SDVariable v, AttentionMask mask) {
        double scale = config.attention().scale();
        if (past != null) {
            return CachedAttention.of(sd, name, q, k, v, cache(pastKeys(layer)), cache(pastValues(layer)), past, config.heads(), config.kvHeads(), mask, scale)[0];
        }
        return spans == null ? Attention.of(sd, name, q, k, v, config.heads(), config.kvHeads(), mask, scale)[0]
                : Attention.of(sd, name, q, k, v, fans.like(h, spans), config.heads(), config.kvHeads(), scale)[0];
    }

    private SDVariable cache(String name) {
        return sd.placeHolder(name, floating, -1, -1, (long) config.kvHeads() * config.headSize());
    }

    /** Queries or keys after their norm and turned to their positions, where the model has these. */
    private SDVariable placed(int layer, String name, SDVariable v, String norm) {
        SDVariable x = v;
        if (config.attention().headNorm() != AttentionForm.HeadNorm.NONE) {
            SDVariable weight = sd.getVariable(DecoderParameters.weight(module(layer, norm)));
            x = fans.follow(x, RmsNorm.of(sd, name + ".normed", x, weight, config.norm().epsilon(), config.norm().shift()));
        }
        Optional<RotaryPosition> rotary = config.rotary(layer);
        if (rotary.isEmpty()) {
            return x;
        }
        SDVariable table = tables.computeIfAbsent(rotary.get(),
                r -> RotaryTable.of(sd, tables.isEmpty() ? "rotary_table" : "rotary_table." + tables.size(), positions, r.frequencies(config.headSize())));
        return fans.follow(x, Rotary.of(sd, name + ".turned", x, fans.like(x, table), config.headSize()));
    }

    /** What the feed-forward block adds to the residual stream. */
    private SDVariable feedForward(int layer, SDVariable h, String norm) {
        SDVariable dense = masked(FeedForwardSite.INPUT, site(layer, Site.INPUT), name -> inputNorm(name, h, module(layer, norm)));
        Routing routing = config.feedForward().experts().isPresent() ? routing(layer, dense, config.feedForward().experts().get()) : null;
        SDVariable x = sparsify(layer, Site.INPUT, dense);
        SDVariable i = sparsify(layer, Site.INTERMEDIATE, config.feedForward().gated() ? gated(layer, x, routing) : ungated(layer, x));
        if (penalisedWeight != null) {
            // Here, not behind the loss: what it reads may have to go before the next layer comes.
            observe(layer);
        }
        String output = DecoderGraph.feedForward(layer);
        if (routing == null) {
            return linear(List.of(output), i, List.of(module(layer, "mlp.down_proj")), config.feedForward().biased())[0];
        }
        SDVariable down = sd.getVariable(DecoderParameters.weight(module(layer, "mlp.experts.down_proj")));
        SDVariable y = fans.follow(i, ExpertLinear.of(sd, "layers." + layer + ".mlp.down", i, down, fans.like(i, routing.experts), false));
        return fans.follow(y, CombineExperts.of(sd, output, y, fans.like(y, routing.weights)));
    }

    private void observe(int layer) {
        for (FeedForwardSite site : form.observed()) {
            Activity.of(sd, active(site, layer), vector(layer, site), weightAt(site));
        }
        for (int k = 0; k < form.penalties().size(); k++) {
            TrainingForm.PenaltyForm p = form.penalties().get(k);
            double[] parameters = p.parameters().stream().mapToDouble(Double::doubleValue).toArray();
            penalties.get(k).add(SitePenalty.of(sd, penalty(k, layer), p.penalty(), parameters, vector(layer, p.site()), weightAt(p.site())));
        }
    }

    private SDVariable vector(int layer, FeedForwardSite site) {
        return sd.getVariable(site.site().map(s -> site(layer, s)).orElseGet(() -> config.feedForward().gated() ? gateProjection(layer) : preActivation(layer)));
    }

    private SDVariable weightAt(FeedForwardSite site) {
        return forRows(site.site().orElse(Site.INTERMEDIATE), penalisedWeight);
    }

    private static String gateProjection(int layer) {
        return "layers." + layer + ".mlp.gate_proj";
    }

    /**
     * Which experts compute a token.
     *
     * @param experts [B, T, k] INT
     * @param weights [B, T, k], what their outputs are multiplied by
     */
    private record Routing(SDVariable experts, SDVariable weights) {}

    private Routing routing(int layer, SDVariable x, Experts form) {
        SDVariable logits = linear(List.of(routerLogits(layer)), x, List.of(module(layer, "mlp.router")), false)[0];
        SDVariable[] routed = Route.of(sd, DecoderGraph.experts(layer), expertWeights(layer), logits, form.perToken(), form.renormalized());
        return new Routing(fans.follow(x, routed[0]), fans.follow(x, routed[1]));
    }

    /** A mask or weight of tokens [B, T], for the rows of a site. */
    private SDVariable forRows(Site site, SDVariable v) {
        int rows = config.feedForward().rowsPerToken(site);
        return rows == 1 ? v : repeated.computeIfAbsent(v.name(), name -> Repeat.of(sd, name + ".repeated", v, rows));
    }

    /** A layer's activation: of the gate, where there is one. */
    private Activation activation(int layer) {
        double threshold = config.feedForward().threshold(layer);
        return threshold == 0 ? Activations.byName(config.feedForward().activation()) : Activations.fatRelu(threshold);
    }

    private SDVariable ungated(int layer, SDVariable x) {
        SDVariable z = masked(FeedForwardSite.PREACTIVATION, preActivation(layer),
                name -> linear(List.of(name), x, List.of(module(layer, "mlp.up_proj")), config.feedForward().biased())[0]);
        return masked(FeedForwardSite.INTERMEDIATE, site(layer, Site.INTERMEDIATE), name -> fans.follow(x, Activated.of(sd, name, activation(layer), z)));
    }

    private SDVariable gated(int layer, SDVariable x, Routing routing) {
        boolean upIsPlain = config.feedForward().upActivation().equals(FeedForward.IDENTITY);
        String projection = "layers." + layer + ".mlp.up_proj";
        String up = site(layer, Site.UP);
        List<String> names = List.of(unmasked(FeedForwardSite.PREACTIVATION, gateProjection(layer)), upIsPlain ? unmasked(FeedForwardSite.UP, up) : projection);
        SDVariable[] zu = routing == null
                ? linear(names, x, List.of(module(layer, "mlp.gate_proj"), module(layer, "mlp.up_proj")), config.feedForward().biased())
                : experts(layer, names, x, fans.like(x, routing.experts));
        SDVariable z = masked(FeedForwardSite.PREACTIVATION, gateProjection(layer), name -> zu[0]);
        SDVariable u = sparsify(layer, Site.UP, masked(FeedForwardSite.UP, up,
                name -> upIsPlain ? zu[1] : fans.follow(x, Activated.of(sd, name, upActivation, zu[1]))));
        if (!shown.contains(Site.GATE) && config.feedForward().mask(FeedForwardSite.GATE).isEmpty()) {
            return product(layer, activation(layer), z, u);
        }
        SDVariable g = sparsify(layer, Site.GATE, masked(FeedForwardSite.GATE, site(layer, Site.GATE), name -> fans.follow(z, Activated.of(sd, name, activation(layer), z))));
        return product(layer, Activations.byName(FeedForward.IDENTITY), g, u);
    }

    private SDVariable product(int layer, Activation f, SDVariable gate, SDVariable up) {
        return masked(FeedForwardSite.INTERMEDIATE, site(layer, Site.INTERMEDIATE), name -> fans.meet(gate, up, (a, b) -> Gated.of(sd, name, f, a, b)));
    }

    /** A vector's name before the model's own mask; its own name where there is none. */
    private String unmasked(FeedForwardSite site, String name) {
        return config.feedForward().mask(site).isPresent() ? name + ".unmasked" : name;
    }

    /** The vector that {@code make} makes under the name that it is given, after the model's own mask where it has one, then as {@code name}. */
    private SDVariable masked(FeedForwardSite site, String name, Function<String, SDVariable> make) {
        SDVariable v = make.apply(unmasked(site, name));
        return config.feedForward().mask(site).map(mask -> {
            SDVariable rule = sd.constant(name + ".mask.rule", Nd4j.createFromArray(Rules.byName(mask.rule()).code()));
            SDVariable parameters = sd.constant(name + ".mask.parameters", Nd4j.createFromArray(new double[][] {{mask.value()}}));
            return fans.follow(v, Sparsify.straightThrough(sd, name, name + ".mask.kept", v, rule, parameters)[0]);
        }).orElse(v);
    }

    private SDVariable[] experts(int layer, List<String> names, SDVariable x, SDVariable experts) {
        List<SDVariable> weights = List.of(sd.getVariable(DecoderParameters.weight(module(layer, "mlp.experts.gate_proj"))),
                sd.getVariable(DecoderParameters.weight(module(layer, "mlp.experts.up_proj"))));
        SDVariable[] out = ExpertLinear.of(sd, names, x, weights, experts, true);
        for (SDVariable y : out) {
            fans.follow(x, y);
        }
        return out;
    }

    /** A norm in front of attention or feed-forward block, with what the model has behind it. */
    private SDVariable inputNorm(String name, SDVariable x, String module) {
        if (config.normActivation().equals(FeedForward.IDENTITY)) {
            return norm(name, x, module);
        }
        SDVariable normed = norm(name + ".normed", x, module);
        return fans.follow(normed, Activated.of(sd, name, Activations.byName(config.normActivation()), normed));
    }

    private SDVariable norm(String name, SDVariable x, String module) {
        Norm norm = config.norm();
        SDVariable weight = sd.getVariable(DecoderParameters.weight(module));
        return fans.follow(x, norm.kind() == Norm.Kind.LAYER
                ? LayerNorm.of(sd, name, x, weight, sd.getVariable(DecoderParameters.bias(module)), norm.epsilon())
                : RmsNorm.of(sd, name, x, weight, norm.epsilon(), norm.shift()));
    }

    private SDVariable[] linear(List<String> names, SDVariable x, List<String> modules, boolean biased) {
        List<String> adapted = modules.stream().filter(adapters.modules()::contains).toList();
        List<String> plain = IntStream.range(0, names.size()).mapToObj(j -> adapted.contains(modules.get(j)) ? names.get(j) + ".unadapted" : names.get(j)).toList();
        SDVariable[] own = Linear.of(sd, plain, x, weights(modules, DecoderParameters::weight), biased ? weights(modules, DecoderParameters::bias) : List.of());
        SDVariable[] out = adapted.isEmpty() ? own : adapted(names, x, modules, adapted, own);
        for (SDVariable y : out) {
            fans.follow(x, y);
        }
        return out;
    }

    /** The outputs of layers, of which some have adapters, with what these add. */
    private SDVariable[] adapted(List<String> names, SDVariable x, List<String> modules, List<String> adapted, SDVariable[] own) {
        List<String> down = adapted.stream().map(module -> names.get(modules.indexOf(module)) + ".lora_a").toList();
        SDVariable[] low = Linear.of(sd, down, x, weights(adapted, LowRank::a), List.of());
        SDVariable[] out = own.clone(); // the array itself is the op's
        for (int i = 0; i < low.length; i++) {
            int j = modules.indexOf(adapted.get(i));
            SDVariable update = Linear.of(sd, names.get(j) + ".lora_b", low[i], sd.getVariable(LowRank.b(adapted.get(i))));
            out[j] = Add.of(sd, names.get(j), own[j], update, adapters.scale());
        }
        return out;
    }

    private List<SDVariable> weights(List<String> modules, UnaryOperator<String> name) {
        return modules.stream().map(module -> sd.getVariable(name.apply(module))).toList();
    }

    private SDVariable add(String name, SDVariable a, SDVariable b) {
        return fans.meet(a, b, (x, y) -> Add.of(sd, name, x, y));
    }

    /** {@code v} after the site's rule, where the site has one. The first rule that a grid meets makes P sequences of each. */
    private SDVariable sparsify(int layer, Site site, SDVariable v) {
        if (!sparsified.contains(site) || !ruled.contains(layer)) {
            return v;
        }
        boolean fansOut = fan && !fans.isWide(v);
        SDVariable rule = sd.placeHolder(rule(layer, site), DataType.INT32, -1);
        if (fansOut) {
            fans.by(rule);
        }
        SDVariable parameters = sd.placeHolder(DecoderGraph.parameters(layer, site), DataType.DOUBLE, -1, -1);
        SDVariable narrow = forRows(site, tokenMask);
        SDVariable mask = fan && !fansOut ? fans.widen(narrow) : narrow;
        String masked = v.name() + ".sparse";
        SDVariable[] out = weighted ? Sparsify.of(sd, masked, kept(layer, site), v, rule, parameters, mask, sd.placeHolder(DecoderGraph.channels(layer, site), floating, -1, -1), fansOut)
                : Sparsify.of(sd, masked, kept(layer, site), v, rule, parameters, mask, fansOut);
        return fan ? fans.wide(out[0]) : out[0];
    }

    private SDVariable outputEmbedding() {
        return sd.getVariable(config.tied() ? DecoderParameters.EMBEDDING : DecoderParameters.LM_HEAD);
    }
}
