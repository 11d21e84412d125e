package org.lacuna.training.observation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import java.util.Optional;
import org.lacuna.run.folder.Json;

/**
 * What was seen of a model between two steps.
 *
 * @param line  of {@code metrics.jsonl}; empty where nothing could be measured
 * @param shown in a line for people
 */
public record Observed(Optional<ObjectNode> line, String shown) {

    /** Figures under a key of the step's line. */
    static Observed of(long step, int steps, String key, ObjectNode figures, String shown) {
        ObjectNode line = Json.object().put("step", step);
        line.set(key, figures);
        return new Observed(Optional.of(line), at(step, steps) + shown);
    }

    /**
     * Nothing, since the model's numbers are none any more. That is no end of the run: whether it goes back or fails is decided where its next loss is
     * none either.
     */
    static Observed nothing(long step, int steps, String key, RuntimeException why) {
        return new Observed(Optional.empty(), at(step, steps) + "no " + key + ": " + why.getMessage());
    }

    private static String at(long step, int steps) {
        return String.format(Locale.ROOT, "step %05d/%05d | ", step, steps);
    }
}
