package org.lacuna.zoo.maven;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.AtomicFiles;

/**
 * A folder that is a Maven repository. The resolver writes files in place, so a crash would leave half of one: what is published goes into a folder
 * of its own first and is renamed into the repository file by file, the list of versions last. One publisher at a time.
 */
final class FolderRepository {
    private static final String LOCK = ".lacuna-publish.lock";
    private static final String STAGING = ".tmp-staging";
    private static final String METADATA = "maven-metadata.xml";

    private final Path root;
    private final Path staging;

    private FolderRepository(Path root) {
        this.root = root;
        staging = root.resolve(STAGING);
    }

    /** Publishes into the folder that {@link #stage} gives. */
    interface Publisher {
        void publish(FolderRepository repository) throws IOException;
    }

    static void locked(Path root, Publisher publisher) {
        try {
            alone(root, () -> {
                FolderRepository repository = new FolderRepository(root);
                repository.clear(); // what a publisher that was killed left
                try {
                    publisher.publish(repository);
                    repository.publish();
                } finally {
                    repository.clear();
                }
            });
        } catch (IOException e) {
            throw new RunException(root + ": can't be published to: " + AtomicFiles.reason(e), e);
        }
    }

    /** What is done while no other process of Lacuna's publishes into a folder. */
    interface Publishing {
        void run() throws IOException;
    }

    static void alone(Path root, Publishing publishing) throws IOException {
        Files.createDirectories(root);
        try (FileChannel lock = FileChannel.open(root.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            lock.lock();
            publishing.run();
        }
    }

    /** Removes what is staged and nothing else, whatever is there by that name. */
    private void clear() {
        if (Files.exists(staging, LinkOption.NOFOLLOW_LINKS)) {
            AtomicFiles.removeFolder(staging);
        }
    }

    /** A repository that has of this one only the lists of versions that are to be added to. */
    Path stage(Coordinates coordinates) throws IOException {
        Path name = Path.of(coordinates.group().replace('.', '/'), coordinates.name());
        for (Path folder : List.of(name, name.resolve(coordinates.version()))) {
            Files.createDirectories(staging.resolve(folder));
            try (Stream<Path> files = Files.exists(root.resolve(folder)) ? Files.list(root.resolve(folder)) : Stream.of()) {
                for (Path file : files.filter(FolderRepository::isMetadata).toList()) {
                    Files.copy(file, staging.resolve(folder).resolve(file.getFileName()));
                }
            }
        }
        return staging;
    }

    /** Files first, then the version's list, then the name's; a list's checksums after it. */
    private void publish() throws IOException {
        List<Path> files;
        try (Stream<Path> tree = Files.walk(staging)) {
            files = tree.filter(Files::isRegularFile).map(staging::relativize)
                    .sorted(Comparator.comparing(FolderRepository::isMetadata).thenComparing(Path::getNameCount, Comparator.reverseOrder())
                            .thenComparing(Path::toString)).toList();
        }
        for (Path file : files) {
            try (FileChannel written = FileChannel.open(staging.resolve(file), StandardOpenOption.READ)) {
                written.force(true);
            }
            Files.createDirectories(root.resolve(file).getParent());
            Files.move(staging.resolve(file), root.resolve(file), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static boolean isMetadata(Path file) {
        return file.getFileName().toString().startsWith(METADATA);
    }
}
