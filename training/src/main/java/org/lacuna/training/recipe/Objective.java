package org.lacuna.training.recipe;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.FeedForwardSite;
import org.lacuna.model.graph.TrainingForm;
import org.lacuna.run.InputException;
import org.lacuna.run.recipe.Key;

/**
 * What is minimised: cross-entropy + Σ_k λ_k(step) · mean over layers and scored tokens of penalty k, and the z-loss.
 */
public record Objective(
        @Key(doc = "penalties on activations that are added to the loss", def = "[]") List<PenaltyRecipe> penalties,
        @Key(doc = "weight of the squared logarithm of the softmax's denominator", def = "0", min = 0, max = 1) double zLoss) {

    /** Refuses what contradicts itself. */
    public Objective {
        List<String> problems = new ArrayList<>();
        Set<String> names = new HashSet<>();
        Set<FeedForwardSite> targets = new HashSet<>();
        for (PenaltyRecipe p : penalties) {
            if (!names.add(p.name())) {
                problems.add("penalties: there are two of kind " + p.kind() + " on " + p.site().key() + "; expected one, with the sum of their lambdas");
            }
            if (p.target().isPresent() && !targets.add(p.site())) {
                problems.add("penalties: there are two with a target on " + p.site().key() + ", which can't both be met; leave one out");
            }
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
    }

    /** Cross-entropy alone. */
    public static Objective plain() {
        return new Objective(List.of(), 0);
    }

    /** The same without its penalties. */
    Objective unpenalised() {
        return new Objective(List.of(), zLoss);
    }

    /** Whether any penalty ever weighs something. */
    public boolean isPenalised() {
        return penalties.stream().anyMatch(PenaltyRecipe::everWeighs);
    }

    /**
     * Refuses a site that a model has not.
     *
     * @throws InputException that begins with the key
     */
    public void check(FeedForward block) {
        List<String> problems = penalties.stream().filter(p -> !p.site().isIn(block))
                .map(p -> "objective.penalties: " + p.name() + ": the model's feed-forward block has no gate, so it has no site " + p.site().key()
                        + "; expected one of input, preactivation, intermediate").toList();
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
    }

    /** What a training graph needs to compute it. */
    public TrainingForm form() {
        return new TrainingForm(penalties.stream().map(PenaltyRecipe::form).toList(), zLoss);
    }
}
