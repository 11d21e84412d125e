package org.lacuna.zoo.maven;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Publishers and readers that are killed at a random moment. {@code -Dlacuna.test.kills=N} kills more of them. */
class KilledTest {
    private static final int KILLS = Integer.getInteger("lacuna.test.kills", 3);
    private static final Coordinates SNAPSHOT = Coordinates.parse("org.example:tiny:1-SNAPSHOT");
    private static final String BEGINS = "begins";
    private static final int LONGEST_MILLISECONDS = 900;

    @TempDir
    Path temp;

    /** What is killed: {@code deploy NUMBER} or {@code fetch NUMBER} in a folder. */
    public static void main(String[] args) throws IOException {
        Path folder = Path.of(args[0]);
        int number = Integer.parseInt(args[2]);
        System.out.println(BEGINS);
        try (MavenRepository repository = open(folder, "cache")) {
            if (args[1].equals("deploy")) {
                repository.deploy(SNAPSHOT, files(folder, number));
                repository.deploy(release(number), files(folder, number));
            } else {
                repository.fetch(release(number), "", "zip");
            }
        }
    }

    @Test
    void aKilledPublisherLeavesTheOldOrTheNew() throws IOException, InterruptedException {
        Random random = new Random();
        try (MavenRepository first = open(temp, "cache")) {
            first.deploy(SNAPSHOT, files(temp, 0));
        }
        int last = 0;
        for (int i = 1; i <= KILLS; i++) {
            int delay = random.nextInt(LONGEST_MILLISECONDS);
            kill("deploy", i, delay);
            String after = "kill " + i + " after " + delay + " ms";
            try (MavenRepository repository = open(temp, "reader" + i)) {
                int number = Integer.parseInt(Files.readString(repository.fetch(SNAPSHOT, "", "zip.asc")));
                assertTrue(number == last || number == i, after + ": number " + number);
                assertArrayEquals(content(number), Files.readAllBytes(repository.fetch(SNAPSHOT, "", "zip")), after);
                last = number;
                if (!repository.versions("org.example", "tiny").contains(release(i).version())) {
                    repository.deploy(release(i), files(temp, i));
                }
                assertArrayEquals(content(i), Files.readAllBytes(repository.fetch(release(i), "", "zip")), after);
                assertEquals(Integer.toString(i), Files.readString(repository.fetch(release(i), "", "zip.asc")), after);
                assertEquals(i + 1, repository.versions("org.example", "tiny").size(), after);
            }
        }
    }

    @Test
    void aKilledReaderGoesOn() throws IOException, InterruptedException {
        Random random = new Random();
        for (int i = 1; i <= KILLS; i++) {
            try (MavenRepository repository = open(temp, "publisher")) {
                repository.deploy(release(i), files(temp, i));
            }
            int delay = random.nextInt(LONGEST_MILLISECONDS / 2);
            kill("fetch", i, delay);
            try (MavenRepository repository = open(temp, "cache")) {
                assertArrayEquals(content(i), Files.readAllBytes(repository.fetch(release(i), "", "zip")), "kill " + i + " after " + delay + " ms");
            }
        }
    }

    private void kill(String what, int number, int delay) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx64m", "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"), KilledTest.class.getName(), temp.toString(), what,
                Integer.toString(number)).redirectErrorStream(true).start();
        try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
            assertEquals(BEGINS, output.readLine());
            Thread.sleep(delay);
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    private static MavenRepository open(Path folder, String cache) throws IOException {
        Path settings = folder.resolve("settings.xml");
        if (!Files.exists(settings)) {
            Files.writeString(settings, "<settings/>");
        }
        return MavenRepository.open(folder.resolve("repo").toString(), Optional.of(settings), folder.resolve(cache), false);
    }

    private static Coordinates release(int number) {
        return Coordinates.parse("org.example:tiny:1." + number);
    }

    /** An archive, and beside it which of them it is. */
    private static List<MavenFile> files(Path folder, int number) throws IOException {
        return List.of(new MavenFile("", "zip", Files.write(folder.resolve(number + ".zip"), content(number))),
                new MavenFile("", "zip.asc", Files.writeString(folder.resolve(number + ".asc"), Integer.toString(number))));
    }

    private static byte[] content(int number) {
        byte[] content = new byte[2_000_000];
        new Random(number).nextBytes(content);
        return content;
    }
}
