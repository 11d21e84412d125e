package org.lacuna.eval.source;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.RunFolder;

/** A folder that stands for the runs in it: {@code runs}, or a study's. */
public final class RunsBelow {
    private RunsBelow() {
    }

    /**
     * The runs that are right below a folder and have a checkpoint.
     *
     * @param reference as the user wrote it
     * @return by name; empty if it names no folder, or one that is a checkpoint or a run itself
     */
    public static List<String> of(String reference) {
        try {
            Path folder = Path.of(reference);
            if (!Files.isDirectory(folder) || Files.exists(folder.resolve("config.json")) || Files.exists(folder.resolve("checkpoints"))) {
                return List.of();
            }
            try (Stream<Path> entries = Files.list(folder)) {
                return entries.filter(entry -> Files.isRegularFile(entry.resolve("config.yaml")) && RunFolder.latestCheckpoint(entry).isPresent()).map(Path::toString).sorted().toList();
            }
        } catch (InvalidPathException e) {
            return List.of();
        } catch (IOException e) {
            throw new RunException(reference + ": can't be read: " + AtomicFiles.reason(e), e);
        }
    }
}
