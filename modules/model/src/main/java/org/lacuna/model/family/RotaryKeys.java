package org.lacuna.model.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import org.lacuna.model.config.RotaryPosition;

/**
 * Rotary position in a {@code config.json}: {@code rope_parameters} (transformers 5) or {@code rope_theta} with
 * {@code rope_scaling} (transformers 4). Both are written; where a file has both, they must agree.
 */
final class RotaryKeys {
    /** What transformers takes where no base is named, as in Llama 2's configs. */
    static final double DEFAULT_THETA = 10000;

    private RotaryKeys() {}

    /** Of whole heads. */
    static RotaryPosition read(ConfigKeys keys) {
        return read(keys, "rope_theta", DEFAULT_THETA, "partial_rotary_factor", 1);
    }

    /**
     * @param theta the key of the base, where it is not in {@code rope_parameters}
     * @param fraction likewise the key of the share of a head that turns
     */
    static RotaryPosition read(ConfigKeys keys, String theta, double absentTheta, String fraction, double absentFraction) {
        ConfigKeys stretched = keys.object("rope_scaling");
        RotaryPosition old = new RotaryPosition(keys.number(theta, stretched.number("rope_theta", absentTheta)),
                keys.number(fraction, stretched.number("partial_rotary_factor", absentFraction)), scaling(stretched));
        if (stretched.number("rope_theta", old.theta()) != old.theta()) {
            stretched.problem("rope_theta", "is " + stretched.number("rope_theta", 0) + ", but " + theta + " is " + old.theta());
        }
        if (stretched.number("partial_rotary_factor", old.fraction()) != old.fraction()) {
            stretched.problem("partial_rotary_factor", "is " + stretched.number("partial_rotary_factor", 0) + ", but " + fraction + " is " + old.fraction());
        }
        if (!keys.has("rope_parameters")) {
            return old;
        }
        ConfigKeys parameters = keys.object("rope_parameters");
        RotaryPosition now = new RotaryPosition(parameters.number("rope_theta", old.theta()), parameters.number("partial_rotary_factor", old.fraction()), scaling(parameters));
        if ((keys.has(theta) || stretched.has("rope_theta")) && now.theta() != old.theta()) {
            keys.problem(theta, "is " + old.theta() + ", but rope_parameters.rope_theta is " + now.theta());
        }
        if (keys.has(fraction) && now.fraction() != old.fraction()) {
            keys.problem(fraction, "is " + old.fraction() + ", but rope_parameters.partial_rotary_factor is " + now.fraction());
        }
        if (keys.has("rope_scaling") && !now.scaling().equals(old.scaling())) {
            keys.problem("rope_scaling", "says something else than rope_parameters");
        }
        return now;
    }

    /** The rotary position that an object of {@code rope_parameters} describes. */
    static RotaryPosition parameters(ConfigKeys parameters, double absentTheta) {
        return new RotaryPosition(parameters.number("rope_theta", absentTheta), parameters.number("partial_rotary_factor", 1), scaling(parameters));
    }

    /** Refuses heads of which only a part turns, in a family that knows no such. */
    static RotaryPosition whole(ConfigKeys keys, RotaryPosition rotary) {
        if (rotary.fraction() != 1) {
            ConfigKeys parameters = keys.object("rope_parameters");
            (parameters.has("partial_rotary_factor") ? parameters : keys).problem("partial_rotary_factor", "is not 1; this family rotates whole heads");
        }
        return rotary;
    }

    static Optional<RotaryPosition.Scaling> scaling(ConfigKeys keys) {
        String type = keys.text("rope_type", keys.text("type", "default"));
        switch (type) {
            case "default":
                return Optional.empty();
            case "linear":
                return Optional.of(new RotaryPosition.Linear(keys.number("factor")));
            case "llama3":
                return Optional.of(new RotaryPosition.Llama3(keys.number("factor"), keys.number("low_freq_factor"), keys.number("high_freq_factor"),
                        keys.integer("original_max_position_embeddings")));
            default:
                keys.problem("rope_type", "is " + type + "; Lacuna has default, linear and llama3");
                return Optional.empty();
        }
    }

    static void write(ObjectNode json, RotaryPosition rotary) {
        writeParameters(json.putObject("rope_parameters"), rotary);
        writeScaling(json, rotary);
        json.put("rope_theta", rotary.theta());
    }

    static void writeScaling(ObjectNode json, RotaryPosition rotary) {
        if (rotary.scaling().isPresent()) {
            writeScaling(json.putObject("rope_scaling"), rotary.scaling().get());
        } else {
            json.putNull("rope_scaling");
        }
    }

    static void writeParameters(ObjectNode parameters, RotaryPosition rotary) {
        if (rotary.fraction() != 1) {
            parameters.put("partial_rotary_factor", rotary.fraction());
        }
        parameters.put("rope_theta", rotary.theta());
        if (rotary.scaling().isPresent()) {
            writeScaling(parameters, rotary.scaling().get());
        } else {
            parameters.put("rope_type", "default");
        }
    }

    private static void writeScaling(ObjectNode json, RotaryPosition.Scaling scaling) {
        if (scaling instanceof RotaryPosition.Linear linear) {
            json.put("rope_type", "linear");
            json.put("factor", linear.factor());
        } else if (scaling instanceof RotaryPosition.Llama3 s) {
            json.put("rope_type", "llama3");
            json.put("factor", s.factor());
            json.put("high_freq_factor", s.highFrequencyFactor());
            json.put("low_freq_factor", s.lowFrequencyFactor());
            json.put("original_max_position_embeddings", s.originalLength());
        }
    }
}
