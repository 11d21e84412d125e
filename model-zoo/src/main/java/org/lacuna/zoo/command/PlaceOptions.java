package org.lacuna.zoo.command;

import java.nio.file.Path;
import java.util.Optional;
import org.lacuna.zoo.Zoo.Place;
import org.lacuna.zoo.maven.MavenRepository;
import picocli.CommandLine.Option;

/** Which repository. */
final class PlaceOptions {
    @Option(names = "--repository", paramLabel = "DIR|URL",
            description = "A Maven repository: a folder, an address, " + MavenRepository.OF_USER + ", or ID::ADDRESS with the <server> of settings.xml whose user and password are sent.")
    String repository;

    @Option(names = "--settings", paramLabel = "FILE", description = "Maven's settings.xml. Default: ~/.m2/settings.xml.")
    private Path settings;

    @Option(names = "--offline", description = "Take what was fetched before, ask no repository.")
    private boolean offline;

    Place place() {
        return new Place(repository == null ? MavenRepository.OF_USER : repository, Optional.ofNullable(settings), offline);
    }
}
