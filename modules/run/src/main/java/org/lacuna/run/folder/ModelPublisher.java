package org.lacuna.run.folder;

import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;
import java.util.function.Consumer;
import org.lacuna.run.InputException;

/**
 * Publishes a model, for commands that find one worth publishing. The implementation is found by
 * {@link ServiceLoader}, so that they need not know the zoo.
 */
public interface ModelPublisher {
    /**
     * Publishes all or nothing.
     *
     * @param model a run's folder or a checkpoint's
     * @param coordinates {@code group:name:version}; a version that ends in {@code -SNAPSHOT} may be replaced, no other
     * @param repository a Maven repository, its folder or URL
     * @param settings {@code KEY=VALUE} of what the files can't tell: {@code license}, {@code intendedUse}, {@code limits}
     * @param progress takes a line for each thing done
     * @throws InputException that says all that is missing
     */
    void publish(Path model, String coordinates, String repository, List<String> settings, Consumer<String> progress);

    /** The one on the class path. */
    static ModelPublisher find() {
        return ServiceLoader.load(ModelPublisher.class, ModelPublisher.class.getClassLoader()).findFirst()
                .orElseThrow(() -> new InputException("nothing on the class path publishes models; lacuna-zoo does"));
    }
}
