package org.lacuna.training.recipe;

import java.util.List;
import org.lacuna.model.config.LearnedPosition;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.graph.TrainingForm;
import org.lacuna.run.InputException;
import org.lacuna.run.recipe.Key;

/**
 * Training towards another model, the dense parent of a changed one say: adds logits · τ² · KL(teacher ‖ model) of the next-token
 * distributions (Hinton et al., arXiv 1503.02531) and hidden · the mean squared difference of the residual streams after each layer; means
 * over scored tokens, and over layers.
 */
public record Distillation(
        @Key(doc = "the teacher's checkpoint: its folder, or a run's") String from,
        @Key(doc = "weight of the divergence of the next-token distributions", def = "1", min = 0, max = 1e6) double logits,
        @Key(doc = "weight of the distance of the hidden states", def = "0", min = 0, max = 1e6) double hidden,
        @Key(doc = "what logits are divided by", def = "1", min = 1e-3, max = 1000) double temperature) {

    /** Refuses what distils nothing. */
    public Distillation {
        if (logits == 0 && hidden == 0) {
            throw new InputException(List.of("logits: 0 and hidden = 0 distil nothing; expected one above 0, or no distill"));
        }
    }

    /**
     * Refuses a teacher that does not fit.
     *
     * @param window tokens that it reads at once
     * @throws InputException that begins with the key
     */
    public void check(ModelConfig model, ModelConfig teacher, int window) {
        if (model.vocabulary() != teacher.vocabulary()) {
            throw new InputException("objective.distill.from: " + from + ": its vocabulary has " + teacher.vocabulary() + " tokens, the model's " + model.vocabulary()
                    + "; expected a teacher of the same tokens");
        }
        if (teacher.position() instanceof LearnedPosition && window > teacher.maxPositions()) {
            throw new InputException("objective.distill.from: " + from + ": has learned " + teacher.maxPositions() + " positions, and train.window has " + window
                    + " tokens; take at most " + teacher.maxPositions());
        }
        if (hidden > 0 && (model.layers() != teacher.layers() || model.hidden() != teacher.hidden())) {
            throw new InputException("objective.distill.hidden: the teacher has " + teacher.layers() + " layers of hidden size " + teacher.hidden() + ", the model "
                    + model.layers() + " of " + model.hidden() + "; hidden states are compared where both are the same, so take 0");
        }
    }

    TrainingForm.Teacher form(ModelConfig teacher) {
        return new TrainingForm.Teacher(teacher.hidden(), logits > 0, temperature, hidden > 0);
    }
}
