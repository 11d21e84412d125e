package org.lacuna.data.text;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Comparator;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import org.lacuna.run.InputException;

/**
 * The files of a corpus: one, or all regular files in a folder and below, in the order of their paths (compared character by
 * character, with {@code /} between names). Names that start with a dot are passed over.
 *
 * @param path  what the user named
 * @param files at least one
 */
public record TextSource(Path path, List<SourceFile> files) {

    private static final int BUFFER = 1 << 20;

    /** Copies the list. */
    public TextSource {
        files = List.copyOf(files);
    }

    /**
     * Finds the files.
     *
     * @param path a file or a folder
     * @return the source
     * @throws InputException when there is none, a file can't be read or is an archive
     */
    public static TextSource of(Path path) {
        List<Path> found = files(path);
        if (!Files.isDirectory(path)) {
            return new TextSource(path, List.of(SourceFile.of(path, "")));
        }
        List<SourceFile> files = found.stream().map(file -> SourceFile.of(file, spelled(path.relativize(file)).substring(1))).toList();
        if (files.isEmpty()) {
            throw new InputException(path + ": holds no text; expected files of UTF-8 text");
        }
        return new TextSource(path, files);
    }

    /**
     * A file, or the regular files of a folder and below it in order, but those whose names begin with a dot.
     *
     * @param path a file or a folder
     * @return the files, of a folder perhaps none
     * @throws InputException when there is nothing, a pipe or a device, or a folder that can't be read
     */
    public static List<Path> files(Path path) {
        if (!Files.exists(path)) {
            throw new InputException(path + ": no such file; a path is taken from the folder that the command runs in");
        }
        if (Files.isDirectory(path)) {
            return list(path);
        }
        if (!Files.isRegularFile(path)) {
            throw new InputException(path + ": is a pipe or a device; expected a file or a folder");
        }
        return List.of(path);
    }

    /** The regular files of a folder, in order. */
    static List<Path> list(Path folder) {
        try (Stream<Path> paths = Files.walk(folder)) {
            return paths.filter(Files::isRegularFile).filter(path -> !hidden(folder.relativize(path)))
                    .sorted(Comparator.comparing(path -> spelled(folder.relativize(path)))).toList();
        } catch (IOException | java.io.UncheckedIOException e) {
            throw new InputException(folder + ": can't be read (" + e.getMessage() + ")", e);
        }
    }

    private static boolean hidden(Path relative) {
        for (Path name : relative) {
            if (name.toString().startsWith(".")) {
                return true;
            }
        }
        return false;
    }

    private static String spelled(Path relative) {
        StringBuilder text = new StringBuilder();
        relative.forEach(name -> text.append('/').append(name));
        return text.toString();
    }

    /**
     * What a report calls it: the last name of its path.
     *
     * @return a name
     */
    public String name() {
        return TextCorpus.name(path);
    }

    /**
     * Whether it is nothing but uncompressed text.
     *
     * @return true if so
     */
    public boolean isPlain() {
        return files.stream().allMatch(SourceFile::isPlain);
    }

    /**
     * Whether any file has its documents in a field.
     *
     * @return true if so
     */
    public boolean hasFields() {
        return files.stream().anyMatch(file -> file.form() != SourceFile.Form.TEXT);
    }

    /**
     * Whether it is one file that is one text, which has no end that would have to be told.
     *
     * @return true if so
     */
    public boolean isOneText() {
        return !Files.isDirectory(path) && !hasFields();
    }

    /**
     * The sum of the files' sizes.
     *
     * @return bytes
     */
    public long bytes() {
        return files.stream().mapToLong(SourceFile::bytes).sum();
    }

    /**
     * Hashes names, kinds, sizes and bytes of all files.
     *
     * @param position told how many bytes are read
     * @return lower-case hexadecimal SHA-256
     * @throws InputException when a file can't be read
     */
    public String sha256(LongConsumer position) {
        MessageDigest all = Sha256.start();
        long before = 0;
        byte[] buffer = new byte[BUFFER];
        for (SourceFile file : files) {
            MessageDigest hash = Sha256.start();
            long read = 0;
            try (InputStream in = Files.newInputStream(file.path())) {
                for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                    hash.update(buffer, 0, count);
                    read += count;
                    position.accept(before + read);
                }
            } catch (IOException e) {
                throw SourceFile.unreadable(file.path().toString(), e);
            }
            // A name holds no NUL, so the parts can't be told apart in two ways.
            all.update((file.name() + "\0" + file.form() + " " + file.compression() + " " + read + " " + Sha256.hexadecimal(hash) + "\0")
                    .getBytes(StandardCharsets.UTF_8));
            before += read;
        }
        return Sha256.hexadecimal(all);
    }

    /**
     * Refuses a source that is not what it was when it was found.
     *
     * @throws InputException when a file has another size or time now
     */
    public void checkUnchanged() {
        for (SourceFile file : files) {
            SourceFile now = SourceFile.of(file.path(), file.name());
            if (!now.equals(file)) {
                throw new InputException(file.path() + ": was changed while it was read; wait until it is complete, then run the command again");
            }
        }
    }
}
