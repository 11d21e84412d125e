package org.lacuna.run.folder;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;

/**
 * The folder of a run, held by one process at a time:
 *
 * <pre>
 * runs/NAME/
 *   config.yaml              the resolved recipe
 *   metrics.jsonl            one JSON object a line, see {@link MetricsLog}
 *   checkpoints/step-000500/ whole or absent, see {@link AtomicFiles#folder}
 *   .lock                    locked while a run writes here
 * </pre>
 */
public final class RunFolder implements AutoCloseable {
    private static final Pattern STEP = Pattern.compile("step-([0-9]{6,18})");

    private final Path path;
    private final FolderLock lock;

    private RunFolder(Path path, FolderLock lock) {
        this.path = path;
        this.lock = lock;
    }

    /**
     * Makes the folder of a new run, with its recipe in it, and holds it.
     *
     * @throws InputException if the folder exists and is not empty, another process's run in it, or a file is in its place or above it
     */
    public static RunFolder create(Path folder, String configYaml) {
        Destination.checkFolder(folder);
        if (Files.exists(folder) && !isEmpty(folder)) {
            if (FolderLock.isHeld(folder)) {
                throw held(folder);
            }
            throw new InputException(folder + ": exists already; name another folder, remove it, or resume the run in it");
        }
        AtomicFiles.folder(folder, fresh -> {
            fresh.text("config.yaml", configYaml);
            Files.createDirectory(fresh.path().resolve("checkpoints"));
        });
        return hold(folder);
    }

    /**
     * Holds the folder of an earlier run in order to go on with it, and clears it of unfinished files.
     *
     * @throws InputException if there is no run, or another process holds it
     */
    public static RunFolder resume(Path folder) {
        if (!Files.isRegularFile(folder.resolve("config.yaml"))) {
            throw new InputException(folder + ": no run to resume there (it has no config.yaml)");
        }
        RunFolder run = hold(folder);
        try {
            AtomicFiles.removeLeftovers(folder);
            if (Files.isDirectory(run.checkpoints())) {
                AtomicFiles.removeLeftovers(run.checkpoints());
            }
            return run;
        } catch (RunException e) {
            run.close();
            throw e;
        }
    }

    /** The folder itself. */
    public Path path() {
        return path;
    }

    /** The resolved recipe. */
    public Path config() {
        return path.resolve("config.yaml");
    }

    /** The metrics log. */
    public Path metrics() {
        return path.resolve("metrics.jsonl");
    }

    /** The folder of all checkpoints. */
    public Path checkpoints() {
        return path.resolve("checkpoints");
    }

    /** The folder of one step's checkpoint, whether it exists or not. */
    public Path checkpoint(long step) {
        return checkpoints().resolve(String.format(Locale.ROOT, "step-%06d", step));
    }

    /** The checkpoint of the highest step, if there is any. */
    public Optional<Path> latestCheckpoint() {
        return latestCheckpoint(path);
    }

    /** The same for a run folder that is only read. Checkpoints appear by a rename, so one that is there is complete. */
    public static Optional<Path> latestCheckpoint(Path runFolder) {
        return checkpoints(runFolder).stream().findFirst();
    }

    /** All checkpoints of a run folder, the highest step first. */
    public static List<Path> checkpoints(Path runFolder) {
        Path checkpoints = runFolder.resolve("checkpoints");
        if (!Files.isDirectory(checkpoints)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(checkpoints)) {
            return entries.filter(entry -> step(entry).isPresent() && Files.isDirectory(entry))
                    .sorted(Comparator.comparingLong((Path entry) -> step(entry).getAsLong()).reversed()).toList();
        } catch (IOException e) {
            throw new RunException(checkpoints + ": can't be read: " + AtomicFiles.reason(e), e);
        }
    }

    /** Removes a checkpoint, which no moment leaves half: see {@link AtomicFiles#removeFolder}. */
    public void removeCheckpoint(Path checkpoint) {
        if (!checkpoint.getParent().equals(checkpoints()) || step(checkpoint).isEmpty()) {
            throw new IllegalArgumentException(checkpoint + " is no checkpoint of " + path);
        }
        AtomicFiles.removeFolder(checkpoint);
    }

    /** The step in a checkpoint folder's name, if it is one. */
    public static OptionalLong step(Path checkpoint) {
        Matcher name = STEP.matcher(checkpoint.getFileName().toString());
        return name.matches() ? OptionalLong.of(Long.parseLong(name.group(1))) : OptionalLong.empty();
    }

    /** Lets another process have the folder. */
    @Override
    public void close() {
        lock.close();
    }

    private static RunFolder hold(Path folder) {
        FolderLock lock = FolderLock.hold(folder, "a run writes into its folder: make it writable, or go on with a copy of it").orElseThrow(() -> held(folder));
        return new RunFolder(folder, lock);
    }

    private static InputException held(Path folder) {
        return new InputException(folder + ": another run is writing there; wait until it ends, or name another folder");
    }

    private static boolean isEmpty(Path folder) {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.findAny().isEmpty();
        } catch (IOException e) {
            throw new RunException(folder + ": can't be read: " + AtomicFiles.reason(e), e);
        }
    }
}
