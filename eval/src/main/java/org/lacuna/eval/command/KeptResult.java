package org.lacuna.eval.command;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import org.lacuna.eval.robustness.ResultJson;
import org.lacuna.eval.robustness.RobustnessResult;

/** A result that {@code eval} wrote where it was told to: a file, or in the folder that it made for a network of Deeplearning4j. */
final class KeptResult {
    /** The result's file in such a folder. */
    static final String FILE = "result.json";

    private KeptResult() {}

    /** The file that a name on the command line stands for; empty if it names a model. */
    static Optional<Path> file(String name) {
        try {
            Path path = Path.of(name);
            return Files.isRegularFile(path) ? Optional.of(path) : Optional.of(path.resolve(FILE)).filter(Files::isRegularFile);
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }

    /**
     * Reads it.
     *
     * @throws org.lacuna.run.InputException if it is none
     */
    static RobustnessResult read(Path file) {
        return ResultJson.read(file, RobustnessResult.class, RobustnessResult.VERSION);
    }
}
