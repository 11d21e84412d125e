package org.lacuna.training.sweep;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.lacuna.eval.source.Hashes;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.Destination;
import org.lacuna.run.folder.FolderLock;
import org.lacuna.run.folder.TextFile;
import org.lacuna.run.recipe.Recipes;
import org.lacuna.training.recipe.TrainRecipe;

/**
 * The folder of a sweep, held by one process at a time:
 *
 * <pre>
 * runs/NAME/
 *   sweep.yaml              the resolved sweep
 *   base.yaml               the resolved recipe that candidates are changes of
 *   base.sha256             its hash, as sha256sum writes it: candidates before and after a resume are changes of the same
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
    private static final String BASE_SUM = "base.sha256";

    private final Path path;
    private final FolderLock lock;

    private SweepFolder(Path path, FolderLock lock) {
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
            fresh.text(BASE_SUM, Hashes.text(base) + "  " + BASE + "\n");
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
        checkBase(folder);
        given.map(sweep -> Recipes.differences(sweep(folder), sweep)).filter(differences -> !differences.isEmpty()).ifPresent(differences -> {
            throw new InputException(folder.resolve(SWEEP) + ": this sweep is another than the one given with --config and --set: "
                    + String.join(", ", differences)
                    + "; leave them out to go on with it, or name another folder");
        });
        SweepFolder held = hold(folder);
        AtomicFiles.removeLeftovers(folder);
        return held;
    }

    /** Refuses a recipe that is another than the one that the sweep began with. */
    private static void checkBase(Path folder) {
        Path base = folder.resolve(BASE);
        Path sum = folder.resolve(BASE_SUM);
        if (!Files.isRegularFile(sum)) {
            throw new InputException(sum + ": is missing, so nothing tells that " + BASE + " is what the sweep began with; begin another sweep, or put it back");
        }
        String kept = TextFile.read(sum).split(" ", 2)[0].strip();
        if (!Hashes.file(base).equals(kept)) {
            throw new InputException(base + ": was changed since the sweep began, and what was measured before is of the recipe as it was" + changes(folder, kept)
                    + "; put it back, or begin another sweep in another folder");
        }
    }

    /** What was changed, where the recipe that the sweep names still is what it was. */
    private static String changes(Path folder, String kept) {
        try {
            SweepRecipe sweep = sweep(folder);
            TrainRecipe began = sweep.base(sweep.recipe());
            return Hashes.text(Recipes.toYaml(began)).equals(kept) ? ", of which (there) base.yaml (here) differs: " + String.join(", ", Recipes.differences(began, TrainRecipe.load(base(folder), List.of()))) : "";
        } catch (InputException e) {
            return "";
        }
    }

    /** Refuses a folder that is no sweep's. */
    static void check(Path folder) {
        if (!Files.isRegularFile(folder.resolve(SWEEP)) || !Files.isRegularFile(folder.resolve(BASE))) {
            throw new InputException(folder + ": is no sweep's folder (it has no " + SWEEP + " and " + BASE + ")");
        }
    }

    private static SweepFolder hold(Path folder) {
        Path file = folder.resolve(FolderLock.FILE);
        if (Files.isDirectory(file)) {
            throw new InputException(file + ": is a folder; expected the file that a sweep locks. Move it away");
        }
        FolderLock lock = FolderLock.hold(folder, "a sweep writes into its folder: make it writable").orElseThrow(() -> new InputException(folder
                + ": another sweep goes on there; wait until it ends, or name another folder. \"sweep status " + folder + "\" tells how far it is"));
        return new SweepFolder(folder, lock);
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
        lock.close();
    }
}
