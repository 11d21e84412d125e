package org.lacuna.zoo.maven;

import java.util.Locale;
import java.util.regex.Pattern;
import org.lacuna.run.InputException;

/**
 * What a published model is called.
 *
 * @param group whose it is, as {@code org.example}
 * @param name the model's
 * @param version never replaced once published, unless it ends in {@code -SNAPSHOT}
 */
public record Coordinates(String group, String name, String version) {
    /** Safe as a folder's name and in a URL, and no range or variable of Maven's. */
    private static final Pattern PART = Pattern.compile("[A-Za-z0-9_]([A-Za-z0-9._-]{0,98}[A-Za-z0-9_])?");
    private static final String SNAPSHOT = "-SNAPSHOT";
    /** How Maven calls one upload of a snapshot. */
    private static final Pattern UPLOAD = Pattern.compile(".*-[0-9]{8}\\.[0-9]{6}-[0-9]+");

    /** Checks the three. */
    public Coordinates {
        for (String part : new String[] {group, name, version}) {
            checkPart(part, group + ":" + name + ":" + version);
        }
        for (String part : new String[] {group, name}) {
            if (part.startsWith("maven-metadata") || part.contains(".maven-metadata")) {
                throw new InputException("'" + part + "': is what a repository calls its lists of versions, no group and no name");
            }
            // In a repository, a snapshot's folder has a list of its uploads where this one would have that of its versions.
            if (part.toUpperCase(Locale.ROOT).endsWith(SNAPSHOT)) {
                throw new InputException("'" + part + "': " + SNAPSHOT + " ends a version, no group and no name");
            }
        }
        if (version.startsWith("maven-metadata")) {
            throw new InputException(version + ": is what a repository calls its lists of versions; expected a version as 1.0");
        }
        if (UPLOAD.matcher(version).matches()) {
            throw new InputException(version + ": ends as Maven ends what was uploaded of a snapshot, a date, a time and a number; expected a version as 1.0 or 1.1" + SNAPSHOT);
        }
        if (version.equals("LATEST") || version.equals("RELEASE")) {
            throw new InputException(version + " is no version: expected one that names a model for good, as 1.0");
        }
        if (!version.endsWith(SNAPSHOT) && version.toUpperCase(Locale.ROOT).endsWith(SNAPSHOT)) {
            throw new InputException(version + ": a version that may be replaced ends in " + SNAPSHOT + ", in capitals");
        }
    }

    /**
     * Reads {@code group:name:version}.
     *
     * @throws InputException if it has other parts, or they other characters
     */
    public static Coordinates parse(String text) {
        String[] parts = text.split(":", -1);
        if (parts.length != 3) {
            throw new InputException("'" + text + "': expected group:name:version, as org.example:tiny-stories:1.0");
        }
        return new Coordinates(parts[0], parts[1], parts[2]);
    }

    /** Whether it may be published again. */
    public boolean isSnapshot() {
        return version.endsWith(SNAPSHOT);
    }

    @Override
    public String toString() {
        return group + ":" + name + ":" + version;
    }

    /** Whether a stranger's list of versions names one that can be asked for. */
    static boolean isVersion(String text) {
        return PART.matcher(text).matches() && !text.contains("..");
    }

    static void checkPart(String part, String whole) {
        if (!PART.matcher(part).matches() || part.contains("..")) {
            throw new InputException("'" + whole + "': '" + part
                    + "' is no part of group:name:version: expected up to 100 ASCII letters, digits and ._- with a"
                    + " letter or digit at both ends and no two dots together");
        }
    }
}
