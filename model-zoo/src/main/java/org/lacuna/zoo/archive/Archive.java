package org.lacuna.zoo.archive;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import org.apache.commons.compress.archivers.zip.UnixStat;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.AtomicFiles;

/**
 * A folder as one zip. Entries are sorted, have one fixed time and are stored as they are, so that the same files make the same bytes whatever the
 * machine, its time zone and its zlib; weights hardly shrink anyway. What others packed may be deflated too.
 */
public final class Archive {
    /** More than any model has. */
    static final int MAX_ENTRIES = 1_000;

    /** In whatever time zone. Near the begin of zip's time, and not on it, where a second field would tell it in UTC. */
    private static final LocalDateTime TIME = LocalDateTime.of(1980, 2, 1, 0, 0);
    private static final int BUFFER_BYTES = 1 << 16;

    private Archive() {}

    /**
     * Packs all files of a folder, replacing an earlier zip.
     *
     * @throws InputException if there is no such folder, it holds no file, or something that {@link #unpack} would refuse: links, names, their number
     */
    public static void pack(Path folder, Path zip) {
        SortedMap<String, Path> files = files(folder);
        AtomicFiles.write(zip, output -> {
            try (ZipArchiveOutputStream entries = new ZipArchiveOutputStream((OutputStream) output)) {
                for (Map.Entry<String, Path> file : files.entrySet()) {
                    entries.putArchiveEntry(entry(file.getKey(), file.getValue()));
                    Files.copy(file.getValue(), entries);
                    entries.closeArchiveEntry();
                }
            }
        });
    }

    /**
     * Unpacks a zip from a stranger. All its headers are checked before anything is written; then it is unpacked beside the folder, {@code check}
     * looks at that, and the folder gets its name.
     *
     * @param folder missing, or empty
     * @param check throws what is wrong with the unpacked folder, whose path it gets
     * @throws InputException that says what is wrong with the zip: entries outside the folder, links, too many, twice the same, a size that no honest
     *         zip of that length has, headers that contradict each other or the content; nothing is written then
     * @throws RunException if the file system refuses or has no room
     */
    public static void unpack(Path zip, Path folder, Consumer<Path> check) {
        checkEmpty(folder);
        try (CheckedZip checked = CheckedZip.open(zip)) {
            checkRoom(checked.bytes(), folder);
            AtomicFiles.folder(folder, target -> {
                for (ZipArchiveEntry entry : checked.files()) {
                    Path file = target.path().resolve(entry.getName());
                    Files.createDirectories(file.getParent());
                    try (OutputStream output = target.file(entry.getName())) {
                        checked.copy(entry, output);
                    }
                }
                check.accept(target.path());
            });
        } catch (IOException e) {
            throw new InputException(zip + ": is no zip that can be read: "
                    + AtomicFiles.reason(e.getCause() instanceof IOException cause ? cause : e), e);
        }
    }

    private static ZipArchiveEntry entry(String name, Path file) throws IOException {
        ZipArchiveEntry entry = new ZipArchiveEntry(name);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(Files.size(file));
        entry.setCrc(crc(file));
        entry.setTime(TIME.atZone(ZoneId.systemDefault()).toInstant().toEpochMilli());
        entry.setUnixMode(UnixStat.FILE_FLAG | UnixStat.DEFAULT_FILE_PERM);
        return entry;
    }

    private static long crc(Path file) throws IOException {
        CRC32 crc = new CRC32();
        try (InputStream in = new CheckedInputStream(Files.newInputStream(file), crc)) {
            byte[] buffer = new byte[BUFFER_BYTES];
            while (in.read(buffer) >= 0) {
                // The stream adds what it reads.
            }
        }
        return crc.getValue();
    }

    private static SortedMap<String, Path> files(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new InputException(folder + ": no such folder");
        }
        SortedMap<String, Path> files = new TreeMap<>();
        EntryNames names = new EntryNames();
        List<String> problems = new ArrayList<>();
        try {
            Path root = folder.toRealPath();
            Files.walkFileTree(root, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    String name = root.relativize(file).toString().replace(root.getFileSystem().getSeparator(), "/");
                    if (!attributes.isRegularFile()) {
                        problems.add(folder.resolve(name) + ": is " + (attributes.isSymbolicLink() ? "a link" : "no file")
                                + "; a model holds ordinary files only");
                    }
                    names.add(name, false);
                    files.put(name, file);
                    return files.size() > MAX_ENTRIES ? FileVisitResult.TERMINATE : FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new RunException(folder + ": can't be read: " + AtomicFiles.reason(e), e);
        }
        names.problems().forEach(problem -> problems.add(folder + ": " + problem));
        if (files.isEmpty()) {
            problems.add(folder + ": holds no file");
        }
        if (files.size() > MAX_ENTRIES) {
            problems.add(folder + ": holds more than " + MAX_ENTRIES + " files; a model has fewer");
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
        return files;
    }

    private static void checkEmpty(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        if (!Files.isDirectory(folder)) {
            throw new InputException(folder + ": is a file; expected a new or an empty folder");
        }
        try (Stream<Path> entries = Files.list(folder)) {
            if (entries.findAny().isPresent()) {
                throw new InputException(folder + ": is not empty; name a new folder");
            }
        } catch (IOException e) {
            throw new RunException(folder + ": can't be read: " + AtomicFiles.reason(e), e);
        }
    }

    private static void checkRoom(long bytes, Path folder) throws IOException {
        Path above = folder.toAbsolutePath().normalize();
        while (!Files.exists(above)) {
            above = above.getParent();
        }
        long room = Files.getFileStore(above).getUsableSpace();
        if (bytes > room) {
            throw new RunException(folder + ": the model takes " + bytes + " bytes and the file system has room for " + room
                    + "; name a folder on another one");
        }
    }
}
