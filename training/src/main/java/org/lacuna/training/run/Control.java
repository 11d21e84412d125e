package org.lacuna.training.run;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import org.lacuna.data.Corpus;
import org.lacuna.eval.source.Controls;
import org.lacuna.graph.Device;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.Json;
import org.lacuna.training.recipe.TrainRecipe;

/**
 * The control of a run: the same model on the same tokens, with the same schedule, seed and order of the data, without what makes activations
 * sparse. It is a run of its own, in the folder {@value Controls#FOLDER} of the run's folder, and is trained when the run has ended.
 */
public final class Control {
    private Control() {}

    /**
     * Whether a run has a control, begun or to be begun.
     *
     * @param recipe the run's
     * @param run its folder
     */
    public static boolean wanted(TrainRecipe recipe, Path run) {
        return recipe.control() || isBegun(run);
    }

    /**
     * Begins a run's control, or goes on with it.
     *
     * @param recipe the run's, with this command's threads and log lines
     * @param run its folder
     * @param warn as in {@link TrainingRun#resume}
     * @throws InputException if the data or the checkpoint that the run began with are others now, or as in {@link TrainingRun#resume}
     */
    public static TrainingRun open(TrainRecipe recipe, Path run, Device device, Consumer<String> warn) {
        TrainRecipe control = recipe.controlRecipe();
        return isBegun(run) ? TrainingRun.resume(folder(run), Optional.of(control), device, warn) : TrainingRun.begin(control, folder(run), device);
    }

    private static boolean isBegun(Path run) {
        return Files.isRegularFile(folder(run).resolve("config.yaml"));
    }

    private static Path folder(Path run) {
        return run.resolve(Controls.FOLDER);
    }

    /**
     * Refuses to train a control on other tokens or from other weights than its run. Does nothing for a folder that is no control's.
     *
     * @param folder of the run that is about to be opened
     * @param modelFrom hash of the weights that it begins with, where they are read
     * @param parent what it distils from, if anything
     * @throws InputException that names what has changed
     */
    static void check(Path folder, Corpus corpus, Optional<String> modelFrom, Optional<Parent> parent) {
        Optional<Path> provenance = Controls.run(folder).map(run -> run.resolve(TrainingRun.PROVENANCE)).filter(Files::isRegularFile);
        if (provenance.isEmpty()) {
            return;
        }
        JsonNode then = Json.read(provenance.get());
        same(then.path("data_sha256"), Optional.of(corpus.sha256()), "the data (" + corpus.name() + ")", provenance.get());
        same(then.path(TrainingRun.MODEL_FROM).path(TrainingRun.WEIGHTS), modelFrom, "the weights that the run began with", provenance.get());
        same(then.path(TrainingRun.DISTILL_FROM).path(TrainingRun.WEIGHTS), parent.map(Parent::weightsSha256), "the weights that the run distilled from", provenance.get());
    }

    private static void same(JsonNode then, Optional<String> now, String what, Path provenance) {
        if (now.isPresent() && !then.asText().equals(now.get())) {
            throw new InputException(what + " have changed since the run began (SHA-256 " + now.get() + " now, " + then.asText() + " in " + provenance
                    + "), so its control would be none; put those back, then go on with: train --resume --out " + provenance.resolveSibling(""));
        }
    }
}
