package org.lacuna.training.recipe;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.FeedForwardSite;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.graph.TrainingForm;
import org.lacuna.run.InputException;
import org.lacuna.run.recipe.Key;

/**
 * What is minimised: cross-entropy + Σ_k λ_k(step) · mean over layers and scored tokens of penalty k, the z-loss, and the distance from a teacher.
 */
public record Objective(
        @Key(doc = "penalties on activations that are added to the loss", def = "[]") List<PenaltyRecipe> penalties,
        @Key(doc = "weight of the squared logarithm of the softmax's denominator", def = "0", min = 0, max = 1) double zLoss,
        @Key(doc = "another model that this one is to come near to", def = "null") Optional<Distillation> distill) {

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
        return new Objective(List.of(), 0, Optional.empty());
    }

    /** The same without its penalties. */
    Objective unpenalised() {
        return new Objective(List.of(), zLoss, distill);
    }

    /** Whether any penalty ever weighs something. */
    public boolean isPenalised() {
        return penalties.stream().anyMatch(PenaltyRecipe::everWeighs);
    }

    /** Whether it is cross-entropy (and z-loss) alone. */
    public boolean isPlain() {
        return !isPenalised() && distill.isEmpty();
    }

    /**
     * Refuses what a model's feed-forward blocks can't have.
     *
     * @throws InputException that begins with the key
     */
    public void check(FeedForward block) {
        List<String> problems = new ArrayList<>();
        for (PenaltyRecipe p : penalties) {
            if (!p.site().isIn(block)) {
                problems.add("objective.penalties: " + p.name() + ": the model's feed-forward block has no gate, so it has no site " + p.site().key()
                        + "; expected one of input, preactivation, intermediate");
            } else if (block.experts().isPresent() && p.site() != FeedForwardSite.INPUT && p.seesNeighbours()) {
                problems.add("objective.penalties: " + p.name() + ": compares neighbouring tokens, whose vectors within a mixture of experts are of different experts; expected site = input");
            }
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
    }

    /**
     * What a training graph needs to compute it.
     *
     * @param teacher the config of the model that {@code distill} names, where it names one
     */
    public TrainingForm form(Optional<ModelConfig> teacher) {
        return new TrainingForm(penalties.stream().map(PenaltyRecipe::form).toList(), zLoss, distill.map(d -> d.form(teacher.orElseThrow())));
    }
}
