package org.lacuna.training.optimizer;

import java.util.Optional;
import org.lacuna.run.NamePattern;
import org.lacuna.run.recipe.Key;

/**
 * Parameters that are trained otherwise than the rest, chosen by their names.
 *
 * @param pattern {@code *} stands for any characters, also none and also points; {@code ?} for one
 */
public record ParameterGroup(
        @Key(doc = "names of parameters; * stands for any characters, ? for one") String pattern,
        @Key(doc = "their learning rate / that of the step", def = "1", min = 0, max = 1e6) double lr,
        @Key(doc = "their weight decay in place of train.weightDecay, whatever dimensions they have", def = "null", min = 0, max = 100) Optional<Double> weightDecay) {

    /** Whether it is one of these. */
    public boolean matches(String name) {
        return new NamePattern(pattern).matches(name);
    }
}
