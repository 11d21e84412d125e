package org.lacuna.zoo.archive;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The names of an archive's entries: relative paths that are the same files on every file system, one of them for each name however it is written.
 * Only ASCII, so that no two names differ by their encoding alone.
 */
final class EntryNames {
    /** In characters, of the whole path. */
    static final int MAX_LENGTH = 240;
    /** Folders above a file. */
    static final int MAX_DEPTH = 8;

    /** No drive, no backslash, nothing hidden by an end that Windows drops, and none that begins with a dot: tools obey what lies in .git. */
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_]([A-Za-z0-9 ._+@=,()-]*[A-Za-z0-9_+@=,()-])?");
    private static final Pattern DEVICE = Pattern.compile("(con|prn|aux|nul|com[0-9]|lpt[0-9])(\\..*)?", Pattern.CASE_INSENSITIVE);
    private static final int SHOWN = 80;

    private final Set<String> files = new HashSet<>();
    /** A folder's path in lower case → as it was written first. */
    private final Map<String, String> folders = new HashMap<>();
    private final List<String> problems = new ArrayList<>();

    /** Takes one more entry; {@code folder}: the entry is one itself. */
    void add(String name, boolean folder) {
        String path = folder ? name.substring(0, name.length() - 1) : name;
        String[] parts = path.split("/", -1);
        if (path.length() > MAX_LENGTH) {
            problems.add(shown(name) + ": its path is longer than " + MAX_LENGTH + " characters");
            return;
        }
        if (parts.length > MAX_DEPTH + 1) {
            problems.add(shown(name) + ": lies below more than " + MAX_DEPTH + " folders");
            return;
        }
        for (String part : parts) {
            if (!NAME.matcher(part).matches() || DEVICE.matcher(part).matches()) {
                problems.add(shown(name)
                        + ": is no plain relative path: expected names of ASCII letters, digits, spaces and ._+@=,()- with / between them, "
                        + "no .., no drive and no backslash");
                return;
            }
        }
        for (int end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) {
            folder(path.substring(0, end));
        }
        if (folder) {
            folder(path);
        } else if (!files.add(path.toLowerCase(Locale.ROOT))) {
            problems.add(shown(name) + ": is there twice (upper and lower case count as the same)");
        }
    }

    /** What was wrong with the names so far. */
    List<String> problems() {
        List<String> all = new ArrayList<>(problems);
        for (Map.Entry<String, String> folder : folders.entrySet()) {
            if (files.contains(folder.getKey())) {
                all.add(shown(folder.getValue()) + ": is both a file and a folder");
            }
        }
        return all;
    }

    private void folder(String path) {
        String first = folders.putIfAbsent(path.toLowerCase(Locale.ROOT), path);
        if (first != null && !first.equals(path)) {
            problems.add(shown(path) + ": is written " + shown(first) + " elsewhere");
        }
    }

    /** A stranger's name as a message can hold it. */
    static String shown(String name) {
        String plain = name.replaceAll("[^\\x20-\\x7e]", "?");
        return "'" + (plain.length() > SHOWN ? plain.substring(0, SHOWN) + "…" : plain) + "'";
    }
}
