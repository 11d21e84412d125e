package org.lacuna.model.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.lacuna.graph.TensorSpec;
import org.lacuna.model.config.ModelConfig;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * The linear layers of a graph that have an adapter of low rank beside their weight W [out, in] (Hu et al. 2021, arXiv 2106.09685):
 *
 * <pre>
 * y = W x + scale · B (A x),  A [rank, in], B [out, rank], scale = alpha / rank
 * </pre>
 *
 * @param rank of each adapter
 * @param alpha what the scale is made of
 * @param modules which have one, as {@link DecoderParameters#module} calls them
 */
public record LowRank(int rank, double alpha, List<String> modules) {

    /** No adapters. */
    public static LowRank none() {
        return new LowRank(1, 1, List.of());
    }

    /** The name of a module's A. */
    public static String a(String module) {
        return module + ".lora_A.weight";
    }

    /** The name of a module's B. */
    public static String b(String module) {
        return module + ".lora_B.weight";
    }

    /** What B (A x) is multiplied by. */
    public double scale() {
        return alpha / rank;
    }

    /** Whether there are any. */
    public boolean isEmpty() {
        return modules.isEmpty();
    }

    /** All adapters' A and B, module by module. */
    public List<TensorSpec> parameters(ModelConfig config) {
        if (isEmpty()) {
            return List.of();
        }
        Map<String, TensorSpec> weights = DecoderParameters.linear(config).stream().collect(Collectors.toMap(TensorSpec::name, Function.identity()));
        List<TensorSpec> all = new ArrayList<>();
        for (String module : modules) {
            TensorSpec weight = weights.get(DecoderParameters.weight(module));
            if (weight == null) {
                throw new IllegalArgumentException(module + " is no linear layer that can have an adapter");
            }
            all.add(new TensorSpec(a(module), DataType.FLOAT, rank, weight.size(1)));
            all.add(new TensorSpec(b(module), DataType.FLOAT, weight.size(0), rank));
        }
        return all;
    }
}
