package org.lacuna.zoo.maven;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.maven.artifact.repository.metadata.Snapshot;
import org.apache.maven.artifact.repository.metadata.Versioning;
import org.apache.maven.artifact.repository.metadata.io.xpp3.MetadataXpp3Reader;
import org.apache.maven.repository.internal.MavenRepositorySystemUtils;
import org.codehaus.plexus.util.xml.pull.XmlPullParserException;
import org.eclipse.aether.DefaultRepositorySystemSession;
import org.eclipse.aether.RepositorySystem;
import org.eclipse.aether.artifact.Artifact;
import org.eclipse.aether.artifact.DefaultArtifact;
import org.eclipse.aether.deployment.DeployRequest;
import org.eclipse.aether.deployment.DeploymentException;
import org.eclipse.aether.installation.InstallRequest;
import org.eclipse.aether.installation.InstallationException;
import org.eclipse.aether.metadata.DefaultMetadata;
import org.eclipse.aether.metadata.Metadata;
import org.eclipse.aether.repository.LocalRepository;
import org.eclipse.aether.repository.RemoteRepository;
import org.eclipse.aether.repository.RepositoryPolicy;
import org.eclipse.aether.resolution.ArtifactRequest;
import org.eclipse.aether.resolution.ArtifactResolutionException;
import org.eclipse.aether.resolution.MetadataRequest;
import org.eclipse.aether.resolution.MetadataResult;
import org.eclipse.aether.resolution.VersionRequest;
import org.eclipse.aether.resolution.VersionResolutionException;
import org.eclipse.aether.resolution.VersionResult;
import org.eclipse.aether.util.repository.SimpleResolutionErrorPolicy;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.Destination;

/**
 * A Maven repository to publish to and to fetch from: a folder, an address (Nexus, Artifactory, …), or Maven's own of this user. Uploads and
 * downloads are Maven Resolver's, with user, password, mirrors and proxies of {@code settings.xml}.
 *
 * <p>A version is there when the repository's {@code maven-metadata.xml} names it. That file is uploaded last, so an upload that was cut off is not
 * there yet and is made whole by publishing again.
 */
public final class MavenRepository implements AutoCloseable {
    /** Names Maven's own repository of this user, where {@code mvn install} puts things. */
    public static final String OF_USER = "~/.m2";

    /** As Maven names a repository and its place: the id is the server's in settings.xml. */
    private static final Pattern WITH_ID = Pattern.compile("([A-Za-z0-9._-]{1,100})::(.+)");
    private static final Pattern URL = Pattern.compile("(https?|file):.*", Pattern.CASE_INSENSITIVE);
    private static final String METADATA = "maven-metadata.xml";
    static final int MAX_METADATA_BYTES = 4 << 20;
    private static final int MOST_PORT = 65_535;
    private static final int CONNECT_MILLISECONDS = 15_000;
    private static final int ANSWER_MILLISECONDS = 60_000;

    private final String place;
    private final boolean ofUser;
    private final Optional<Path> folder;
    private final RepositorySystem system;
    private final DefaultRepositorySystemSession session;
    private final RemoteRepository remote;
    private final TransferErrors errors;

    private MavenRepository(String id, String place, MavenSettings settings, Path cache, boolean offline) {
        this.place = place;
        ofUser = place.equals(OF_USER);
        folder = folder(place);
        String url = folder.map(MavenRepository::url).orElse(place);
        system = new ResumingSystem().get();
        // What is cached of one repository is no answer for another.
        session = session(ofUser ? settings.localRepository()
                : cache.resolve(digest("SHA-256", url.getBytes(StandardCharsets.UTF_8)).substring(0, 16)));
        session.setOffline(offline || ofUser);
        settings.applyTo(session);
        remote = new RemoteRepository.Builder(id, "default", url).build();
        errors = new TransferErrors(place, id, settings);
    }

    /**
     * Opens a repository; nothing is read or written yet.
     *
     * @param place a folder, a URL (http, https or file), {@value #OF_USER}, or {@code ID::} and one of them, where ID is the {@code <server>} of
     *         settings.xml whose user and password are sent; without one it is the URL's host
     * @param settingsFile Maven's settings.xml, empty for the user's own
     * @param cache the folder that keeps what was fetched
     * @param offline answers from the cache alone
     */
    public static MavenRepository open(String place, Optional<Path> settingsFile, Path cache, boolean offline) {
        MavenSettings settings = settingsFile.map(MavenSettings::read).orElseGet(MavenSettings::ofUser);
        Matcher named = WITH_ID.matcher(place);
        boolean hasId = named.matches();
        String where = hasId ? named.group(2) : place;
        return new MavenRepository(hasId ? named.group(1) : host(where), where, settings, cache, offline);
    }

    /**
     * Publishes all files as one version, with a minimal POM, their SHA-256 and what else Maven keeps beside them; or beside what is there of a
     * release by other classifiers, which stays as it is.
     *
     * @throws InputException if one of the files of a release is there already, or the repository refuses the user
     */
    public void deploy(Coordinates coordinates, List<MavenFile> files) {
        if (ofUser) {
            install(coordinates, files);
        } else if (folder.isPresent()) {
            Destination.checkFolder(folder.get());
            FolderRepository.locked(folder.get(), staging -> {
                boolean beside = checkNew(coordinates, files);
                RemoteRepository staged = new RemoteRepository.Builder(remote.getId(), "default", url(staging.stage(coordinates))).build();
                upload(coordinates, files, beside, staged);
            });
        } else {
            if (session.isOffline()) {
                throw new InputException(place + ": can't publish there offline");
            }
            boolean beside = checkNew(coordinates, files);
            upload(coordinates, files, beside, system.newDeploymentRepository(session, remote));
        }
    }

    /**
     * Gets one file, from the cache or the repository, and checks it against the repository's checksum. A zip's download that was cut off goes on
     * where it was.
     *
     * @param classifier empty for the main one
     * @return the file in the cache, not to be changed
     * @throws InputException if there is no such version or file, or offline not in the cache, or what came is not what was published
     */
    public Path fetch(Coordinates coordinates, String classifier, String extension) {
        Artifact artifact = new DefaultArtifact(coordinates.group(), coordinates.name(), classifier, extension, coordinates.version());
        if (coordinates.isSnapshot() || session.isOffline()) {
            return session.isOffline() ? cached(artifact, resolveVersion(artifact)).orElseThrow(() -> new InputException(place
                    + ": " + describe(artifact)
                    + " is not " + (ofUser ? "there; name the repository that has it by --repository" : "in the cache, and offline nothing else is asked"))) : resolve(resolveVersion(artifact));
        }
        Optional<Path> kept = cached(artifact, artifact);
        if (kept.isPresent()) {
            return kept.get();
        }
        List<String> versions = versions(coordinates.group(), coordinates.name());
        if (!versions.contains(coordinates.version())) {
            throw new InputException(place + ": there is no " + coordinates + (versions.isEmpty() ? "; no version of it is published there"
                    : "; there are the versions " + String.join(", ", versions)));
        }
        return resolve(artifact);
    }

    /**
     * Refuses a folder that is not there: nothing was published to it, but that is not what a name with a slip of the pen means. Offline the cache may answer for it.
     *
     * @throws InputException if it is missing, or a file
     */
    public void checkThere() {
        folder.filter(path -> !Files.isDirectory(path) && !session.isOffline()).ifPresent(path -> {
            throw new InputException(place + ": " + (Files.exists(path) ? "is a file" : "no such folder") + "; expected the folder of a Maven repository, or its address");
        });
    }

    /** The versions that are there, oldest first; none if nothing was published by that name. */
    public List<String> versions(String group, String name) {
        Coordinates.checkPart(group, group + ":" + name);
        Coordinates.checkPart(name, group + ":" + name);
        String what = "list of versions of " + group + ":" + name;
        Versioning versioning = versioning(new DefaultMetadata(group, name, METADATA, Metadata.Nature.RELEASE_OR_SNAPSHOT), what).orElse(null);
        return versioning == null ? List.of() : versioning.getVersions().stream().filter(Coordinates::isVersion).toList();
    }

    /** What the repository says of versions or uploads; empty if it has no such list. */
    private Optional<Versioning> versioning(Metadata metadata, String what) {
        MetadataRequest request = new MetadataRequest(metadata, ofUser ? null : readable(RepositoryPolicy.CHECKSUM_POLICY_WARN), "");
        MetadataResult result = system.resolveMetadata(session, List.of(request)).get(0);
        if (result.getException() != null && !TransferErrors.notFound(List.of(result.getException())) && !session.isOffline()) {
            throw errors.of("its list of versions can't be read", result.getException());
        }
        if (!result.isResolved()) {
            return Optional.empty();
        }
        Path file = result.getMetadata().getFile().toPath();
        try (InputStream in = Files.newInputStream(file)) {
            if (Files.size(file) > MAX_METADATA_BYTES) {
                throw new InputException(place + ": its " + what + " is longer than " + MAX_METADATA_BYTES + " bytes");
            }
            Versioning versioning = new MetadataXpp3Reader().read(in, false).getVersioning();
            if (versioning == null) {
                // A page that asks for a password, say: not that nothing was published, which would allow to replace what was.
                throw new InputException(place + ": its " + what + " is damaged: it has no versions, as Maven's maven-metadata.xml has");
            }
            return Optional.of(versioning);
        } catch (XmlPullParserException | EOFException e) {
            throw new InputException(place + ": its " + what + " is damaged, no maven-metadata.xml as Maven writes it", e);
        } catch (IOException e) {
            throw new RunException(place + ": its " + what + " can't be read: " + AtomicFiles.reason(e), e);
        }
    }

    @Override
    public void close() {
        system.shutdown();
    }

    /**
     * Refuses to publish what is there already: asked before the work whose result would be published, and {@link #deploy} asks again.
     *
     * @throws InputException if a release has such a file, or no further snapshot can be numbered
     */
    public void checkNew(Coordinates coordinates, String classifier, String extension) {
        checkNew(coordinates, List.of(new MavenFile(classifier, extension, Path.of(""))));
    }

    /** Whether the files come beside others of a release; throws if one of them is there. */
    private boolean checkNew(Coordinates coordinates, List<MavenFile> files) {
        if (coordinates.isSnapshot() && !ofUser) {
            checkUploads(coordinates);
        }
        if (coordinates.isSnapshot() || !versions(coordinates.group(), coordinates.name()).contains(coordinates.version())) {
            return false;
        }
        if (files.stream().anyMatch(file -> isThere(coordinates, file))) {
            throw new InputException(place + ": " + coordinates
                    + " is published already, and a release is never replaced; give it another version, or one that "
                    + "ends in -SNAPSHOT while it may change");
        }
        return true;
    }

    /** A snapshot's uploads are numbered by an int, and the resolver adds to the last one's number whatever it is. */
    private void checkUploads(Coordinates coordinates) {
        Metadata uploads = new DefaultMetadata(coordinates.group(), coordinates.name(), coordinates.version(), METADATA, Metadata.Nature.SNAPSHOT);
        versioning(uploads, "list of uploads of " + coordinates).map(Versioning::getSnapshot).map(Snapshot::getBuildNumber).filter(number -> number < 0 || number == Integer.MAX_VALUE)
                .ifPresent(number -> {
                    throw new InputException(place + ": its list of uploads of " + coordinates + " says that the last one has the number " + number + ", after which there is none; the repository is damaged"
                            + ": give another version");
                });
    }

    private boolean isThere(Coordinates coordinates, MavenFile file) {
        if (ofUser || folder.isPresent()) {
            Path base = ofUser ? session.getLocalRepository().getBasedir().toPath() : folder.get();
            String name = coordinates.name() + "-" + coordinates.version() + (file.classifier().isEmpty() ? "" : "-" + file.classifier()) + "." + file.extension();
            return Files.exists(base.resolve(coordinates.group().replace('.', '/')).resolve(coordinates.name()).resolve(coordinates.version()).resolve(name));
        }
        boolean[] there = {true};
        withWork(work -> {
            // The checksum that was uploaded beside it tells, and is small; the cache is not asked, and does not keep the answer.
            DefaultRepositorySystemSession asking = new DefaultRepositorySystemSession(session);
            asking.setLocalRepositoryManager(system.newLocalRepositoryManager(asking, new LocalRepository(work.resolve("repository").toFile())));
            Artifact sum = new DefaultArtifact(coordinates.group(), coordinates.name(), file.classifier(), file.extension() + ".sha1", coordinates.version());
            try {
                system.resolveArtifact(asking, new ArtifactRequest(sum, List.of(readable(RepositoryPolicy.CHECKSUM_POLICY_IGNORE)), ""));
            } catch (ArtifactResolutionException e) {
                if (!TransferErrors.notFound(e.getResult().getExceptions())) {
                    throw errors.of(describe(sum) + " can't be looked for", e);
                }
                there[0] = false;
            }
        });
        return there[0];
    }

    private void upload(Coordinates coordinates, List<MavenFile> files, boolean beside, RemoteRepository target) {
        withWork(work -> {
            // The list of versions as it will be is kept out of the cache until it is that.
            DefaultRepositorySystemSession uploading = new DefaultRepositorySystemSession(session);
            uploading.setOffline(false);
            uploading.setLocalRepositoryManager(system.newLocalRepositoryManager(uploading,
                    new LocalRepository(work.resolve("repository").toFile())));
            try {
                system.deploy(uploading, new DeployRequest().setRepository(target).setArtifacts(artifacts(coordinates, files, beside, work)));
            } catch (DeploymentException e) {
                throw errors.of(coordinates + " can't be published", e);
            }
        });
    }

    private void install(Coordinates coordinates, List<MavenFile> files) {
        withWork(work -> FolderRepository.alone(session.getLocalRepository().getBasedir().toPath(), () -> {
            boolean beside = checkNew(coordinates, files);
            try {
                system.install(session, new InstallRequest().setArtifacts(artifacts(coordinates, files, beside, work)));
            } catch (InstallationException e) {
                throw errors.of(coordinates + " can't be installed", e);
            }
        }));
    }

    private interface Work {
        void in(Path work) throws IOException;
    }

    private void withWork(Work work) {
        try {
            Path folder = Files.createTempDirectory("lacuna-publish");
            try {
                work.in(folder);
            } finally {
                AtomicFiles.removeFolder(folder);
            }
        } catch (IOException e) {
            throw new RunException(place + ": can't be published to: " + AtomicFiles.reason(e), e);
        }
    }

    private static List<Artifact> artifacts(Coordinates coordinates, List<MavenFile> files, boolean beside, Path work) throws IOException {
        List<Artifact> artifacts = new ArrayList<>();
        if (!beside) {
            Path pom = work.resolve("model.pom");
            Files.writeString(pom, pom(coordinates));
            artifacts.add(new DefaultArtifact(coordinates.group(), coordinates.name(), "pom", coordinates.version()).setFile(pom.toFile()));
        }
        for (MavenFile file : files) {
            artifacts.add(new DefaultArtifact(coordinates.group(), coordinates.name(), file.classifier(), file.extension(), coordinates.version())
                    .setFile(file.path().toFile()));
        }
        return artifacts;
    }

    private static String pom(Coordinates coordinates) {
        return """
                <?xml version="1.0" encoding="UTF-8"?>
                <project xmlns="http://maven.apache.org/POM/4.0.0">
                  <modelVersion>4.0.0</modelVersion>
                  <groupId>%s</groupId>
                  <artifactId>%s</artifactId>
                  <version>%s</version>
                  <packaging>zip</packaging>
                </project>
                """.formatted(coordinates.group(), coordinates.name(), coordinates.version());
    }

    /** With the timestamp of the last upload in place of {@code SNAPSHOT}, of one upload for all files. */
    private Artifact resolveVersion(Artifact artifact) {
        try {
            VersionRequest request = new VersionRequest(artifact, ofUser ? List.of() : List.of(readable(RepositoryPolicy.CHECKSUM_POLICY_WARN)), "");
            VersionResult result = system.resolveVersion(session, request);
            Optional<Exception> failure = result.getExceptions().stream().filter(e -> !TransferErrors.notFound(List.of(e))).findFirst();
            if (!session.isOffline() && failure.isPresent()) {
                throw errors.of(describe(artifact) + " can't be found", failure.get());
            }
            // A stranger's list names the last upload of a snapshot, which becomes a part of paths and addresses.
            if (!Coordinates.isVersion(result.getVersion())) {
                throw new InputException(place + ": its list of uploads of " + describe(artifact) + " names what is no version; the repository is damaged, or not to be trusted");
            }
            return artifact.setVersion(result.getVersion());
        } catch (VersionResolutionException e) {
            throw errors.of(describe(artifact) + " can't be found", e);
        }
    }

    private Path resolve(Artifact artifact) {
        try {
            Path file = system.resolveArtifact(session, request(artifact)).getArtifact().getFile().toPath();
            if (!isWhole(file)) {
                // It was in the cache and changed there.
                Files.delete(file);
                return system.resolveArtifact(session, request(artifact)).getArtifact().getFile().toPath();
            }
            return file;
        } catch (ArtifactResolutionException e) {
            if (TransferErrors.notFound(e.getResult().getExceptions())) {
                throw new InputException(place + ": there is no " + describe(artifact), e);
            }
            throw errors.of(describe(artifact) + " can't be fetched", e);
        } catch (IOException e) {
            throw new RunException(place + ": " + describe(artifact) + " can't be kept in the cache: " + AtomicFiles.reason(e), e);
        }
    }

    /** The file if it is in the cache as it came. */
    private Optional<Path> cached(Artifact told, Artifact artifact) {
        DefaultRepositorySystemSession offline = new DefaultRepositorySystemSession(session);
        offline.setOffline(true);
        try {
            Path file = system.resolveArtifact(offline, request(artifact)).getArtifact().getFile().toPath();
            if (isWhole(file)) {
                return Optional.of(file);
            }
            if (session.isOffline()) {
                throw new InputException(file + ": changed since it was fetched (" + describe(told) + "); delete it and fetch it again");
            }
            Files.delete(file);
            return Optional.empty();
        } catch (ArtifactResolutionException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new RunException(place + ": the cache can't be read: " + AtomicFiles.reason(e), e);
        }
    }

    /** Whether a file of the cache is the one whose checksum was kept beside it, if one was. */
    private static boolean isWhole(Path file) throws IOException {
        for (String algorithm : List.of("SHA-256", "SHA-1")) {
            Path sum = file.resolveSibling(file.getFileName() + "." + algorithm.replace("-", "").toLowerCase(Locale.ROOT));
            if (Files.exists(sum)) {
                return Files.size(sum) < 1000 && Files.readString(sum, StandardCharsets.ISO_8859_1).strip().equalsIgnoreCase(digest(algorithm, file));
            }
        }
        return true;
    }

    private ArtifactRequest request(Artifact artifact) {
        return new ArtifactRequest(artifact, ofUser ? List.of() : List.of(readable(RepositoryPolicy.CHECKSUM_POLICY_FAIL)), "");
    }

    /**
     * The repository to read from. A publisher that was killed can leave a list of versions and its checksum apart, which is no reason to see no
     * version; files are refused without theirs.
     */
    private RemoteRepository readable(String checksums) {
        RemoteRepository checked = new RemoteRepository.Builder(remote)
                .setPolicy(new RepositoryPolicy(true, RepositoryPolicy.UPDATE_POLICY_ALWAYS, checksums)).build();
        return folder.isPresent() ? checked : system.newResolutionRepositories(session, List.of(checked)).get(0);
    }

    private DefaultRepositorySystemSession session(Path local) {
        DefaultRepositorySystemSession made = MavenRepositorySystemUtils.newSession();
        made.setConfigProperty("aether.checksums.algorithms", "SHA-256,SHA-1,MD5");
        made.setConfigProperty("aether.connector.connectTimeout", CONNECT_MILLISECONDS);
        made.setConfigProperty("aether.connector.requestTimeout", ANSWER_MILLISECONDS);
        // What a repository answered before is asked again: another may have published since, or the password be right now.
        made.setConfigProperty("aether.updateCheckManager.sessionState", "bypass");
        made.setResolutionErrorPolicy(new SimpleResolutionErrorPolicy(false, false));
        made.setLocalRepositoryManager(system.newLocalRepositoryManager(made, new LocalRepository(local.toFile())));
        return made;
    }

    private static String describe(Artifact artifact) {
        return artifact.getGroupId() + ":" + artifact.getArtifactId() + ":" + artifact.getVersion() + " (" + artifact.getExtension()
                + (artifact.getClassifier().isEmpty() ? "" : ", " + artifact.getClassifier()) + ")";
    }

    private static Optional<Path> folder(String place) {
        if (place.equals(OF_USER)) {
            return Optional.empty();
        }
        if (!URL.matcher(place).matches()) {
            if (place.contains("://")) {
                throw new InputException(place + ": expected a folder, or an address that begins with http://, https:// or file:");
            }
            return Optional.of(folderAt(place, place));
        }
        return uri(place).getScheme().equalsIgnoreCase("file") ? Optional.of(folderAt(place, uri(place).getPath())) : Optional.empty();
    }

    /** A folder as the resolver's transport by files reads it: a letter that is not ASCII as itself, since it takes each encoded byte for one. */
    private static String url(Path folder) {
        return "file://" + folder.toString().replace("%", "%25");
    }

    private static Path folderAt(String place, String path) {
        try {
            Path folder = Path.of(path).toAbsolutePath().normalize();
            if (path.isBlank() || (Files.exists(folder) || Files.isSymbolicLink(folder)) && !Files.isDirectory(folder)) {
                throw new InputException("'" + place + "': expected a folder, or an address that begins with http://, https:// or file:");
            }
            return folder;
        } catch (InvalidPathException e) {
            throw new InputException("'" + place.replaceAll("\\p{Cntrl}", "?") + "': is no folder's path", e);
        }
    }

    private static String host(String place) {
        String host = place.equals(OF_USER) || !URL.matcher(place).matches() ? null : uri(place).getHost();
        return host == null ? "folder" : host;
    }

    private static URI uri(String place) {
        try {
            URI uri = new URI(place);
            if (uri.getUserInfo() != null) {
                throw new InputException("an address with a user or a password in it is not used, "
                        + "since it would be seen; put them into Maven's settings.xml");
            }
            if (uri.getPort() > MOST_PORT || uri.getPath() == null || !uri.getScheme().equalsIgnoreCase("file") && uri.getHost() == null) {
                throw new InputException(place + ": is no address");
            }
            return uri;
        } catch (URISyntaxException e) {
            throw new InputException(place + ": is no address: " + e.getReason(), e);
        }
    }

    private static String digest(String algorithm, Path file) throws IOException {
        MessageDigest digest = start(algorithm);
        try (InputStream in = Files.newInputStream(file)) {
            byte[] buffer = new byte[1 << 16];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                digest.update(buffer, 0, read);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static String digest(String algorithm, byte[] bytes) {
        return HexFormat.of().formatHex(start(algorithm).digest(bytes));
    }

    private static MessageDigest start(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has " + algorithm, e);
        }
    }
}
