package org.lacuna.zoo.maven;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.eclipse.aether.spi.connector.transport.GetTask;
import org.eclipse.aether.spi.connector.transport.Transporter;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;
import org.sonatype.plexus.components.cipher.DefaultPlexusCipher;

class MavenRepositoryTest {
    private static final Coordinates RELEASE = Coordinates.parse("org.example:tiny:1.0");
    private static final Coordinates SNAPSHOT = Coordinates.parse("org.example:tiny:2.0-SNAPSHOT");

    @TempDir
    Path temp;
    private Path zip;
    private byte[] content;

    @BeforeEach
    void makeFile() throws IOException {
        content = new byte[300_000];
        new Random(1).nextBytes(content);
        zip = Files.write(temp.resolve("model.zip"), content);
    }

    @Test
    void publishesToAFolder() throws IOException {
        Path signature = Files.writeString(temp.resolve("model.asc"), "signature");
        try (MavenRepository repository = open(temp.resolve("repo").toString(), "cache")) {
            assertEquals(List.of(), repository.versions("org.example", "tiny"));
            repository.deploy(RELEASE, List.of(new MavenFile("", "zip", zip), new MavenFile("bf16", "zip", signature), new MavenFile("", "zip.asc",
                    signature)));
            assertArrayEquals(content, Files.readAllBytes(repository.fetch(RELEASE, "", "zip")));
            assertEquals("signature", Files.readString(repository.fetch(RELEASE, "bf16", "zip")));
            assertEquals("signature", Files.readString(repository.fetch(RELEASE, "", "zip.asc")));
            assertEquals(List.of("1.0"), repository.versions("org.example", "tiny"));
            assertRefused("there is no org.example:tiny:1.0 (zip, f16)", () -> repository.fetch(RELEASE, "f16", "zip"));
            assertRefused("there are the versions 1.0", () -> repository.fetch(Coordinates.parse("org.example:tiny:1.1"), "", "zip"));
            assertRefused("no version of it is published", () -> repository.fetch(Coordinates.parse("org.example:other:1.1"), "", "zip"));
        }
        Path folder = temp.resolve("repo/org/example/tiny/1.0");
        assertTrue(Files.readString(folder.resolve("tiny-1.0.pom")).contains("<packaging>zip</packaging>"));
        assertTrue(Files.exists(folder.resolve("tiny-1.0.zip.sha256")));
        assertEquals(List.of(".lacuna-publish.lock", "org"), names(temp.resolve("repo")));
    }

    @Test
    void aFolderMayBeCalledAnything() throws IOException {
        List<String> calledSo = List.of("modèles 模型", "100% #1?", "a+b%20c");
        for (String name : calledSo) {
            for (String place : List.of(temp.resolve("repos").resolve(name).toString(), temp.resolve("repos").resolve(name).toUri().toString())) {
                try (MavenRepository repository = open(place, "cache")) {
                    if (repository.versions("org.example", "tiny").isEmpty()) {
                        repository.deploy(RELEASE, files());
                    }
                    assertEquals(List.of("1.0"), repository.versions("org.example", "tiny"));
                    assertArrayEquals(content, Files.readAllBytes(repository.fetch(RELEASE, "", "zip")));
                }
            }
            assertTrue(Files.exists(temp.resolve("repos").resolve(name).resolve("org/example/tiny/1.0/tiny-1.0.zip")), name);
        }
        assertEquals(calledSo.stream().sorted().toList(), names(temp.resolve("repos")));
    }

    @Test
    void aReleaseIsNeverReplaced() throws IOException {
        try (MavenRepository repository = open(temp.resolve("repo").toUri().toString(), "cache")) {
            repository.deploy(RELEASE, files());
            change();
            assertRefused("is published already, and a release is never replaced", () -> repository.deploy(RELEASE, files()));
            assertArrayEquals(content, Files.readAllBytes(temp.resolve("repo/org/example/tiny/1.0/tiny-1.0.zip")));
            repository.deploy(Coordinates.parse("org.example:tiny:1.1"), files());
            assertEquals(List.of("1.0", "1.1"), repository.versions("org.example", "tiny"));
        }
    }

    @Test
    void aSnapshotIsReplaced() throws IOException {
        try (MavenRepository repository = open(temp.resolve("repo").toString(), "cache")) {
            repository.deploy(SNAPSHOT, files());
            assertArrayEquals(content, Files.readAllBytes(repository.fetch(SNAPSHOT, "", "zip")));
            byte[] changed = change();
            repository.deploy(SNAPSHOT, files());
            assertArrayEquals(changed, Files.readAllBytes(repository.fetch(SNAPSHOT, "", "zip")));
        }
        try (MavenRepository other = open(temp.resolve("repo").toString(), "other cache")) {
            assertArrayEquals(change(), Files.readAllBytes(other.fetch(SNAPSHOT, "", "zip")));
        }
    }

    /** An upload that was cut off before the list of versions named it. */
    @Test
    void halfAReleaseIsNotThereAndCanBeMadeWhole() throws IOException {
        Path folder = Files.createDirectories(temp.resolve("repo/org/example/tiny/1.0"));
        Files.write(folder.resolve("tiny-1.0.zip"), new byte[10]);
        try (MavenRepository repository = open(temp.resolve("repo").toString(), "cache")) {
            assertRefused("there is no org.example:tiny:1.0", () -> repository.fetch(RELEASE, "", "zip"));
            repository.deploy(RELEASE, files());
            assertArrayEquals(content, Files.readAllBytes(repository.fetch(RELEASE, "", "zip")));
        }
    }

    @Test
    void whatChangedInTheRepositoryIsRefused() throws IOException {
        try (MavenRepository repository = open(temp.resolve("repo").toString(), "cache")) {
            repository.deploy(RELEASE, files());
            Path stored = temp.resolve("repo/org/example/tiny/1.0/tiny-1.0.zip");
            byte[] changed = content.clone();
            changed[1000] ^= 1;
            Files.write(stored, changed);
            assertRefused("what came is not what was published", () -> repository.fetch(RELEASE, "", "zip"));
            Files.write(stored, content);
            assertArrayEquals(content, Files.readAllBytes(repository.fetch(RELEASE, "", "zip")));
            for (String sum : List.of("sha256", "sha1", "md5")) {
                Files.delete(stored.resolveSibling("tiny-1.0.zip." + sum));
            }
        }
        try (MavenRepository repository = open(temp.resolve("repo").toString(), "other cache")) {
            assertRefused("what came is not what was published", () -> repository.fetch(RELEASE, "", "zip"));
        }
    }

    @Test
    void offlineTheCacheAnswers() throws IOException {
        String place = temp.resolve("repo").toString();
        Path cached;
        try (MavenRepository repository = open(place, "cache")) {
            repository.deploy(RELEASE, files());
            repository.deploy(SNAPSHOT, files());
            cached = repository.fetch(RELEASE, "", "zip");
            repository.fetch(SNAPSHOT, "", "zip");
        }
        Files.move(temp.resolve("repo"), temp.resolve("away"));
        try (MavenRepository repository = MavenRepository.open(place, Optional.of(settings("")), temp.resolve("cache"), true)) {
            assertArrayEquals(content, Files.readAllBytes(repository.fetch(RELEASE, "", "zip")));
            assertArrayEquals(content, Files.readAllBytes(repository.fetch(SNAPSHOT, "", "zip")));
            assertRefused("is not in the cache", () -> repository.fetch(RELEASE, "bf16", "zip"));
            Files.write(cached, new byte[5]);
            assertRefused("changed since it was fetched", () -> repository.fetch(RELEASE, "", "zip"));
        }
        Files.move(temp.resolve("away"), temp.resolve("repo"));
        try (MavenRepository repository = open(place, "cache")) {
            assertArrayEquals(content, Files.readAllBytes(repository.fetch(RELEASE, "", "zip")), "fetched again");
        }
        try (MavenRepository other = MavenRepository.open(temp.resolve("other").toString(), Optional.of(settings("")), temp.resolve("cache"), true)) {
            assertRefused("is not in the cache", () -> other.fetch(RELEASE, "", "zip"));
        }
    }

    @Test
    void theUsersOwnRepositoryIsMavens() throws IOException {
        Path settings = settings("<localRepository>" + temp.resolve("m2") + "</localRepository>");
        try (MavenRepository repository = MavenRepository.open(MavenRepository.OF_USER, Optional.of(settings), temp.resolve("cache"), false)) {
            assertRefused("is not there", () -> repository.fetch(RELEASE, "", "zip"));
            repository.deploy(RELEASE, files());
            assertArrayEquals(content, Files.readAllBytes(repository.fetch(RELEASE, "", "zip")));
            assertArrayEquals(content, Files.readAllBytes(temp.resolve("m2/org/example/tiny/1.0/tiny-1.0.zip")));
            assertEquals(List.of("1.0"), repository.versions("org.example", "tiny"));
            assertRefused("never replaced", () -> repository.deploy(RELEASE, files()));
            repository.deploy(SNAPSHOT, files());
            byte[] changed = change();
            repository.deploy(SNAPSHOT, files());
            assertArrayEquals(changed, Files.readAllBytes(repository.fetch(SNAPSHOT, "", "zip")));
        }
    }

    @Test
    void publishesOverHttpAsTheUserOfTheSettings() throws IOException {
        try (HttpRepository server = new HttpRepository(temp.resolve("server"));
                MavenRepository repository = http("models::" + server.url("releases"), "models", HttpRepository.PASSWORD)) {
            repository.deploy(RELEASE, files());
            List<String> puts = server.requests().stream().filter(request -> request.startsWith("PUT")).toList();
            assertTrue(puts.get(puts.size() - 1).startsWith("PUT maven-metadata.xml"), "the list of versions is last: " + puts);
            assertTrue(puts.indexOf("PUT tiny-1.0.zip") < puts.indexOf("PUT maven-metadata.xml"), puts.toString());
            assertArrayEquals(content, Files.readAllBytes(repository.fetch(RELEASE, "", "zip")));
            assertRefused("never replaced", () -> repository.deploy(RELEASE, files()));
            repository.deploy(SNAPSHOT, files());
            byte[] changed = change();
            repository.deploy(SNAPSHOT, files());
            assertArrayEquals(changed, Files.readAllBytes(repository.fetch(SNAPSHOT, "", "zip")));
            assertEquals(List.of("1.0", "2.0-SNAPSHOT"), repository.versions("org.example", "tiny"));
        }
    }

    /** As {@code mvn --encrypt-master-password} and {@code mvn --encrypt-password} write them. */
    @Test
    void encryptedPasswordsAreDecrypted() throws Exception {
        DefaultPlexusCipher cipher = new DefaultPlexusCipher();
        Files.writeString(temp.resolve("settings-security.xml"), "<settingsSecurity><master>" + cipher.encryptAndDecorate("master",
                "settings.security")
                + "</master></settingsSecurity>");
        try (HttpRepository server = new HttpRepository(temp.resolve("server"));
                MavenRepository repository = http(server.url("releases"), "localhost", cipher.encryptAndDecorate(HttpRepository.PASSWORD,
                        "master"))) {
            assertEquals(List.of(), repository.versions("org.example", "tiny"));
            assertEquals(List.of("GET maven-metadata.xml"), server.requests());
        }
        Files.delete(temp.resolve("settings-security.xml"));
        assertRefused("settings.xml", () -> http("http://localhost:1/x", "localhost", cipher.encryptAndDecorate(HttpRepository.PASSWORD, "master")));
    }

    @Test
    void wrongCredentialsAreToldAsSuch() throws IOException {
        try (HttpRepository server = new HttpRepository(temp.resolve("server"))) {
            for (String id : List.of("localhost", "other")) {
                try (MavenRepository repository = http(server.url("releases"), id, "wrong")) {
                    String part = id.equals("localhost") ? "(401) and does not accept the user and password of server 'localhost'"
                            : "has no server with the id 'localhost'";
                    assertRefused(part, () -> repository.deploy(RELEASE, files()));
                    assertRefused(part, () -> repository.fetch(RELEASE, "", "zip"));
                    assertRefused(part, () -> repository.fetch(SNAPSHOT, "", "zip"));
                    assertRefused(part, () -> repository.versions("org.example", "tiny"));
                }
            }
            assertFalse(Files.exists(temp.resolve("server")));
            try (MavenRepository repository = http(server.url("forbidden"), "localhost", HttpRepository.PASSWORD)) {
                assertRefused("forbids it (403)", () -> repository.deploy(RELEASE, files()));
            }
        }
    }

    @Test
    void aDownloadGoesOnWhereItWasCutOff() throws IOException {
        try (HttpRepository server = new HttpRepository(temp.resolve("server"));
                MavenRepository repository = http(server.url("releases"), "localhost", HttpRepository.PASSWORD)) {
            repository.deploy(RELEASE, files());
            server.cutAfter(200_000);
            assertThrows(RunException.class, () -> repository.fetch(RELEASE, "", "zip"));
            server.cutAfter(Long.MAX_VALUE);
            server.requests().clear();
            assertArrayEquals(content, Files.readAllBytes(repository.fetch(RELEASE, "", "zip")));
            assertTrue(server.requests().stream().anyMatch(request -> request.matches("GET tiny-1.0.zip bytes=[1-9][0-9]+-.*")),
                    server.requests().toString());
        }
    }

    /** A part that the server never answers for does not stick. */
    @Test
    void aServerThatHasNoRightAnswerForAPartIsAskedForTheWhole() throws IOException {
        try (HttpRepository server = new HttpRepository(temp.resolve("server"));
                MavenRepository repository = http(server.url("releases"), "localhost", HttpRepository.PASSWORD)) {
            repository.deploy(RELEASE, files());
            server.cutAfter(200_000);
            assertThrows(RunException.class, () -> repository.fetch(RELEASE, "", "zip"));
            server.wrongRange("bytes 17-20/300000");
            assertThrows(RunException.class, () -> repository.fetch(RELEASE, "", "zip"));
            try (Stream<Path> tree = Files.walk(temp.resolve("cache"))) {
                assertEquals(List.of("part"), tree.map(Path::toString).filter(path -> path.matches(".*[.](part|whole)")).map(path -> path.substring(path.lastIndexOf('.') + 1)).toList());
            }
            server.cutAfter(Long.MAX_VALUE);
            assertArrayEquals(content, Files.readAllBytes(repository.fetch(RELEASE, "", "zip")));
        }
    }

    /** A stranger's server may send for ever, or say that it will. */
    @Test
    void anArchiveThatTheDiskHasNoRoomForIsRefused() throws IOException {
        try (HttpRepository server = new HttpRepository(temp.resolve("server"));
                MavenRepository repository = http(server.url("releases"), "localhost", HttpRepository.PASSWORD)) {
            repository.deploy(RELEASE, files());
            server.declares(1L << 60);
            assertRefused("it is " + (1L << 60) + " bytes long, and ", () -> repository.fetch(RELEASE, "", "zip"));
            assertEquals(List.of(), parts());
            // Of a length that it does not tell, as much is taken as a repository without Content-Length may need.
            server.declares(0);
            assertArrayEquals(content, Files.readAllBytes(repository.fetch(RELEASE, "", "zip")));
        }
    }

    @Test
    void anArchiveOfUntoldLengthIsBounded() throws Exception {
        Path parts = temp.resolve("parts");
        long[] sent = {0};
        Transporter endless = (Transporter) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] {Transporter.class}, (proxy, method, arguments) -> {
            if (!method.getName().equals("get")) {
                return null;
            }
            GetTask task = (GetTask) arguments[0];
            task.getListener().transportStarted(0, -1);
            while (true) {
                task.getListener().transportProgressed(ByteBuffer.allocate(1000));
                sent[0] += 1000;
            }
        });
        try (Transporter bounded = new ResumingTransporter(endless, "there", parts, 10_500)) {
            Exception refused = assertThrows(ResumingTransporter.TooLongException.class, () -> bounded.get(new GetTask(URI.create("org/example/tiny.zip"))));
            assertTrue(refused.getMessage().startsWith("its server does not tell its length, and more than 10500 bytes came"), refused.getMessage());
        }
        assertEquals(10_000, sent[0]);
        try (Stream<Path> left = Files.list(parts)) {
            assertEquals(List.of(), left.filter(path -> path.toString().endsWith(".part")).toList(), "what came is not kept");
        }
    }

    private List<Path> parts() throws IOException {
        try (Stream<Path> tree = Files.walk(temp.resolve("cache"))) {
            return tree.filter(path -> path.toString().matches(".*[.](part|whole)")).toList();
        }
    }

    @Test
    void anUploadAfterWhoseNumberThereIsNoneIsRefused() throws IOException {
        Path list = temp.resolve("repo/org/example/tiny/2.0-SNAPSHOT/maven-metadata.xml");
        try (MavenRepository repository = open(temp.resolve("repo").toString(), "cache")) {
            repository.deploy(SNAPSHOT, files());
            repository.checkNew(SNAPSHOT, "", "zip");
            for (String sum : List.of("md5", "sha1", "sha256", "sha512")) {
                Files.deleteIfExists(list.resolveSibling("maven-metadata.xml." + sum));
            }
            String sound = Files.readString(list);
            for (String number : List.of("2147483647", "-1")) {
                Files.writeString(list, sound.replace("<buildNumber>1<", "<buildNumber>" + number + "<"));
                assertRefused("the last one has the number " + number, () -> repository.deploy(SNAPSHOT, files()));
                assertRefused("the last one has the number " + number, () -> repository.checkNew(SNAPSHOT, "", "zip"));
            }
            Files.writeString(list, sound);
            repository.deploy(SNAPSHOT, files());
        }
    }

    /** The first part is of another file: what comes of both does not have the checksum, and is downloaded anew. */
    @Test
    void partsOfTwoFilesAreForgotten() throws IOException {
        try (HttpRepository server = new HttpRepository(temp.resolve("server"));
                MavenRepository repository = http(server.url("releases"), "localhost", HttpRepository.PASSWORD)) {
            repository.deploy(RELEASE, files());
            server.cutAfter(200_000);
            assertThrows(RunException.class, () -> repository.fetch(RELEASE, "", "zip"));
            server.cutAfter(Long.MAX_VALUE);
            try (Stream<Path> tree = Files.walk(temp.resolve("cache"))) {
                Path part = tree.filter(path -> path.toString().endsWith(".part")).findFirst().orElseThrow();
                Files.write(part, new byte[(int) Files.size(part)]);
            }
            assertArrayEquals(content, Files.readAllBytes(repository.fetch(RELEASE, "", "zip")));
        }
    }

    @Test
    void othersFilesInAFolderStay() throws IOException {
        Path theirs = Files.writeString(Files.createDirectories(temp.resolve("repo/.tmp-thesis")).resolve("a"), "x");
        Files.createSymbolicLink(temp.resolve("repo/.tmp-staging"), temp.resolve("nowhere"));
        try (MavenRepository repository = open(temp.resolve("repo").toString(), "cache")) {
            repository.deploy(RELEASE, files());
            assertEquals(List.of("1.0"), repository.versions("org.example", "tiny"));
        }
        assertEquals("x", Files.readString(theirs));
    }

    @Test
    void aListOfVersionsThatIsNoneIsTold() throws IOException {
        Path list = Files.createDirectories(temp.resolve("repo/org/example/tiny")).resolve("maven-metadata.xml");
        Files.writeString(list, "<metadata><versioning><versions><version>1.0</version><version>\u001b[2J</version><version>../x</version></versions></versioning></metadata>");
        try (MavenRepository repository = open(temp.resolve("repo").toString(), "cache")) {
            assertEquals(List.of("1.0"), repository.versions("org.example", "tiny"), "what can't be asked for is no version");
        }
        Files.writeString(list, "<metadata><versioning>");
        try (MavenRepository repository = open(temp.resolve("repo").toString(), "cache2")) {
            assertRefused("damaged", () -> repository.versions("org.example", "tiny"));
        }
        Files.writeString(list, "<metadata>" + " ".repeat(MavenRepository.MAX_METADATA_BYTES) + "</metadata>");
        try (MavenRepository repository = open(temp.resolve("repo").toString(), "cache3")) {
            RunException e = assertThrows(RunException.class, () -> repository.versions("org.example", "tiny"));
            assertTrue(e.getMessage().contains("longer than"), e.getMessage());
        }
    }

    /** A stranger's list of a snapshot's uploads is no path. */
    @Test
    void anUploadThatIsAPathIsRefused() throws IOException {
        try (MavenRepository repository = open(temp.resolve("repo").toString(), "cache")) {
            repository.deploy(SNAPSHOT, files());
        }
        Path list = temp.resolve("repo/org/example/tiny/2.0-SNAPSHOT/maven-metadata.xml");
        String evil = Files.readString(list).replaceAll("<value>[^<]*</value>", "<value>../../../../outside/m-1</value>").replaceAll("<timestamp>[^<]*</timestamp>", "<timestamp>../../x</timestamp>");
        Files.writeString(list, evil);
        for (String sum : List.of("md5", "sha1", "sha256", "sha512")) {
            Files.deleteIfExists(list.resolveSibling("maven-metadata.xml." + sum));
        }
        try (MavenRepository other = open(temp.resolve("repo").toString(), "other")) {
            assertRefused("names what is no version", () -> other.fetch(SNAPSHOT, "", "zip"));
        }
        assertFalse(Files.exists(temp.resolve("outside")));
    }

    @Test
    void aPageInPlaceOfTheListIsNoLeaveToReplaceARelease() throws IOException {
        try (MavenRepository repository = open(temp.resolve("repo").toString(), "cache")) {
            repository.deploy(RELEASE, files());
            Path list = temp.resolve("repo/org/example/tiny/maven-metadata.xml");
            Files.writeString(list, "<html><body>login</body></html>");
            change();
        }
        try (MavenRepository repository = open(temp.resolve("repo").toString(), "cache2")) {
            assertRefused("damaged", () -> repository.deploy(RELEASE, files()));
        }
        assertArrayEquals(content, Files.readAllBytes(temp.resolve("repo/org/example/tiny/1.0/tiny-1.0.zip")));
    }

    @Test
    void addressesThatLeadNowhereAreTold() throws IOException {
        try (MavenRepository repository = open("http://no-such-host.invalid/releases", "cache")) {
            assertRefused("the host no-such-host.invalid", () -> repository.versions("org.example", "tiny"));
        }
        try (MavenRepository repository = open("http://localhost:1/releases", "cache")) {
            RunException e = assertThrows(RunException.class, () -> repository.versions("org.example", "tiny"));
            assertTrue(e.getMessage().contains("does not answer"), e.getMessage());
        }
        try (HttpRepository server = new HttpRepository(temp.resolve("server")); MavenRepository repository = open(server.url("loop"), "cache")) {
            assertRefused("it sends from address to address without an end", () -> repository.versions("org.example", "tiny"));
        }
        Path mirrored = settings("<mirrors><mirror><id>m</id><mirrorOf>*</mirrorOf><url>ftp://localhost/x</url></mirror></mirrors>");
        try (MavenRepository repository = MavenRepository.open("http://localhost:1/releases", Optional.of(mirrored), temp.resolve("cache"), false)) {
            assertRefused("there is no way to get there", () -> repository.versions("org.example", "tiny"));
            assertRefused("there is no way to get there", () -> repository.fetch(RELEASE, "", "zip"));
        }
        Path link = Files.createSymbolicLink(temp.resolve("link"), temp.resolve("nowhere"));
        assertRefused("expected a folder", () -> open(link.toString(), "cache"));
        try (MavenRepository repository = open(link.resolve("below").toString(), "cache")) {
            assertRefused("is a link to what is not there", () -> repository.deploy(RELEASE, files()));
        }
        assertRefused("begins with http://", () -> open("ftp://localhost/x", "cache"));
        assertRefused("expected a folder", () -> open("", "cache"));
        assertRefused("expected a folder", () -> open("/dev/null", "cache"));
        assertRefused("is no folder's path", () -> open("file:///%00", "cache"));
        assertRefused("is no address", () -> open("http://localhost:99999/x", "cache"));
        String message = assertRefused("put them into Maven's settings.xml", () -> open("http://ann:secret@localhost/x", "cache"));
        assertFalse(message.contains("secret"), message);
    }

    @Test
    void settingsThatAreDamagedAreTold() throws IOException {
        Path broken = Files.writeString(temp.resolve("broken.xml"), "<settings><servers>");
        assertRefused("broken.xml", () -> MavenRepository.open("x", Optional.of(broken), temp, false));
        assertRefused("no such file", () -> MavenRepository.open("x", Optional.of(temp.resolve("none.xml")), temp, false));
    }

    private List<MavenFile> files() {
        return List.of(new MavenFile("", "zip", zip));
    }

    private byte[] change() throws IOException {
        byte[] changed = Arrays.copyOf(content, content.length + 1);
        Files.write(zip, changed);
        return changed;
    }

    private MavenRepository open(String place, String cache) {
        try {
            return MavenRepository.open(place, Optional.of(settings("")), temp.resolve(cache), false);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private MavenRepository http(String place, String id, String password) throws IOException {
        Path settings = settings("<servers><server><id>" + id + "</id><username>" + HttpRepository.USER + "</username><password>" + password
                + "</password></server></servers>");
        return MavenRepository.open(place, Optional.of(settings), temp.resolve("cache"), false);
    }

    private Path settings(String content) throws IOException {
        return Files.writeString(temp.resolve("settings.xml"), "<settings>" + content + "</settings>");
    }

    private static String assertRefused(String part, Executable action) {
        InputException e = assertThrows(InputException.class, action);
        assertTrue(e.getMessage().contains(part), e.getMessage());
        return e.getMessage();
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }
}
