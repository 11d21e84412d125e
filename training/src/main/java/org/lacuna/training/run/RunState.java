package org.lacuna.training.run;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lacuna.data.sample.Sampler;
import org.lacuna.run.InputException;
import org.lacuna.training.StepMetrics;
import org.lacuna.training.Trainer;
import org.lacuna.training.checkpoint.TrainingCheckpoint;
import org.lacuna.training.checkpoint.TrainingState;
import org.lacuna.training.checkpoint.ValidationHistory;
import org.lacuna.training.checkpoint.WentBack;
import org.lacuna.training.objective.Lambda;
import org.lacuna.training.recipe.Rollback;

/** All that changes while a run goes on: what a checkpoint holds, in memory. */
final class RunState {
    private final Trainer trainer;
    private final Sampler sampler;
    private final Rollback rollback;
    private final List<WentBack> wentBack = new ArrayList<>();
    private Optional<ValidationHistory> validation = Optional.empty();
    private long tokens;

    /** Before the first step. */
    RunState(Trainer trainer, Sampler sampler) {
        this.trainer = trainer;
        this.sampler = sampler;
        rollback = trainer.settings().rollback();
    }

    StepMetrics takeStep() {
        StepMetrics metrics = trainer.step(sampler.next());
        tokens += metrics.tokens();
        return metrics;
    }

    /** The step taken last. */
    long step() {
        return trainer.step();
    }

    void validated(double loss) {
        validation = Optional.of(validation.map(history -> history.then(step(), loss)).orElseGet(() -> ValidationHistory.first(step(), loss)));
    }

    Optional<ValidationHistory> validation() {
        return validation;
    }

    List<WentBack> wentBack() {
        return wentBack;
    }

    /** What the schedule's learning rate is multiplied by. */
    double rateFactor() {
        return rollback.rateFactor(wentBack.size());
    }

    /** As a checkpoint holds it, beside what does not change: that is taken from {@code fixed}. */
    TrainingState snapshot(TrainingState fixed) {
        return new TrainingState(step(), tokens, sampler.state(), trainer.lambdas().stream().map(Lambda::state).toList(),
                fixed.recipe(), fixed.data(), fixed.modelFrom(), fixed.teacher(), fixed.build(), validation, List.copyOf(wentBack));
    }

    /**
     * Goes on from a checkpoint whose weights the model already has.
     *
     * @throws InputException if it is damaged
     */
    void resume(Path checkpoint, TrainingState state) {
        restore(checkpoint, state);
        wentBack.addAll(state.wentBack());
        trainer.scaleLearningRate(rateFactor());
    }

    /**
     * Goes back to a checkpoint with all but the memory of having done so, and with a lower learning rate.
     *
     * @throws InputException if it is damaged; the state is then between both and good for nothing but another try
     */
    void goBack(Path checkpoint, long diverged) {
        TrainingState state = TrainingState.read(checkpoint);
        TrainingCheckpoint.readModel(checkpoint, trainer.model());
        restore(checkpoint, state);
        wentBack.add(new WentBack(diverged, state.step()));
        trainer.scaleLearningRate(rateFactor());
    }

    private void restore(Path checkpoint, TrainingState state) {
        try {
            sampler.restore(state.sampler());
            restoreLambdas(state.lambdas());
        } catch (InputException e) {
            throw e.map(problem -> checkpoint.resolve(TrainingState.FILE) + ": " + problem);
        }
        TrainingCheckpoint.restore(checkpoint, trainer, state);
        tokens = state.tokens();
        validation = state.validation();
    }

    private void restoreLambdas(List<JsonNode> states) {
        List<Lambda> lambdas = trainer.lambdas();
        if (states.size() != lambdas.size()) {
            throw new InputException("lambdas: expected " + lambdas.size() + ", one for each penalty, found " + states.size());
        }
        for (int k = 0; k < states.size(); k++) {
            try {
                lambdas.get(k).restore(states.get(k));
            } catch (InputException e) {
                throw e.map(problem -> "lambdas: " + problem);
            }
        }
    }
}
