package org.lacuna.run.folder;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.lacuna.run.InputException;

/**
 * How a user names a model: {@code DIR} (a checkpoint's folder, or a run's folder, which stands for its latest
 * checkpoint), {@code NAME} (of a run in {@code runs/}, where training puts it) or {@code SCHEME:NAME} for a scheme that has a {@link ModelResolver}.
 *
 * @param text as the user wrote it
 */
public record ModelReference(String text) {
    /** Where {@code train --run NAME} puts a run. */
    private static final Path RUNS = Path.of("runs");
    // At least two letters, so that a Windows drive is no scheme.
    private static final Pattern SCHEME = Pattern.compile("([a-z][a-z0-9+.-]+):(.*)");

    /**
     * The checkpoint folder, which has a {@code config.json}.
     *
     * @throws InputException that says what was looked for and what was found
     */
    public Path checkpoint() {
        Path folder = path();
        boolean name = !folder.isAbsolute() && !folder.startsWith("..");
        if (name && !Files.exists(folder) && Files.isDirectory(RUNS.resolve(folder))) {
            folder = RUNS.resolve(folder);
        }
        Matcher scheme = SCHEME.matcher(text);
        if (scheme.matches() && !Files.exists(folder)) {
            return resolver(scheme.group(1)).resolve(scheme.group(2));
        }
        if (!Files.exists(folder)) {
            boolean ofTheHub = text.matches("[\\w.-]+/[\\w.-]+");
            boolean ofAZoo = text.matches("[\\w.-]+:[\\w.-]+:[\\w.-]+");
            throw new InputException(text + ": no such folder" + (name ? ", and none in " + RUNS + "/ of that name" : "") + "; expected a checkpoint or a run" + (ofTheHub ? "; a model of Hugging Face's hub has to be downloaded first"
                    : ofAZoo ? "; a published model is named zoo:" + text : ""));
        }
        if (!Files.isDirectory(folder)) {
            throw new InputException(text + ": is a file; expected the folder of a checkpoint or of a run");
        }
        if (Files.isRegularFile(folder.resolve("config.json"))) {
            return folder;
        }
        if (Files.isDirectory(folder.resolve("checkpoints"))) {
            return RunFolder.latestCheckpoint(folder)
                    .orElseThrow(() -> new InputException(text + ": this run has no checkpoint yet"));
        }
        throw new InputException(text + ": neither a checkpoint (no config.json) nor a run (no checkpoints/)");
    }

    private Path path() {
        try {
            if (!text.isBlank()) {
                return Path.of(text);
            }
        } catch (InvalidPathException e) {
            throw new InputException("an unusable model reference; expected the folder of a checkpoint or of a run", e);
        }
        throw new InputException("the name of the model is empty; expected the folder of a checkpoint or of a run");
    }

    private ModelResolver resolver(String scheme) {
        List<String> known = new ArrayList<>();
        for (ModelResolver resolver : ServiceLoader.load(ModelResolver.class, ModelResolver.class.getClassLoader())) {
            if (resolver.scheme().equals(scheme)) {
                return resolver;
            }
            known.add(resolver.scheme() + ":");
        }
        throw new InputException(text + ": no such folder, and \"" + scheme + ":\" is no known kind of model reference"
                + (known.isEmpty() ? "" : " (known: " + String.join(", ", known) + ")"));
    }
}
