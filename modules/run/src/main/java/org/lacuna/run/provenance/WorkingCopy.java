package org.lacuna.run.provenance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/** Finds the commit that a git working copy stands on, from git's own files: no git needs to be installed. */
final class WorkingCopy {
    private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}|[0-9a-f]{64}");

    private WorkingCopy() {}

    /** The commit of the working copy that holds a folder; empty if there is none or it can't be read. */
    static Optional<String> commit(Path folder) {
        for (Path at = folder.toAbsolutePath(); at != null; at = at.getParent()) {
            Path git = at.resolve(".git");
            if (Files.exists(git)) {
                try {
                    return commitOf(git);
                } catch (IOException | InvalidPathException e) {
                    return Optional.empty();
                }
            }
        }
        return Optional.empty();
    }

    private static Optional<String> commitOf(Path git) throws IOException {
        // In a linked work tree or a submodule .git is a file that names the folder.
        Path folder = Files.isDirectory(git) ? git
                : git.resolveSibling(Files.readString(git).strip().replaceFirst("^gitdir:\\s*", ""));
        String head = Files.readString(folder.resolve("HEAD")).strip();
        if (!head.startsWith("ref:")) {
            return Optional.of(head).filter(COMMIT.asMatchPredicate());
        }
        String ref = head.substring("ref:".length()).strip();
        Path common = folder.resolve("commondir");
        Path shared = Files.exists(common) ? folder.resolve(Files.readString(common).strip()) : folder;
        Path loose = shared.resolve(ref);
        if (Files.exists(loose)) {
            return Optional.of(Files.readString(loose).strip()).filter(COMMIT.asMatchPredicate());
        }
        Path packed = shared.resolve("packed-refs");
        if (!Files.exists(packed)) {
            return Optional.empty();
        }
        return Files.readAllLines(packed).stream().filter(line -> line.endsWith(" " + ref))
                .map(line -> line.substring(0, line.indexOf(' '))).filter(COMMIT.asMatchPredicate()).findFirst();
    }
}
