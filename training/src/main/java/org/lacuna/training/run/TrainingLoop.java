package org.lacuna.training.run;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.run.InputException;
import org.lacuna.run.InterruptedRunException;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.Json;
import org.lacuna.run.folder.RunFolder;
import org.lacuna.training.Diverged;
import org.lacuna.training.Flops;
import org.lacuna.training.StepMetrics;
import org.lacuna.training.Trainer;
import org.lacuna.training.checkpoint.TrainingCheckpoint;
import org.lacuna.training.checkpoint.TrainingState;
import org.lacuna.training.checkpoint.WentBack;
import org.lacuna.training.observation.Observations;
import org.lacuna.training.observation.Observed;
import org.lacuna.training.progress.Progress;
import org.lacuna.training.recipe.TrainSettings;

/** Step after step to a run's end: validates, logs and saves when it is time, ends early, and goes back to a checkpoint where a loss is no number. */
final class TrainingLoop {
    private final Trainer trainer;
    private final TrainSettings settings;
    private final RunState state;
    private final TrainingState fixed;
    private final Optional<Validations> validations;
    private final Observations observations;
    private final Optional<Tokenizer> tokenizer;
    private final Optional<String> base;
    private final RunFolder folder;

    /**
     * Before its first step.
     *
     * @param fixed what each checkpoint's state has of the recipe, the data and the build
     * @param base what the model began with, if it is a checkpoint
     */
    TrainingLoop(Trainer trainer, RunState state, TrainingState fixed, Optional<Validations> validations, Observations observations, Optional<Tokenizer> tokenizer,
            Optional<String> base, RunFolder folder) {
        this.trainer = trainer;
        settings = trainer.settings();
        this.state = state;
        this.fixed = fixed;
        this.validations = validations;
        this.observations = observations;
        this.tokenizer = tokenizer;
        this.base = base;
        this.folder = folder;
    }

    /** As {@link TrainingRun#train}. */
    Optional<StepMetrics> run(Progress progress, BooleanSupplier stop) {
        PaceMeter meter = new PaceMeter(Flops.perToken(trainer.model().config(), trainer.programs().tuning(), settings.window()), settings.batch() * settings.window(), settings.steps());
        Optional<StepMetrics> metrics = Optional.empty();
        try (RunLog log = new RunLog(folder, state.step(), settings.tensorboard())) {
            if (settings.rollback().times() > 0 && state.step() == 0 && folder.latestCheckpoint().isEmpty()) {
                save();
            }
            while (stepsLeft(state, settings) > 0) {
                Optional<StepMetrics> next = step(meter, log, progress);
                if (next.isPresent()) {
                    metrics = next;
                    finishStep(log, progress, stop);
                }
            }
            finish();
        } catch (RunException e) {
            // Nothing else in the loop fails so but the writing of metrics and checkpoints.
            throw new RunException(String.format(Locale.ROOT, "%s. %s; a checkpoint takes some %,d bytes: %s",
                    e.getMessage(), intact(), TrainingCheckpoint.bytes(trainer), goOn(folder)), e);
        } catch (Diverged e) {
            throw new RunException(e.getMessage() + ". " + intact() + "; a lower train.lr or more train.warmup may help" + wentBack(), e);
        }
        return metrics;
    }

    /** How many steps there still are to take: none where the run ended early. */
    static long stepsLeft(RunState state, TrainSettings settings) {
        return earlyEnd(state, settings).isPresent() ? 0 : settings.steps() - state.step();
    }

    /** Why a run ended before its last step, if it did. */
    static Optional<String> earlyEnd(RunState state, TrainSettings settings) {
        return state.validation().filter(history -> settings.patience() > 0 && history.sinceBest() >= settings.patience() && state.step() < settings.steps())
                .map(history -> String.format(Locale.ROOT, "ended after step %d of %d: %d validations brought no lower loss than %.4f at step %d (train.patience)",
                        state.step(), settings.steps(), history.sinceBest(), history.bestLoss(), history.bestStep()));
    }

    /** The measured step; empty if it diverged and the run went back instead. */
    private Optional<StepMetrics> step(PaceMeter meter, RunLog log, Progress progress) {
        long before = System.nanoTime();
        StepMetrics metrics;
        try {
            metrics = state.takeStep();
        } catch (Diverged e) {
            goBack(e, log, progress);
            return Optional.empty();
        }
        long nanos = System.nanoTime() - before;
        meter.add(nanos);
        log.append(MetricsLines.step(metrics, nanos * 1e-9));
        progress.stepped(metrics.step());
        if (isDue(metrics.step(), settings.logEvery())) {
            progress.report(metrics, meter.report(metrics.step()));
        }
        return Optional.of(metrics);
    }

    /** All that comes after a step. */
    private void finishStep(RunLog log, Progress progress, BooleanSupplier stop) {
        long step = state.step();
        if (validations.isPresent() && isDue(step, settings.evalEvery())) {
            Validations.Results results = validations.get().measure();
            log.append(results.line(step));
            progress.validated(step, results.plain(), results.average());
            state.validated(results.plain().loss());
            earlyEnd(state, settings).ifPresent(progress::noted);
        }
        boolean last = stepsLeft(state, settings) == 0;
        for (Observed seen : observations.at(step, last)) {
            seen.line().ifPresent(log::append);
            progress.noted(seen.shown());
        }
        boolean stopping = stop.getAsBoolean();
        if (last || stopping || isDue(step, settings.saveEvery())) {
            log.force();
            save();
            KeptCheckpoints.tidy(folder, settings);
        }
        observations.writePage(folder, step, false);
        if (stopping && !last) {
            throw new InterruptedRunException("stopped after step " + step + " of " + settings.steps() + ", saved in " + folder.checkpoint(step)
                    + "; go on with: train --resume --out " + folder.path());
        }
    }

    /** What a run that was killed after its last checkpoint may still lack. */
    private void finish() {
        KeptCheckpoints.tidy(folder, settings);
        observations.writePage(folder, state.step(), true);
    }

    /** Every so many steps and at the last. */
    private boolean isDue(long step, int every) {
        return step == settings.steps() || every > 0 && step % every == 0;
    }

    /**
     * To the last scheduled checkpoint that can be loaded: one whose weights were no numbers already can't. Those after it go, being of the steps that
     * are taken again.
     */
    private void goBack(Diverged diverged, RunLog log, Progress progress) {
        if (state.wentBack().size() >= settings.rollback().times()) {
            throw diverged;
        }
        long step = state.step() + 1;
        List<Path> all = RunFolder.checkpoints(folder.path());
        Path target = KeptCheckpoints.scheduled(all, settings).stream().filter(checkpoint -> wentBack(checkpoint, step)).findFirst().orElseThrow(() -> diverged);
        all.stream().takeWhile(checkpoint -> !checkpoint.equals(target)).forEach(folder::removeCheckpoint);
        log.goBackTo(state.step());
        // What was logged of earlier times may be among what the log has lost.
        for (int i = 0; i < state.wentBack().size(); i++) {
            if (state.wentBack().get(i).to() >= state.step()) {
                log.append(line(i));
            }
        }
        progress.noted(String.format(Locale.ROOT, "%s; went back to step %d with the learning rate times %.4g (%d of %d times)", diverged.getMessage(),
                state.step(), state.rateFactor(), state.wentBack().size(), settings.rollback().times()));
    }

    private boolean wentBack(Path checkpoint, long step) {
        try {
            state.goBack(checkpoint, step);
            return true;
        } catch (InputException e) {
            return false;
        }
    }

    /** Of the step that is taken next, so that a resume from the checkpoint, which knows nothing of it, cuts it off. */
    private ObjectNode line(int index) {
        WentBack back = state.wentBack().get(index);
        ObjectNode line = Json.object().put("step", state.step() + 1);
        line.putObject("rollback").put("diverged", back.diverged()).put("to", back.to()).put("count", index + 1)
                .put("lr_factor", settings.rollback().rateFactor(index + 1));
        return line;
    }

    private void save() {
        TrainingCheckpoint.write(folder.checkpoint(state.step()), trainer, tokenizer, base, state.snapshot(fixed));
    }

    static String goOn(RunFolder folder) {
        return "make room or mend the folder, then go on with: train --resume --out " + folder.path();
    }

    private String intact() {
        return folder.latestCheckpoint().map(c -> "The latest checkpoint is intact: " + c).orElse("There is no checkpoint yet");
    }

    private String wentBack() {
        int count = state.wentBack().size();
        return count == 0 ? ", and train.rollback can go back by itself" : String.format(Locale.ROOT, "; the run went back %d times, to a learning rate times %.4g", count, state.rateFactor());
    }
}
