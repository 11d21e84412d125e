package org.lacuna.zoo;

import java.nio.file.Path;
import org.lacuna.run.folder.ModelResolver;
import org.lacuna.zoo.maven.Coordinates;

/** {@code zoo:GROUP:NAME:VERSION} wherever a model's folder may stand. */
public final class ZooResolver implements ModelResolver {
    @Override
    public String scheme() {
        return "zoo";
    }

    @Override
    public Path resolve(String name) {
        return Zoo.ofUser(line -> { }).resolve(Coordinates.parse(name));
    }
}
