package org.lacuna.zoo.checksum;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.lacuna.eval.source.Hashes;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.AtomicFiles;

/**
 * {@code SHA256SUMS}: a line for each other file of a folder, its SHA-256, two spaces and its path from the folder with {@code /} between names, in
 * the order of the paths. {@code sha256sum -c SHA256SUMS} checks it too, but misses files that are not listed.
 */
public final class Checksums {
    /** The file's name. */
    public static final String FILE = "SHA256SUMS";

    /** More files than any model has. */
    static final int MAX_FILES = 1_000;

    /** Of the sums themselves, which are read whole. */
    static final int MAX_BYTES = 1 << 20;

    private static final Pattern LINE = Pattern.compile("([0-9a-f]{64}) [ *](.+)");

    private Checksums() {}

    /**
     * Writes the sums of all that is in a folder, replacing earlier ones.
     *
     * @throws InputException if there is no such folder, or something in it is a link or no file, or has a name that a line can't hold
     */
    public static void write(Path folder) {
        StringBuilder lines = new StringBuilder();
        for (Map.Entry<String, Path> file : files(folder).entrySet()) {
            lines.append(Hashes.file(file.getValue())).append("  ").append(file.getKey()).append('\n');
        }
        AtomicFiles.write(folder.resolve(FILE), lines.toString());
    }

    /**
     * Checks all files against the sums.
     *
     * @return the number of files
     * @throws InputException that names each file that differs, is missing or is not listed
     */
    public static int verify(Path folder) {
        SortedMap<String, Path> files = files(folder);
        SortedMap<String, String> sums = read(folder.resolve(FILE));
        SortedSet<String> names = new TreeSet<>(files.keySet());
        names.addAll(sums.keySet());
        List<String> problems = new ArrayList<>();
        for (String name : names) {
            Path file = folder.resolve(name);
            if (!files.containsKey(name)) {
                problems.add(file + ": is missing, and " + FILE + " lists it");
            } else if (!sums.containsKey(name)) {
                problems.add(file + ": is not listed in " + FILE + "; it was added later");
            } else if (!Hashes.file(files.get(name)).equals(sums.get(name))) {
                problems.add(file + ": its bytes changed: its SHA-256 is not that of " + FILE);
            }
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
        return files.size();
    }

    private static SortedMap<String, String> read(Path file) {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new InputException(file + ": no such file; a published model has one");
        }
        SortedMap<String, String> sums = new TreeMap<>();
        int number = 0;
        for (String line : text(file).lines().toList()) {
            number++;
            Matcher matcher = LINE.matcher(line);
            if (!matcher.matches()) {
                throw new InputException(file + ": line " + number + " is no SHA-256, two spaces and a path; the file is damaged");
            }
            if (!isPath(matcher.group(2))) {
                throw new InputException(file + ": line " + number + " lists what is no plain path within the folder; the file is damaged");
            }
            if (sums.put(matcher.group(2), matcher.group(1)) != null) {
                throw new InputException(file + ": line " + number + " lists a file for the second time; the file is damaged");
            }
        }
        return sums;
    }

    /** Of names as a folder's files may have them, with no way out of it. */
    private static boolean isPath(String path) {
        return path.chars().noneMatch(Checksums::isRefused) && Arrays.stream(path.split("/", -1)).noneMatch(name -> name.isEmpty() || name.equals(".") || name.equals(".."));
    }

    /** Whether a name can't have that character: controls, which a terminal would obey, and backslashes. */
    private static boolean isRefused(int c) {
        return Character.isISOControl(c) || c == '\\';
    }

    private static String text(Path file) {
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new InputException(file + ": has more than " + MAX_BYTES + " bytes; it is damaged");
            }
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(Files.readAllBytes(file))).toString();
        } catch (CharacterCodingException e) {
            throw new InputException(file + ": is not UTF-8 text; it is damaged", e);
        } catch (IOException e) {
            throw new RunException(file + ": can't be read: " + AtomicFiles.reason(e), e);
        }
    }

    /** All files but the sums, by their path from the folder with {@code /} between names. */
    private static SortedMap<String, Path> files(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new InputException(folder + ": no such folder");
        }
        SortedMap<String, Path> files = new TreeMap<>();
        List<String> problems = new ArrayList<>();
        try {
            Files.walkFileTree(folder.toRealPath(), new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Path relative = folder.toRealPath().relativize(file);
                    String name = relative.toString().replace(relative.getFileSystem().getSeparator(), "/");
                    if (!attributes.isRegularFile()) {
                        problems.add(folder.resolve(relative) + ": is " + (attributes.isSymbolicLink() ? "a link" : "no file")
                                + "; a model holds ordinary files only");
                    } else if (name.chars().anyMatch(Checksums::isRefused)) {
                        problems.add(folder + ": a file's name has a control character or a backslash; rename it");
                    } else if (!name.equals(FILE)) {
                        files.put(name, file);
                    }
                    return files.size() > MAX_FILES || problems.size() > MAX_FILES ? FileVisitResult.TERMINATE : FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new RunException(folder + ": can't be read: " + AtomicFiles.reason(e), e);
        }
        if (files.size() > MAX_FILES) {
            problems.add(folder + ": holds more than " + MAX_FILES + " files; a model has fewer");
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
        return files;
    }
}
