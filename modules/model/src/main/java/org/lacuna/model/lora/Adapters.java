package org.lacuna.model.lora;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.lacuna.graph.ParameterStore;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.graph.DecoderParameters;
import org.lacuna.model.graph.LowRank;
import org.lacuna.run.InputException;
import org.lacuna.run.NamePattern;

/** The adapters of a model: which layers get one, what they begin with, and what they make of the weights beside them. */
public final class Adapters {
    private Adapters() {}

    /**
     * Finds the layers that targets name.
     *
     * @param targets a {@link NamePattern} of whole names such as {@code *.self_attn.q_proj}, a whole name, or, as PEFT has it, the end of one:
     *     {@code q_proj}
     * @throws InputException with each target that matches no linear layer, and the layers that there are
     */
    public static LowRank matching(ModelConfig config, int rank, double alpha, List<String> targets) {
        List<String> modules = DecoderParameters.linear(config).stream().map(spec -> spec.name().substring(0, spec.name().length() - ".weight".length())).toList();
        List<String> problems = new ArrayList<>();
        for (String target : targets) {
            if (modules.stream().noneMatch(module -> matches(target, module))) {
                problems.add("\"" + target + "\" matches no linear layer; there are "
                        + String.join(", ", modules.stream().map(module -> module.replaceFirst("\\.\\d+\\.", ".*.")).distinct().toList())
                        + (config.feedForward().experts().isPresent() ? "; experts and their router can't have adapters" : ""));
            }
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
        return new LowRank(rank, alpha, modules.stream().filter(module -> targets.stream().anyMatch(target -> matches(target, module))).toList());
    }

    private static boolean matches(String target, String module) {
        return new NamePattern(target).matches(module) || module.endsWith("." + target);
    }

    /**
     * Makes new adapters, as PEFT does: A is uniform between ±1/√in (Kaiming's with a = √5), B is 0, so that the model computes what it
     * did without them.
     *
     * @param store where they are
     */
    public static void initialize(ParameterStore store, LowRank adapters, long seed) {
        Random random = new Random(seed);
        for (String module : adapters.modules()) {
            FloatBuffer a = store.tensor(LowRank.a(module)).floats();
            double bound = 1 / Math.sqrt(store.spec(LowRank.a(module)).size(1));
            for (int i = 0; i < a.limit(); i++) {
                a.put(i, (float) ((2 * random.nextDouble() - 1) * bound));
            }
        }
    }

    /**
     * The model's own parameters with the adapters in them: W + scale · B · A, summed in double and rounded once. What comes for a layer with an
     * adapter is valid until the next one is asked for; the others are the store's.
     */
    public static Function<String, FloatBuffer> merged(ParameterStore store, LowRank adapters) {
        return new Merged(store, adapters);
    }
}
