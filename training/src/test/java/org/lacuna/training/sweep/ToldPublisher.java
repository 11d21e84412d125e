package org.lacuna.training.sweep;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.lacuna.run.folder.ModelPublisher;

/** Publishes nothing and tells what it was given. */
public final class ToldPublisher implements ModelPublisher {
    @Override
    public void publish(Path model, String coordinates, String repository, List<String> settings, Consumer<String> progress) {
        progress.accept(model + " " + coordinates + " " + repository + " " + settings);
    }
}
