package org.lacuna.training.run;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.RunFolder;
import org.lacuna.training.checkpoint.TrainingState;
import org.lacuna.training.recipe.Keep;
import org.lacuna.training.recipe.TrainSettings;

/**
 * Which checkpoints of a run stay. Removed are those that {@link Keep} does not ask for, each after a later one was saved whole: the newest, from which
 * a resume goes on, always stays. So does the one that a rollback would go back to.
 */
final class KeptCheckpoints {
    private KeptCheckpoints() {}

    /** Removes what need not stay; to be called when a checkpoint has just been saved. */
    static void tidy(RunFolder folder, TrainSettings settings) {
        if (settings.keep().last() == 0) {
            return;
        }
        List<Path> all = RunFolder.checkpoints(folder.path());
        Set<Path> kept = kept(all, settings);
        all.stream().filter(checkpoint -> !kept.contains(checkpoint)).forEach(folder::removeCheckpoint);
    }

    /** {@code all}: the highest step first. */
    static Set<Path> kept(List<Path> all, TrainSettings settings) {
        Keep keep = settings.keep();
        Set<Path> kept = new HashSet<>(all.subList(0, Math.min(keep.last(), all.size())));
        if (keep.every() > 0) {
            all.stream().filter(checkpoint -> step(checkpoint) % keep.every() == 0).forEach(kept::add);
        }
        if (keep.best()) {
            best(all).ifPresent(kept::add);
        }
        if (settings.rollback().times() > 0) {
            scheduled(all, settings).stream().findFirst().ifPresent(kept::add);
        }
        return kept;
    }

    /**
     * Those that every run of the recipe has, however often it was interrupted: of the beginning, and of the steps at which one is due.
     *
     * @param all the highest step first
     */
    static List<Path> scheduled(List<Path> all, TrainSettings settings) {
        return all.stream().filter(checkpoint -> step(checkpoint) == 0 || settings.saveEvery() > 0 && step(checkpoint) % settings.saveEvery() == 0).toList();
    }

    static long step(Path checkpoint) {
        return RunFolder.step(checkpoint).orElseThrow();
    }

    /** The first one with the lowest validation loss. */
    private static Optional<Path> best(List<Path> all) {
        Optional<Path> best = Optional.empty();
        double lowest = Double.POSITIVE_INFINITY;
        for (Path checkpoint : all) {
            double loss = loss(checkpoint).orElse(Double.NaN);
            if (loss <= lowest) {
                lowest = loss;
                best = Optional.of(checkpoint);
            }
        }
        return best;
    }

    /** Of one that is damaged nothing is known. */
    private static OptionalDouble loss(Path checkpoint) {
        try {
            return TrainingState.read(checkpoint).validationLoss();
        } catch (InputException e) {
            return OptionalDouble.empty();
        }
    }
}
