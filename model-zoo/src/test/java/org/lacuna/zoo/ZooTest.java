package org.lacuna.zoo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.source.ModelSource;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.ModelReference;
import org.lacuna.zoo.Zoo.Place;
import org.lacuna.zoo.format.Facts;
import org.lacuna.zoo.maven.Coordinates;

/** From one home through a repository to another. */
class ZooTest {
    @TempDir
    private Path temp;

    private final List<String> said = new ArrayList<>();
    private Place place;

    @BeforeEach
    void home() {
        System.setProperty(Zoo.CACHE, temp.resolve("home").toString());
        place = new Place(temp.resolve("repository").toString(), Optional.empty(), false);
    }

    @AfterEach
    void leave() {
        System.clearProperty(Zoo.CACHE);
        System.clearProperty(Zoo.REPOSITORY);
    }

    private Zoo zoo() {
        return Zoo.ofUser(said::add);
    }

    @Test
    void aModelGoesToAnotherHome() throws IOException {
        ModelSource source = Models.source(temp);
        RobustnessResult measured = Models.measured(source, temp);
        Coordinates coordinates = Coordinates.parse("org.example:tiny:1.0");
        zoo().publish(source, measured, Models.FACTS, false, coordinates, place, Optional.empty());
        InputException again = assertThrows(InputException.class, () -> zoo().publish(source, measured, Models.FACTS, false, coordinates, place, Optional.empty()));
        assertTrue(again.getMessage().contains("published already"), again.getMessage());

        System.setProperty(Zoo.CACHE, temp.resolve("other-home").toString());
        assertEquals(List.of(), zoo().versions("org.example", "none", place));
        Path nowhere = temp.resolve("repositori");
        assertEquals(nowhere + ": no such folder; expected the folder of a Maven repository, or its address", assertThrows(InputException.class,
                () -> zoo().versions("org.example", "tiny", new Place(nowhere.toString(), Optional.empty(), false))).getMessage());
        assertFalse(Files.exists(nowhere));
        InputException none = assertThrows(InputException.class, () -> new ModelReference("zoo:org.example:none:1.0").checkpoint());
        assertTrue(none.getMessage().contains("zoo pull org.example:none:1.0 --repository"), none.getMessage());
        assertEquals(List.of("1.0"), zoo().versions("org.example", "tiny", place));
        Path folder = zoo().pull(coordinates, false, place, Optional.empty());
        assertEquals(List.of("org.example:tiny:1.0"), zoo().pulled());
        assertEquals(folder, new ModelReference("zoo:org.example:tiny:1.0").checkpoint());
        assertEquals(measured.dense(), Models.measured(ModelSource.of("zoo:org.example:tiny:1.0"), temp).dense());

        // Without the repository, from the cache.
        assertEquals(folder, zoo().pull(coordinates, false, new Place(place.repository(), Optional.empty(), true), Optional.empty()));
        // What changed there since is found before it is used.
        Files.writeString(folder.resolve("README.md"), "another card");
        assertTrue(assertThrows(InputException.class, () -> new ModelReference("zoo:org.example:tiny:1.0").checkpoint()).getMessage().contains("README.md"));
    }

    /** What another repository calls by the same name is not taken for it. */
    @Test
    void aReleaseStaysTheModelThatItWas() throws IOException {
        ModelSource source = Models.source(temp);
        RobustnessResult measured = Models.measured(source, temp);
        Coordinates coordinates = Coordinates.parse("org.example:tiny:1.0");
        zoo().checkNew(coordinates, false, place);
        zoo().publish(source, measured, Models.FACTS, false, coordinates, place, Optional.empty());
        assertTrue(assertThrows(InputException.class, () -> zoo().checkNew(coordinates, false, place)).getMessage().contains("never replaced"));
        zoo().checkNew(coordinates, true, place);
        Place second = new Place(temp.resolve("second").toString(), Optional.empty(), false);
        zoo().publish(source, measured, new Facts(Optional.of("MIT"), Optional.of("Another."), Optional.of("Others."), Optional.empty()), false, coordinates, second, Optional.empty());
        Path first = zoo().pull(coordinates, false, place, Optional.empty());
        for (int i = 0; i < 2; i++) {
            String message = assertThrows(InputException.class, () -> zoo().pull(coordinates, false, second, Optional.empty())).getMessage();
            assertTrue(message.startsWith(second.repository() + ": its org.example:tiny:1.0 is another model") && message.contains(first.toString()), message);
        }
        assertEquals(first, new ModelReference("zoo:org.example:tiny:1.0").checkpoint());
        AtomicFiles.removeFolder(first);
        Path other = zoo().pull(coordinates, false, second, Optional.empty());
        assertNotEquals(first, other);
        assertEquals(other, new ModelReference("zoo:org.example:tiny:1.0").checkpoint());
    }

    @Test
    void anotherPrecisionComesBesideARelease() throws IOException {
        ModelSource source = Models.source(temp);
        RobustnessResult measured = Models.measured(source, temp);
        Coordinates coordinates = Coordinates.parse("org.example:tiny:1.0");
        zoo().publish(source, measured, Models.FACTS, false, coordinates, place, Optional.empty());
        zoo().publish(source, measured, Models.FACTS, true, coordinates, place, Optional.empty());
        for (boolean bf16 : new boolean[] {false, true}) {
            assertTrue(assertThrows(InputException.class, () -> zoo().publish(source, measured, Models.FACTS, bf16, coordinates, place, Optional.empty())).getMessage().contains("never replaced"));
        }
        assertEquals(List.of("1.0"), zoo().versions("org.example", "tiny", place));
        Path whole = zoo().pull(coordinates, false, place, Optional.empty());
        Path half = zoo().pull(coordinates, true, place, Optional.empty());
        assertTrue(Files.size(half.resolve("model.safetensors")) < Files.size(whole.resolve("model.safetensors")));
        assertEquals(List.of("org.example:tiny:1.0", "org.example:tiny:1.0 (bf16)"), zoo().pulled());
    }

    /** With the checksums beside it. */
    private static void replace(Path file, byte[] content) throws IOException, NoSuchAlgorithmException {
        Files.write(file, content);
        for (String algorithm : List.of("MD5", "SHA-1", "SHA-256", "SHA-512")) {
            Path sum = file.resolveSibling(file.getFileName() + "." + algorithm.replace("-", "").toLowerCase(Locale.ROOT));
            if (Files.exists(sum)) {
                Files.writeString(sum, HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(content)));
            }
        }
    }

    /** What was refused once is asked for again. */
    @Test
    void aRepositoryThatIsRepairedIsPulledFrom() throws IOException, NoSuchAlgorithmException {
        ModelSource source = Models.source(temp);
        Coordinates coordinates = Coordinates.parse("org.example:tiny:1.0");
        zoo().publish(source, Models.measured(source, temp), Models.FACTS, false, coordinates, place, Optional.empty());
        Path version = temp.resolve("repository/org/example/tiny/1.0");
        Path zip = version.resolve("tiny-1.0.zip");
        byte[] sound = Files.readAllBytes(zip);
        replace(zip, "rubbish".getBytes(StandardCharsets.UTF_8));
        InputException refused = assertThrows(InputException.class, () -> zoo().pull(coordinates, false, place, Optional.empty()));
        assertTrue(refused.getMessage().contains("org.example:tiny:1.0") && !refused.getMessage().contains(".tmp-"), refused.getMessage());
        replace(zip, sound);
        assertTrue(Files.isDirectory(zoo().pull(coordinates, false, place, Optional.empty())));
        try (Stream<Path> work = Files.list(temp.resolve("home/work"))) {
            assertEquals(0, work.count(), "nothing is left of what was worked with");
        }
    }

    @Test
    void aSnapshotIsReplacedAndAReferenceFindsTheUsersRepository() throws IOException {
        ModelSource source = Models.source(temp);
        RobustnessResult measured = Models.measured(source, temp);
        Coordinates coordinates = Coordinates.parse("org.example:tiny:1.1-SNAPSHOT");
        zoo().publish(source, measured, Models.FACTS, false, coordinates, place, Optional.empty());
        System.setProperty(Zoo.REPOSITORY, place.repository());
        Path first = new ModelReference("zoo:" + coordinates).checkpoint();
        zoo().publish(source, measured, new Facts(Optional.of("MIT"), Optional.of("Another use."), Optional.of("Others."), Optional.empty()), false, coordinates, place, Optional.empty());
        assertEquals(first, new ModelReference("zoo:" + coordinates).checkpoint());
        Path second = zoo().pull(coordinates, false, place, Optional.empty());
        assertNotEquals(first, second);
        assertEquals(second, new ModelReference("zoo:" + coordinates).checkpoint());
    }
}
