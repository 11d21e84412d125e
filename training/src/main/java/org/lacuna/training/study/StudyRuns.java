package org.lacuna.training.study;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.lacuna.graph.Device;
import org.lacuna.run.InputException;
import org.lacuna.run.InterruptedRunException;
import org.lacuna.training.progress.Progress;
import org.lacuna.training.progress.ValidationProgress;
import org.lacuna.training.run.TrainingRun;

/** The runs of a study in its folder, one folder each; what is there is not trained again, and a run that was cut short goes on. */
public final class StudyRuns {
    private final List<StudyRecipe.Run> runs;
    private final Path folder;

    /**
     * Trains nothing yet.
     *
     * @throws InputException if a folder holds a run of other settings
     */
    public StudyRuns(List<StudyRecipe.Run> runs, Path folder) {
        this.runs = List.copyOf(runs);
        this.folder = folder;
        List<String> problems = new ArrayList<>();
        for (StudyRecipe.Run run : runs) {
            if (Files.exists(of(run), LinkOption.NOFOLLOW_LINKS) && !Files.exists(of(run).resolve("config.yaml"))) {
                problems.add(of(run) + ": is in the way: it is no run's folder (no config.yaml in it); move it elsewhere");
            }
            run.recipe().refusalOf(of(run)).ifPresent(problems::add);
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
    }

    /** A run's folder. */
    public Path of(StudyRecipe.Run run) {
        return folder.resolve(run.name());
    }

    /**
     * Trains all that is not trained yet.
     *
     * @param out  told a line for each run
     * @param warn told what a resumed run warns of
     * @param stop asked between steps
     * @throws InterruptedRunException if it was asked to stop
     */
    public void train(Device device, PrintWriter out, Consumer<String> warn, BooleanSupplier stop) {
        for (int i = 0; i < runs.size(); i++) {
            StudyRecipe.Run run = runs.get(i);
            String place = String.format(Locale.ROOT, "run %d of %d, %s | ", i + 1, runs.size(), run.name());
            try (TrainingRun training = TrainingRun.open(run.recipe(), of(run), device, warn);
                    Progress progress = new ValidationProgress(out, place, run.recipe().train().steps())) {
                progress.noted(training.stepsLeft() == 0 ? "trained before" : String.format(Locale.ROOT, "%,d parameters, %,d of %,d steps left",
                        training.trainer().model().parameters().count(), training.stepsLeft(), run.recipe().train().steps()));
                training.train(progress, stop);
            } catch (InterruptedRunException e) {
                throw new InterruptedRunException("stopped while training " + run.name() + "; the same command goes on from there");
            }
        }
    }
}
