package org.lacuna.run.folder;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;

/**
 * Files and folders that are there whole or not at all: written beside the target under a hidden name, forced
 * to the disk, renamed, and the rename forced too. A crash at any moment leaves the target as it was; what the
 * crash left beside it goes with the next write of the same target, or by {@link #removeLeftovers}.
 *
 * <p>Missing parent folders are made. Whatever the file system refuses becomes a {@link RunException} that
 * names the target and the reason, and what no target can be (below a file, a folder in a file's place) an
 * {@link org.lacuna.run.InputException}; an exception of the writer's own passes unchanged. In any case the target is
 * untouched and nothing is left beside it. Within one process no two threads may write one target at a time.
 */
public final class AtomicFiles {
    /** How the names of unfinished files begin. */
    static final String HIDDEN = ".tmp-";

    private AtomicFiles() {}

    /** Writes the content of one file. */
    @FunctionalInterface
    public interface FileWriter {
        /** Writes everything; closing is not needed. */
        void write(FileOutput output) throws IOException;
    }

    /** Fills a new folder. */
    @FunctionalInterface
    public interface FolderWriter {
        /** Writes every file of the folder. */
        void write(NewFolder folder) throws IOException;
    }

    /** A folder that is being filled; it gets its name when it is complete. */
    public static final class NewFolder {
        private final Path path;

        private NewFolder(Path path) {
            this.path = path;
        }

        /** Where the folder is for now, for writers that want a {@code Path}; not to be kept. */
        public Path path() {
            return path;
        }

        /** Opens a new file in it; the caller closes it. */
        public FileOutput file(String name) throws IOException {
            return new FileOutput(path.resolve(name));
        }

        /** Makes a folder in it. */
        public NewFolder folder(String name) throws IOException {
            return new NewFolder(Files.createDirectory(path.resolve(name)));
        }

        /** Writes a small text file, UTF-8. */
        public void text(String name, String content) throws IOException {
            try (OutputStream output = file(name)) {
                output.write(content.getBytes(StandardCharsets.UTF_8));
            }
        }
    }

    /** Writes a file, replacing an earlier one. */
    public static void write(Path target, FileWriter writer) {
        Destination.checkNoFolder(target);
        replace(target, beside -> {
            try (FileOutput output = new FileOutput(beside)) {
                writer.write(output);
            }
            force(beside);
        });
    }

    /** Writes a text file, UTF-8, replacing an earlier one. */
    public static void write(Path target, String text) {
        write(target, output -> output.write(text.getBytes(StandardCharsets.UTF_8)));
    }

    /**
     * Writes a folder; the target must not exist, or be an empty folder.
     *
     * @throws InputException if something is there, or another process made it meanwhile: nothing is overwritten
     */
    public static void folder(Path target, FolderWriter writer) {
        replace(target, beside -> {
            if (Files.exists(target) && !isEmptyFolder(target)) {
                throw new FileAlreadyExistsException(target.toString());
            }
            Files.createDirectory(beside);
            writer.write(new NewFolder(beside));
            List<Path> written;
            try (Stream<Path> tree = Files.walk(beside)) {
                written = tree.toList();
            }
            for (Path path : written) {
                force(path);
            }
        });
    }

    /**
     * Removes a folder with all in it, so that whenever it is interrupted the folder is there whole or not at all: it gets a hidden name
     * first. What a crash leaves under that name goes as other leftovers do.
     */
    public static void removeFolder(Path folder) {
        Path absolute = folder.toAbsolutePath().normalize();
        Path hidden = beside(absolute);
        try {
            Files.move(absolute, hidden, StandardCopyOption.ATOMIC_MOVE);
            force(absolute.getParent());
            removeTree(hidden);
        } catch (IOException e) {
            throw new RunException(folder + ": can't be removed: " + reason(e), e);
        }
    }

    /** Removes what crashed writers left in a folder; only for one who knows that nobody else writes there. */
    public static void removeLeftovers(Path folder) {
        try {
            remove(folder, name -> true);
        } catch (IOException e) {
            throw new RunException(folder + ": can't be cleared of unfinished files: " + reason(e), e);
        }
    }

    /** Why the file system refused, in a few words. */
    public static String reason(IOException e) {
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (e instanceof NoSuchFileException) {
            return "no such file or folder";
        }
        if (e instanceof FileAlreadyExistsException) {
            return "it exists already";
        }
        if (e instanceof NotDirectoryException) {
            return "not a folder";
        }
        if (e instanceof FileSystemException f && f.getReason() != null) {
            return f.getReason();
        }
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    private interface Beside {
        void write(Path beside) throws IOException;
    }

    private static void replace(Path target, Beside writer) {
        Path absolute = target.toAbsolutePath().normalize();
        Path parent = absolute.getParent();
        Path beside = beside(absolute);
        Destination.existing(target, target.getParent() == null ? parent : target.getParent());
        try {
            Files.createDirectories(parent);
            removeDead(absolute);
            try {
                writer.write(beside);
                Files.move(beside, absolute, StandardCopyOption.ATOMIC_MOVE);
            } catch (Throwable e) {
                removeAfter(e, beside);
                throw e;
            }
            force(parent);
        } catch (IOException e) {
            throw isFilled(absolute) ? new InputException(target + ": exists already, and nothing is overwritten", e) : refused(target, e);
        } catch (UncheckedIOException e) {
            throw refused(target, e.getCause());
        }
    }

    private static String ofThisProcess(Path absolute) {
        return HIDDEN + absolute.getFileName() + "-" + ProcessHandle.current().pid() + "-";
    }

    /** A new hidden name for what is, or is to be, a target. */
    private static Path beside(Path absolute) {
        return absolute.resolveSibling(ofThisProcess(absolute) + Integer.toHexString(ThreadLocalRandom.current().nextInt()));
    }

    private static RunException refused(Path target, IOException e) {
        return new RunException(target + ": can't be written: " + reason(e), e);
    }

    private static void removeAfter(Throwable failure, Path beside) {
        try {
            removeTree(beside);
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    /** Leftovers of one target whose process is gone, or is this one (a process never writes one target twice at once). */
    private static void removeDead(Path absolute) throws IOException {
        Pattern leftover = Pattern.compile(Pattern.quote(HIDDEN + absolute.getFileName()) + "-([0-9]{1,18})-[0-9a-f]+");
        remove(absolute.getParent(), entry -> {
            Matcher matcher = leftover.matcher(entry);
            return matcher.matches()
                    && (entry.startsWith(ofThisProcess(absolute)) || ProcessHandle.of(Long.parseLong(matcher.group(1))).isEmpty());
        });
    }

    private static void remove(Path folder, Predicate<String> names) throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, HIDDEN + "*")) {
            for (Path entry : entries) {
                if (names.test(entry.getFileName().toString())) {
                    removeTree(entry);
                }
            }
        }
    }

    private static void removeTree(Path root) throws IOException {
        if (!Files.exists(root, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        List<Path> tree;
        try (Stream<Path> paths = Files.walk(root)) {
            tree = paths.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path path : tree) {
            Files.delete(path);
        }
    }

    private static boolean isFilled(Path path) {
        try {
            return Files.isDirectory(path) && !isEmptyFolder(path);
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean isEmptyFolder(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            return false;
        }
        try (Stream<Path> entries = Files.list(path)) {
            return entries.findAny().isEmpty();
        }
    }

    /** Forces a file's content, or a folder's entries, to the disk. */
    private static void force(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
