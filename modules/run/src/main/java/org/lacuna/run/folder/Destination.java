package org.lacuna.run.folder;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;

/** Whether files can be written to where a user said: found out before the work whose result goes there. */
public final class Destination {
    private Destination() {}

    /**
     * Checks that a file can be written or replaced.
     *
     * @throws InputException if a folder has its name, or one of the folders above it is a file
     * @throws RunException if the file system takes no files there
     */
    public static void checkFile(Path file) {
        checkNoFolder(file);
        Path parent = file.toAbsolutePath().normalize().getParent();
        probe(file, existing(file, file.getParent() == null ? parent : file.getParent()));
    }

    /**
     * Checks that files can be written into a folder, which may be missing.
     *
     * @throws InputException if it or one of the folders above it is a file, or a link to nothing
     * @throws RunException if the file system takes no files there
     */
    public static void checkFolder(Path folder) {
        probe(folder, existing(folder, folder));
    }

    /** Refuses what {@link AtomicFiles} is asked to write as a file and can't be one. */
    static void checkNoFolder(Path file) {
        if (file.toString().isEmpty()) {
            throw new InputException("the name of the file to write is empty; expected one");
        }
        if (Files.isDirectory(file)) {
            throw new InputException(file + ": is a folder; expected the name of a file");
        }
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new InputException(file + ": is a pipe or a device, which a file would replace; expected the name of a file");
        }
    }

    /** The nearest folder that is there, from {@code folder} upwards; refuses a file in its place, or a link to nothing. */
    static Path existing(Path target, Path folder) {
        for (Path above = folder; above != null; above = above.getParent()) {
            if (Files.isDirectory(above)) {
                return above;
            }
            if (Files.isSymbolicLink(above) && !Files.exists(above)) {
                throw new InputException((above.equals(target) ? "" : target + ": ") + above + ": is a link to what is not there; make that, or name another place");
            }
            if (Files.exists(above)) {
                throw new InputException((above.equals(target) ? "" : target + ": ") + above
                        + (above.equals(target) ? ": is a file; expected a folder" : " is a file, not a folder") + "; name another place");
            }
        }
        return Path.of("").toAbsolutePath();
    }

    private static void probe(Path target, Path folder) {
        try {
            Path probe = Files.createTempFile(folder, AtomicFiles.HIDDEN, "");
            try {
                Files.write(probe, new byte[1]);
            } finally {
                Files.delete(probe);
            }
        } catch (IOException e) {
            throw new RunException(target + ": can't be written: " + AtomicFiles.reason(e), e);
        }
    }
}
