package org.lacuna.training.objective;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import java.util.Optional;
import org.lacuna.training.recipe.PenaltyRecipe;

/** A weight that follows from the step alone. */
record ScheduledLambda(PenaltyRecipe recipe) implements Lambda {
    @Override
    public double at(long step) {
        return recipe.lambda(step);
    }

    @Override
    public void measured(double zeros) {
        // It does not depend on what comes of it.
    }

    @Override
    public JsonNode state() {
        return NullNode.getInstance();
    }

    @Override
    public void restore(JsonNode state) {
        // There is none.
    }

    @Override
    public Optional<String> verdict() {
        return Optional.empty();
    }
}
