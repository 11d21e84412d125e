package org.lacuna.zoo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.source.Hashes;
import org.lacuna.eval.source.ModelSource;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.zoo.archive.Archive;
import org.lacuna.zoo.format.Facts;
import org.lacuna.zoo.format.Published;
import org.lacuna.zoo.maven.Coordinates;
import org.lacuna.zoo.maven.MavenFile;
import org.lacuna.zoo.maven.MavenRepository;
import org.lacuna.zoo.signature.Signatures;

/**
 * The models of this user and of the repositories that they name. What was pulled lies unpacked in the cache, {@code models[-bf16]/GROUP/NAME/VERSION/HASH/NAME/}, by the hash of its zip; the
 * zips and their checksums in {@code repositories/}.
 */
public final class Zoo {
    /** System property: the cache's folder. Default: {@code ~/.cache/lacuna/zoo}. */
    public static final String CACHE = "lacuna.zoo.cache";
    /** System property: the repository that {@code zoo:GROUP:NAME:VERSION} is looked up in. Default: {@value MavenRepository#OF_USER}. */
    public static final String REPOSITORY = "lacuna.zoo.repository";
    private static final String ZIP = "zip";
    private static final String SIGNATURE = "zip.asc";
    private static final String BF16 = "bf16";
    private static final String MODELS = "models";
    private static final int HASH_DIGITS = 16;

    private final Path cache;
    private final Consumer<String> progress;

    private Zoo(Path cache, Consumer<String> progress) {
        this.cache = cache;
        this.progress = progress;
    }

    /** The user's own; {@code progress} takes a line for each thing done. */
    public static Zoo ofUser(Consumer<String> progress) {
        String named = System.getProperty(CACHE);
        return new Zoo(named == null ? Path.of(System.getProperty("user.home"), ".cache", "lacuna", "zoo") : Path.of(named), progress);
    }

    /** Where a model goes to or comes from. */
    public record Place(String repository, Optional<Path> settings, boolean offline) {
        /** The one that references are looked up in. */
        static Place ofUser() {
            return new Place(System.getProperty(REPOSITORY, MavenRepository.OF_USER), Optional.empty(), false);
        }
    }

    /** Keys and passphrase that a zip is signed with. */
    public record Signer(Path secretKeys, char[] passphrase) {
    }

    private MavenRepository open(Place place) {
        return MavenRepository.open(place.repository(), place.settings(), cache.resolve("repositories"), place.offline());
    }

    /**
     * Publishes a model to a Maven repository, all or nothing: its folder is made and checked, packed, signed, uploaded.
     *
     * @throws InputException that says all that is missing, or that the release is there already
     */
    public void publish(ModelSource source, RobustnessResult measured, Facts facts, boolean bf16, Coordinates coordinates, Place place, Optional<Signer> signer) {
        Path work = temporary();
        try {
            Path folder = work.resolve("model");
            Published.write(folder, coordinates.name(), source, measured, facts, bf16);
            progress.accept("checked: " + coordinates + ", its sums, card and self-test");
            Path zip = work.resolve("model.zip");
            Archive.pack(folder, zip);
            List<MavenFile> files = new ArrayList<>(List.of(new MavenFile(bf16 ? BF16 : "", ZIP, zip)));
            if (signer.isPresent()) {
                Path signature = work.resolve("model.zip.asc");
                progress.accept("signed by " + Signatures.sign(zip, signature, signer.get().secretKeys(), signer.get().passphrase()));
                files.add(new MavenFile(bf16 ? BF16 : "", SIGNATURE, signature));
            }
            try (MavenRepository repository = open(place)) {
                repository.deploy(coordinates, files);
            }
            progress.accept("published " + coordinates + (bf16 ? " (bf16)" : "") + " to " + place.repository());
        } finally {
            AtomicFiles.removeFolder(work);
        }
    }

    /**
     * Refuses to publish a release that is there already, before the work of it; {@link #publish} asks again.
     *
     * @throws InputException if it is there
     */
    public void checkNew(Coordinates coordinates, boolean bf16, Place place) {
        try (MavenRepository repository = open(place)) {
            repository.checkNew(coordinates, bf16 ? BF16 : "", ZIP);
        }
    }

    /** A folder to work in; those of processes that are gone are removed. */
    private Path temporary() {
        Path work = cache.resolve("work");
        try {
            Files.createDirectories(work);
            for (Path other : folders(work)) {
                String process = other.getFileName().toString().split("-", 2)[0];
                if (process.matches("[0-9]{1,18}") && ProcessHandle.of(Long.parseLong(process)).isEmpty()) {
                    AtomicFiles.removeFolder(other);
                }
            }
            return Files.createTempDirectory(work, ProcessHandle.current().pid() + "-");
        } catch (IOException e) {
            throw new RunException(work + ": no folder to work in: " + AtomicFiles.reason(e), e);
        }
    }

    /**
     * Gets a model: from the cache, or the repository; it is checked before anybody sees it.
     *
     * @param publicKeys where they are given, it must be signed by one of them
     * @return its folder in the cache
     * @throws InputException if there is none, or it is not what was published, or a release is another than the one that was pulled by this name before
     */
    public Path pull(Coordinates coordinates, boolean bf16, Place place, Optional<Path> publicKeys) {
        Path zip;
        try (MavenRepository repository = open(place)) {
            zip = repository.fetch(coordinates, bf16 ? BF16 : "", ZIP);
            if (publicKeys.isPresent()) {
                progress.accept("signed by " + Signatures.verify(zip, repository.fetch(coordinates, bf16 ? BF16 : "", SIGNATURE), publicKeys.get()));
            }
        }
        Path folder = home(coordinates, bf16).resolve(Hashes.file(zip).substring(0, HASH_DIGITS)).resolve(coordinates.name());
        if (Files.isDirectory(folder)) {
            verified(folder);
            progress.accept("there already: " + coordinates);
        } else {
            refuseOther(coordinates, bf16, place, zip, folder);
            try {
                Archive.unpack(zip, folder, Published::verify);
            } catch (InputException e) {
                if (!Files.isDirectory(folder)) {
                    forget(zip, place);
                    Pattern unpacked = Pattern.compile(Pattern.quote(folder.getParent().toString()) + "/[^/ :]*[/ ]?");
                    throw e.map(problem -> place.repository() + ": " + coordinates + ": " + unpacked.matcher(problem).replaceAll(""));
                }
                verified(folder); // another process was quicker
            }
            progress.accept("pulled " + coordinates + " from " + place.repository());
        }
        touch(folder);
        return folder;
    }

    /** A release is one model for good: another repository's of the same name does not take the place of the one that {@code zoo:} names here. */
    private void refuseOther(Coordinates coordinates, boolean bf16, Place place, Path zip, Path folder) {
        List<Path> others = folders(home(coordinates, bf16)).stream().flatMap(hash -> folders(hash).stream()).filter(other -> !other.equals(folder)).toList();
        if (!coordinates.isSnapshot() && !others.isEmpty()) {
            forget(zip, place);
            throw new InputException(place.repository() + ": its " + coordinates + (bf16 ? " (bf16)" : "") + " is another model than the one that was pulled by this name before, which is in "
                    + others.get(0) + "; a release never changes, so one of the two is not what it says. To take this one from now on, remove that folder first");
        }
    }

    /** What is no model is not kept in the cache, so that another try asks the repository. */
    private static void forget(Path zip, Place place) {
        try {
            if (!place.repository().equals(MavenRepository.OF_USER) && !place.offline()) {
                Files.deleteIfExists(zip);
            }
        } catch (IOException e) {
            throw new RunException(zip + ": can't be removed: " + AtomicFiles.reason(e), e);
        }
    }

    private static Path verified(Path folder) {
        try {
            Published.verify(folder);
            return folder;
        } catch (InputException e) {
            throw e.map(problem -> problem + "; remove " + folder + ", then pull the model again");
        }
    }

    /** The one pulled last counts. */
    private static void touch(Path folder) {
        try {
            Files.setLastModifiedTime(folder, FileTime.fromMillis(System.currentTimeMillis()));
        } catch (IOException e) {
            throw new RunException(folder + ": can't be written: " + AtomicFiles.reason(e), e);
        }
    }

    /** The folder of the versions of one model that were pulled. */
    private Path home(Coordinates coordinates, boolean bf16) {
        return cache.resolve(bf16 ? MODELS + "-" + BF16 : MODELS).resolve(coordinates.group()).resolve(coordinates.name()).resolve(coordinates.version());
    }

    /** What was pulled last of a version, if anything was. */
    public Optional<Path> pulled(Coordinates coordinates) {
        return folders(home(coordinates, false)).stream().flatMap(hash -> folders(hash).stream()).max(Comparator.comparing((Path path) -> path.toFile().lastModified()));
    }

    /**
     * The checked folder of a model for other commands: what was pulled, else from the user's repository.
     *
     * @throws InputException if there is none
     */
    Path resolve(Coordinates coordinates) {
        Optional<Path> there = pulled(coordinates);
        if (there.isPresent()) {
            return verified(there.get());
        }
        try {
            return pull(coordinates, false, Place.ofUser(), Optional.empty());
        } catch (InputException e) {
            throw e.map(problem -> problem + "; pull it first from where it is: zoo pull " + coordinates + " --repository REPOSITORY");
        }
    }

    /** What was pulled, as {@code group:name:version}, and {@code (bf16)} behind it where it is that. */
    public List<String> pulled() {
        List<String> found = new ArrayList<>();
        for (String models : List.of(MODELS, MODELS + "-" + BF16)) {
            for (Path group : folders(cache.resolve(models))) {
                for (Path name : folders(group)) {
                    folders(name).stream().filter(version -> !folders(version).isEmpty()).forEach(version -> found.add(group.getFileName() + ":" + name.getFileName() + ":"
                            + version.getFileName() + (models.equals(MODELS) ? "" : " (" + BF16 + ")")));
                }
            }
        }
        return found;
    }

    /**
     * The versions of a model in a repository, oldest first.
     *
     * @throws InputException if the repository is a folder that is not there
     */
    public List<String> versions(String group, String name, Place place) {
        try (MavenRepository repository = open(place)) {
            repository.checkThere();
            return repository.versions(group, name);
        }
    }

    private static List<Path> folders(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(Files::isDirectory).filter(path -> !path.getFileName().toString().startsWith(".")).sorted().toList();
        } catch (IOException e) {
            throw new RunException(folder + ": can't be read: " + AtomicFiles.reason(e), e);
        }
    }
}
