package org.lacuna.model.graph;

import java.util.ArrayList;
import java.util.List;
import org.lacuna.graph.TensorSpec;
import org.lacuna.model.config.AttentionForm.HeadNorm;
import org.lacuna.model.config.Block;
import org.lacuna.model.config.Experts;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.LearnedPosition;
import org.lacuna.model.config.ModelConfig;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * A decoder's weights: their names and shapes. Linear layers are [out, in], experts' are [experts, out, in]. The names are those of
 * Hugging Face's Llama, whatever the family; a family says how its files call and lay them out.
 */
public final class DecoderParameters {
    /** The input embedding [V, D]. */
    public static final String EMBEDDING = "model.embed_tokens.weight";
    /** The vectors of the positions [offset + maxPositions, D], where they are learned. */
    public static final String POSITIONS = "model.embed_positions.weight";
    /** The last norm. */
    public static final String NORM = "model.norm";
    /** The output embedding [V, D], where it is not tied. */
    public static final String LM_HEAD = "lm_head.weight";

    private DecoderParameters() {}

    /** All weights, in the order in which Hugging Face's Llama defines them. A tied output embedding is not among them. */
    public static List<TensorSpec> of(ModelConfig c) {
        List<TensorSpec> all = new ArrayList<>();
        add(all, EMBEDDING, c.vocabulary(), c.hidden());
        if (c.position() instanceof LearnedPosition learned) {
            add(all, POSITIONS, (long) learned.offset() + c.maxPositions(), c.hidden());
        }
        for (int layer = 0; layer < c.layers(); layer++) {
            addAttention(all, c, layer);
            addFeedForward(all, c, layer);
            for (String norm : norms(c.block())) {
                addNorm(all, c, module(layer, norm));
            }
        }
        addNorm(all, c, NORM);
        if (!c.tied()) {
            add(all, LM_HEAD, c.vocabulary(), c.hidden());
        }
        return all;
    }

    /** The weights [out, in] of linear layers, one matrix each: without those of experts and routers, and without embeddings. */
    public static List<TensorSpec> linear(ModelConfig c) {
        return of(c).stream().filter(spec -> spec.shape().length == 2 && spec.name().startsWith("model.layers.") && !spec.name().endsWith("mlp.router.weight")).toList();
    }

    private static void addAttention(List<TensorSpec> all, ModelConfig c, int layer) {
        long queries = (long) c.heads() * c.headSize();
        long keys = (long) c.kvHeads() * c.headSize();
        addLinear(all, module(layer, "self_attn.q_proj"), queries, c.hidden(), c.attention().inputBiases());
        addLinear(all, module(layer, "self_attn.k_proj"), keys, c.hidden(), c.attention().inputBiases());
        addLinear(all, module(layer, "self_attn.v_proj"), keys, c.hidden(), c.attention().inputBiases());
        addLinear(all, module(layer, "self_attn.o_proj"), c.hidden(), queries, c.attention().outputBias());
        if (c.attention().headNorm() != HeadNorm.NONE) {
            boolean each = c.attention().headNorm() == HeadNorm.EACH;
            add(all, weight(module(layer, "self_attn.q_norm")), each ? c.headSize() : queries);
            add(all, weight(module(layer, "self_attn.k_norm")), each ? c.headSize() : keys);
        }
    }

    private static void addFeedForward(List<TensorSpec> all, ModelConfig c, int layer) {
        FeedForward f = c.feedForward();
        if (f.experts().isPresent()) {
            Experts e = f.experts().get();
            add(all, weight(module(layer, "mlp.router")), e.count(), c.hidden());
            add(all, weight(module(layer, "mlp.experts.gate_proj")), e.count(), c.intermediate(), c.hidden());
            add(all, weight(module(layer, "mlp.experts.up_proj")), e.count(), c.intermediate(), c.hidden());
            add(all, weight(module(layer, "mlp.experts.down_proj")), e.count(), c.hidden(), c.intermediate());
            return;
        }
        if (f.gated()) {
            addLinear(all, module(layer, "mlp.gate_proj"), c.intermediate(), c.hidden(), f.biased());
        }
        addLinear(all, module(layer, "mlp.up_proj"), c.intermediate(), c.hidden(), f.biased());
        addLinear(all, module(layer, "mlp.down_proj"), c.hidden(), c.intermediate(), f.biased());
    }

    private static List<String> norms(Block block) {
        return block == Block.SANDWICH
                ? List.of("input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm")
                : List.of("input_layernorm", "post_attention_layernorm");
    }

    /** A layer's module: {@code model.layers.3.mlp.up_proj}. */
    public static String module(int layer, String module) {
        return "model.layers." + layer + "." + module;
    }

    /** A module's weight. */
    public static String weight(String module) {
        return module + ".weight";
    }

    /** A module's bias. */
    public static String bias(String module) {
        return module + ".bias";
    }

    private static void addLinear(List<TensorSpec> all, String module, long out, long in, boolean biased) {
        add(all, weight(module), out, in);
        if (biased) {
            add(all, bias(module), out);
        }
    }

    private static void addNorm(List<TensorSpec> all, ModelConfig c, String module) {
        add(all, weight(module), c.hidden());
        if (c.norm().biased()) {
            add(all, bias(module), c.hidden());
        }
    }

    private static void add(List<TensorSpec> all, String name, long... shape) {
        all.add(new TensorSpec(name, DataType.FLOAT, shape));
    }
}
