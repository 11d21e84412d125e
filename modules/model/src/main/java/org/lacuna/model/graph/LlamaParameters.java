package org.lacuna.model.graph;

import java.util.ArrayList;
import java.util.List;
import org.lacuna.graph.TensorSpec;
import org.lacuna.model.config.ModelConfig;
import org.nd4j.linalg.api.buffer.DataType;

/** The weights of a Llama under Hugging Face's names, with their shapes; matrices are [out, in]. */
public final class LlamaParameters {
    /** The input embedding [V, D]; the output embedding too where the two are tied. */
    public static final String EMBEDDING = "model.embed_tokens.weight";
    /** The last norm [D]. */
    public static final String NORM = "model.norm.weight";
    /** The output embedding [V, D], where it is not tied. */
    public static final String LM_HEAD = "lm_head.weight";

    private LlamaParameters() {}

    /** All weights, in the order in which Hugging Face's model defines them. A tied output embedding is not among them. */
    public static List<TensorSpec> of(ModelConfig c) {
        List<TensorSpec> all = new ArrayList<>();
        add(all, EMBEDDING, c.vocabulary(), c.hidden());
        for (int layer = 0; layer < c.layers(); layer++) {
            add(all, layer(layer, "self_attn.q_proj"), (long) c.heads() * c.headSize(), c.hidden());
            add(all, layer(layer, "self_attn.k_proj"), (long) c.kvHeads() * c.headSize(), c.hidden());
            add(all, layer(layer, "self_attn.v_proj"), (long) c.kvHeads() * c.headSize(), c.hidden());
            add(all, layer(layer, "self_attn.o_proj"), c.hidden(), (long) c.heads() * c.headSize());
            if (c.feedForward().gated()) {
                add(all, layer(layer, "mlp.gate_proj"), c.intermediate(), c.hidden());
            }
            add(all, layer(layer, "mlp.up_proj"), c.intermediate(), c.hidden());
            add(all, layer(layer, "mlp.down_proj"), c.hidden(), c.intermediate());
            add(all, layer(layer, "input_layernorm"), c.hidden());
            add(all, layer(layer, "post_attention_layernorm"), c.hidden());
        }
        add(all, NORM, c.hidden());
        if (!c.tied()) {
            add(all, LM_HEAD, c.vocabulary(), c.hidden());
        }
        return all;
    }

    /** The weight of {@code module} in a layer: {@code model.layers.3.mlp.up_proj.weight}. */
    public static String layer(int layer, String module) {
        return "model.layers." + layer + "." + module + ".weight";
    }

    private static void add(List<TensorSpec> all, String name, long... shape) {
        all.add(new TensorSpec(name, DataType.FLOAT, shape));
    }
}
