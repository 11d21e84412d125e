package org.lacuna.eval.source;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.lacuna.run.folder.RunFolder;

/** Where a run's control is: the same model trained on the same tokens without what makes activations sparse, a run of its own in the run's folder. */
public final class Controls {
    /** Its folder in the run's. */
    public static final String FOLDER = "control";

    private Controls() {}

    /**
     * The run whose control a run is.
     *
     * @param folder a run's
     * @return the absolute path of the other's folder; empty if it is no control
     */
    public static Optional<Path> run(Path folder) {
        Path absolute = folder.toAbsolutePath().normalize();
        return Optional.ofNullable(absolute.getParent()).filter(above -> absolute.endsWith(FOLDER) && Files.isRegularFile(above.resolve("config.yaml")));
    }

    /**
     * The control of a model's run: its checkpoint of the same step, so that both have seen as many tokens, else its latest.
     *
     * @return empty if there is none
     * @throws org.lacuna.run.InputException as {@link ModelSource#of} does
     */
    public static Optional<ModelSource> of(ModelSource model) {
        return model.run().map(run -> run.resolve(FOLDER))
                .flatMap(control -> Optional.of(control.resolve("checkpoints").resolve(model.checkpoint().toAbsolutePath().normalize().getFileName())).filter(Files::isDirectory)
                        .or(() -> RunFolder.latestCheckpoint(control)))
                .map(checkpoint -> ModelSource.of(checkpoint.toString()));
    }
}
