package org.lacuna.run.folder;

import java.nio.file.Path;

/**
 * Resolves the model references of one scheme ({@code zoo:NAME}) to a folder on this machine. Implementations
 * are found by {@link java.util.ServiceLoader}: a module adds one by a class and a line in
 * {@code META-INF/services/org.lacuna.run.folder.ModelResolver}.
 */
public interface ModelResolver {
    /** What stands before the colon, lower case. */
    String scheme();

    /**
     * The checkpoint folder for what stands after the colon.
     *
     * @throws org.lacuna.run.InputException if there is no such model
     */
    Path resolve(String name);
}
