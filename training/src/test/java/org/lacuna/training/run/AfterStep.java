package org.lacuna.training.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;
import org.lacuna.training.StepMetrics;
import org.lacuna.training.Validation;
import org.lacuna.training.progress.Pace;
import org.lacuna.training.progress.Progress;

/** Shows nothing, but does something after each step, and remembers what was noted. */
final class AfterStep implements Progress {
    private final LongConsumer action;
    private final List<String> notes = new ArrayList<>();

    AfterStep(LongConsumer action) {
        this.action = action;
    }

    /** Makes a weight infinite after a step, unless the run went back so often already: a divergence that comes again if its steps do. */
    static AfterStep poison(TrainingRun run, long step, int times) {
        return new AfterStep(s -> {
            if (s == step && run.state().wentBack().size() < times) {
                run.trainer().model().parameters().tensor("model.layers.0.mlp.down_proj.weight").setFloat(3, Float.POSITIVE_INFINITY);
            }
        });
    }

    List<String> notes() {
        return notes;
    }

    @Override
    public void stepped(long step) {
        action.accept(step);
    }

    @Override
    public void report(StepMetrics metrics, Pace pace) {}

    @Override
    public void validated(long step, Validation.Result result, Optional<Validation.Result> average) {}

    @Override
    public void noted(String line) {
        notes.add(line);
    }

    @Override
    public void close() {}
}
