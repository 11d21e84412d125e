package org.lacuna.training.sweep;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.Destination;
import org.lacuna.run.recipe.Recipes;

/**
 * The folder of a sweep, held by one process at a time:
 *
 * <pre>
 * runs/NAME/
 *   sweep.yaml              the resolved sweep
 *   base.yaml               the resolved recipe that candidates are changes of
 *   candidates.jsonl        see {@link Journal}
 *   runs/003/seed-0/        a candidate's run, an ordinary one; runs/control and runs/default too
 *   runs/003/seed-0.log     what its processes printed
 *   report.html, report.json
 *   compare/                best, recipe and control side by side
 *   .lock                   locked while the sweep goes on
 * </pre>
 */
public final class SweepFolder implements AutoCloseable {
    private static final String SWEEP = "sweep.yaml";
    private static final String BASE = "base.yaml";

    private final Path path;
    private final FileChannel lock;

    private SweepFolder(Path path, FileChannel lock) {
        this.path = path;
        this.lock = lock;
    }

    /**
     * Makes the folder of a new sweep and holds it.
     *
     * @throws InputException if there is something else, or the sweep does not fit its recipe
     */
    public static SweepFolder create(Path folder, SweepRecipe sweep) {
        Destination.checkFolder(folder);
        if (Files.exists(folder.resolve(SWEEP))) {
            throw new InputException(folder + ": a sweep is there already; go on with it by --resume, or name another folder");
        }
        String base = Recipes.toYaml(sweep.base(sweep.recipe()));
        AtomicFiles.folder(folder, fresh -> {
            fresh.text(BASE, base);
            fresh.text(SWEEP, Recipes.toYaml(sweep));
        });
        return hold(folder);
    }

    /**
     * Holds the folder of an earlier sweep to go on with it.
     *
     * @param given the sweep that the user named with it, if any: it must be the same
     * @throws InputException if there is none, it is another, or another process holds it
     */
    public static SweepFolder resume(Path folder, Optional<SweepRecipe> given) {
        check(folder);
        given.map(sweep -> Recipes.differences(sweep(folder), sweep)).filter(differences -> !differences.isEmpty()).ifPresent(differences -> {
            throw new InputException(folder.resolve(SWEEP) + ": this sweep is another than the one given with --config and --set: "
                    + String.join(", ", differences)
                    + "; leave them out to go on with it, or name another folder");
        });
        SweepFolder held = hold(folder);
        AtomicFiles.removeLeftovers(folder);
        return held;
    }

    /** Refuses a folder that is no sweep's. */
    static void check(Path folder) {
        if (!Files.isRegularFile(folder.resolve(SWEEP)) || !Files.isRegularFile(folder.resolve(BASE))) {
            throw new InputException(folder + ": is no sweep's folder (it has no " + SWEEP + " and " + BASE + ")");
        }
    }

    private static SweepFolder hold(Path folder) {
        Path file = folder.resolve(".lock");
        try {
            FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (locked(channel)) {
                return new SweepFolder(folder, channel);
            }
            channel.close();
        } catch (IOException e) {
            throw new RunException(file + ": can't be locked: " + AtomicFiles.reason(e) + "; a sweep writes into its folder: make it writable", e);
        }
        throw new InputException(folder + ": another sweep goes on there; wait until it ends, or name another folder. \"sweep status " + folder
                + "\" tells how far it is");
    }

    /** The lock lives as long as its channel, so the channel is what is kept. */
    static boolean locked(FileChannel channel) throws IOException {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    Path path() {
        return path;
    }

    static SweepRecipe sweep(Path folder) {
        return SweepRecipe.load(folder.resolve(SWEEP), List.of());
    }

    static Path base(Path folder) {
        return folder.resolve(BASE);
    }

    /** The folder of a run, whether it is there or not. */
    static Path run(Path folder, String run, int seed) {
        return folder.resolve("runs").resolve(run).resolve("seed-" + seed);
    }

    /** The checkpoint that a run was measured at. */
    static Path checkpoint(Path run, int step) {
        return run.resolve("checkpoints").resolve(String.format(Locale.ROOT, "step-%06d", step));
    }

    @Override
    public void close() {
        try {
            lock.close();
        } catch (IOException e) {
            throw new RunException(path + ": can't be unlocked: " + AtomicFiles.reason(e), e);
        }
    }
}
