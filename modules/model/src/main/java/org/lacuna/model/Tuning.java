package org.lacuna.model;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.TensorSpec;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.graph.DecoderParameters;
import org.lacuna.model.graph.LowRank;
import org.lacuna.run.InputException;
import org.lacuna.run.NamePattern;

/**
 * What of a model is trained: all of it, all but what is frozen, or adapters beside a model that is frozen as a whole.
 *
 * @param frozen names of the parameters that stay as they are
 * @param adapters which layers have adapters
 */
public record Tuning(Set<String> frozen, LowRank adapters) {

    /** All is trained. */
    public static Tuning full() {
        return new Tuning(Set.of(), LowRank.none());
    }

    /**
     * All but the parameters of some names.
     *
     * @param patterns {@link NamePattern}s of the names
     * @throws InputException if one matches nothing, or together they match everything
     */
    public static Tuning freezing(ModelConfig config, List<String> patterns) {
        List<String> names = names(DecoderParameters.of(config));
        Set<String> frozen = new LinkedHashSet<>(NamePattern.select(patterns, names, "parameter"));
        if (frozen.size() == names.size()) {
            throw new InputException("the patterns match every parameter, so there is nothing to train; leave one out");
        }
        return new Tuning(frozen, LowRank.none());
    }

    /** The adapters alone. */
    public static Tuning adapting(ModelConfig config, LowRank adapters) {
        return new Tuning(new LinkedHashSet<>(names(DecoderParameters.of(config))), adapters);
    }

    private static List<String> names(List<TensorSpec> specs) {
        return specs.stream().map(TensorSpec::name).toList();
    }

    /** Whether a parameter is trained. */
    public boolean trains(String name) {
        return !frozen.contains(name);
    }

    /** All parameters of such a model: its own, then the adapters'. */
    public List<TensorSpec> parameters(ModelConfig config) {
        List<TensorSpec> all = new ArrayList<>(DecoderParameters.of(config));
        all.addAll(adapters.parameters(config));
        return all;
    }

    /** Those of {@link #parameters} that are trained, or those that are not. */
    public List<TensorSpec> parameters(ModelConfig config, boolean trained) {
        return parameters(config).stream().filter(spec -> trains(spec.name()) == trained).toList();
    }

    /** Memory for such a model's parameters, zeroed. */
    public ParameterStore store(ModelConfig config, Device device) {
        return new ParameterStore(device, parameters(config), frozen);
    }
}
