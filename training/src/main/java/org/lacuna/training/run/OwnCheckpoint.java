package org.lacuna.training.run;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.lacuna.graph.Device;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.RunFolder;
import org.lacuna.training.checkpoint.TrainingCheckpoint;

/** Reads from a run's latest checkpoint; where it is damaged the message says from which other one the run can go on. */
final class OwnCheckpoint {
    private OwnCheckpoint() {}

    /**
     * What {@code read} reads.
     *
     * @param run the run's folder
     * @throws InputException if {@code read} does, with what to do
     */
    static <T> T read(Path run, Device device, Supplier<T> read) {
        try {
            return read.get();
        } catch (InputException e) {
            throw new InputException(e.getMessage() + ". The checkpoint is damaged; " + advice(run, device), e);
        }
    }

    private static String advice(Path run, Device device) {
        List<Path> checkpoints = RunFolder.checkpoints(run);
        // The next resume takes the newest that is there, so every one above the whole one has to go; the newest is known to be damaged.
        List<Path> damaged = checkpoints.stream().takeWhile(c -> c.equals(checkpoints.get(0)) || !TrainingCheckpoint.isWhole(c, device)).toList();
        return checkpoints.stream().skip(damaged.size()).findFirst()
                .map(whole -> whole.getFileName() + " is whole: remove the folder" + (damaged.size() == 1 ? " " : "s ")
                        + damaged.stream().map(Path::toString).collect(Collectors.joining(", ")) + ", then go on from there with: train --resume --out " + run)
                .orElse("no earlier one is whole, so begin the run again in another folder");
    }
}
