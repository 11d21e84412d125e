package org.lacuna.model.config;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;

/**
 * Rotary position in a {@code config.json}: {@code rope_parameters} (transformers 5) or {@code rope_theta} with
 * {@code rope_scaling} (transformers 4). Both are written; where a file has both, they must agree.
 */
final class RotaryKeys {
    /** What transformers takes where no base is named, as in Llama 2's configs. */
    private static final double DEFAULT_THETA = 10000;

    private RotaryKeys() {}

    static RotaryPosition read(ConfigKeys keys) {
        RotaryPosition old = new RotaryPosition(keys.number("rope_theta", DEFAULT_THETA), scaling(keys.object("rope_scaling")));
        if (!keys.has("rope_parameters")) {
            return old;
        }
        ConfigKeys parameters = keys.object("rope_parameters");
        RotaryPosition now = new RotaryPosition(parameters.number("rope_theta", old.theta()), scaling(parameters));
        if (keys.has("rope_theta") && now.theta() != old.theta()) {
            keys.problem("rope_theta", "is " + old.theta() + ", but rope_parameters.rope_theta is " + now.theta());
        }
        if (keys.has("rope_scaling") && !now.llama3().equals(old.llama3())) {
            keys.problem("rope_scaling", "says something else than rope_parameters");
        }
        return now;
    }

    private static Optional<RotaryPosition.Llama3> scaling(ConfigKeys keys) {
        String type = keys.text("rope_type", keys.text("type", "default"));
        if (keys.number("partial_rotary_factor", 1) != 1) {
            keys.problem("partial_rotary_factor", "is not 1; Lacuna's Llama rotates whole heads");
        }
        switch (type) {
            case "default":
                return Optional.empty();
            case "llama3":
                return Optional.of(new RotaryPosition.Llama3(keys.number("factor"), keys.number("low_freq_factor"), keys.number("high_freq_factor"),
                        keys.integer("original_max_position_embeddings")));
            default:
                keys.problem("rope_type", "is " + type + "; Lacuna has default and llama3");
                return Optional.empty();
        }
    }

    static void write(ObjectNode json, RotaryPosition rotary) {
        ObjectNode parameters = json.putObject("rope_parameters");
        parameters.put("rope_theta", rotary.theta());
        parameters.put("rope_type", rotary.llama3().isPresent() ? "llama3" : "default");
        if (rotary.llama3().isPresent()) {
            putLlama3(parameters, rotary.llama3().get());
            ObjectNode scaling = json.putObject("rope_scaling");
            scaling.put("rope_type", "llama3");
            putLlama3(scaling, rotary.llama3().get());
        } else {
            json.putNull("rope_scaling");
        }
        json.put("rope_theta", rotary.theta());
    }

    private static void putLlama3(ObjectNode json, RotaryPosition.Llama3 s) {
        json.put("factor", s.factor());
        json.put("high_freq_factor", s.highFrequencyFactor());
        json.put("low_freq_factor", s.lowFrequencyFactor());
        json.put("original_max_position_embeddings", s.originalLength());
    }
}
