package org.lacuna.training.objective;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;
import org.lacuna.training.recipe.PenaltyRecipe;

/** A penalty's weight λ from step to step. */
public interface Lambda {

    /** The path that a recipe asks for, before the first step. */
    static Lambda of(PenaltyRecipe recipe) {
        return recipe.target().isPresent() ? new TargetLambda(recipe.lambda().orElseThrow(), recipe.target().get()) : new ScheduledLambda(recipe);
    }

    /** λ of a step, counted from 1: the one after the step that was {@link #measured} last. */
    double at(long step);

    /** Takes in what share of the elements at the penalty's site was exactly 0 in the step just taken. */
    void measured(double zeros);

    /** All that the next step depends on besides its number. */
    JsonNode state();

    /**
     * Goes on from a {@link #state}.
     *
     * @throws org.lacuna.run.InputException if it is none
     */
    void restore(JsonNode state);

    /** Where there is a target: whether it was met, in words. */
    Optional<String> verdict();
}
