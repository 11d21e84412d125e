package org.lacuna.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs the README's way of starting Lacuna on a copy of the repository, where nothing is compiled yet:
 * {@code mvn -q compile exec:java -Dexec.args="…"} from the root, with the Maven and the local repository of
 * the build that runs this test.
 */
class ReadmeCommandTest {
    private static final Set<String> NOT_COPIED = Set.of(".git", "target", "runs");
    private static final String JVM_LINE = "WARNING: Using incubator modules: jdk.incubator.vector";

    @TempDir
    static Path copy;

    private record Result(int code, String out, List<String> err) {}

    @BeforeAll
    static void copyTheRepository() throws IOException {
        Path root = Path.of("../..").toRealPath();
        assertTrue(Files.exists(root.resolve(".mvn/jvm.config")), "not the repository's root: " + root);
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) throws IOException {
                if (NOT_COPIED.contains(folder.getFileName().toString())) {
                    return FileVisitResult.SKIP_SUBTREE;
                }
                Files.createDirectories(copy.resolve(root.relativize(folder)));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                // In a linked work tree .git is a file.
                if (!NOT_COPIED.contains(file.getFileName().toString())) {
                    Files.copy(file, copy.resolve(root.relativize(file)));
                }
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private static Result lacuna(String args) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("lacuna.maven"), "bin", "mvn").toString(), "-q",
                "-Dmaven.repo.local=" + System.getProperty("lacuna.localRepository")));
        if (System.getProperty("lacuna.offline").equals("offline=true")) {
            command.add("-o");
        }
        command.addAll(List.of("compile", "exec:java", "-Dexec.args=" + args));
        Path out = copy.resolve("out.txt");
        Path err = copy.resolve("err.txt");
        ProcessBuilder builder = new ProcessBuilder(command).directory(copy.toFile())
                .redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        // The outer Maven's own; they would send the inner one to the outer root.
        builder.environment().keySet().removeAll(Set.of("MAVEN_BASEDIR", "MAVEN_PROJECTBASEDIR", "MAVEN_CMD_LINE_ARGS"));
        Process process = builder.start();
        if (!process.waitFor(5, TimeUnit.MINUTES)) {
            process.destroyForcibly();
            throw new AssertionError("still running after five minutes: " + command);
        }
        return new Result(process.exitValue(), text(out), text(err).lines().toList());
    }

    /** Maven ends both of its outputs with an escape sequence that resets colours. */
    private static String text(Path output) throws IOException {
        return Files.readString(output).replace("\u001b[0m", "");
    }

    /** What the README's first command runs: the text in {@code -Dexec.args="…"}. */
    private static String firstCommand() throws IOException {
        Matcher command = Pattern.compile("^\\s*mvn -q compile exec:java -Dexec\\.args=\"([^\"]*)\"", Pattern.MULTILINE)
                .matcher(Files.readString(copy.resolve("README.md")));
        assertTrue(command.find(), "README.md has no line `mvn -q compile exec:java -Dexec.args=\"…\"`");
        return command.group(1);
    }

    @Test
    void theFirstCommandEndsInAReport() throws IOException, InterruptedException {
        String tiny = " --set model.hidden=32 --set model.intermediate=48 --set model.layers=2 --set data.tokens=20000"
                + " --set train.steps=6 --set train.batch=4 --set train.window=32 --set train.warmup=2 --set train.evalWindows=4"
                + " --set train.logEvery=2 --windows 4 --window 32 --replicates 50";
        Result run = lacuna(firstCommand() + tiny);
        assertEquals(new Result(0, run.out(), List.of(JVM_LINE)), run);
        assertTrue(run.out().stripTrailing().endsWith("runs/quickstart/report.html"), run::toString);
        for (String file : List.of("report.html", "report.json", "relu-l1/eval", "silu/checkpoints/step-000006/model.safetensors")) {
            assertTrue(Files.size(copy.resolve("runs/quickstart").resolve(file)) > 0, file);
        }

        Result again = lacuna(firstCommand() + tiny.replace("train.steps=6", "train.steps=7"));
        assertEquals(2, again.code(), again::toString);
        assertEquals("lacuna quickstart: runs/quickstart/silu: is a run with other settings: train.steps is 6 there and 7 here;"
                + " give those to go on with it, or another folder with --out", again.err().get(1));

        Result key = lacuna("train --config configs/nano.yaml --set train.stepz=3");
        assertEquals(2, key.code(), key::toString);
        assertTrue(key.err().get(1).contains("train.stepz") && key.err().get(1).contains("steps"), key::toString);
        assertTrue(Files.notExists(copy.resolve("runs/nano")), "nothing is written for a recipe that is wrong");
    }

    @Test
    void startsFromSourcesAloneAndEndsWithItsExitCode() throws IOException, InterruptedException {
        Result help = lacuna("--help");
        assertEquals(new Result(0, help.out(), List.of(JVM_LINE)), help);
        assertTrue(help.out().startsWith("Usage: lacuna"), help::toString);

        Result doctor = lacuna("doctor --json 'a file.json'");
        assertEquals(new Result(0, doctor.out(), List.of(JVM_LINE)), doctor);
        assertTrue(Files.exists(copy.resolve("a file.json")), "quoted arguments survive and the working directory is the root");
        // .mvn/jvm.config gives the JVM all that doctor asks for; what else is weak is the machine's.
        assertTrue(doctor.out().lines().noneMatch(line -> line.startsWith("!") || line.contains(".mvn/jvm.config")), doctor::toString);

        Result unknown = lacuna("doctorr");
        assertEquals(new Result(2, "", List.of(JVM_LINE, "lacuna: Unmatched argument at index 0: 'doctorr'",
                "Did you mean: lacuna doctor or lacuna export or lacuna tokenizer?", "Try \"lacuna --help\".")), unknown);

        Result failed = lacuna("doctor --json pom.xml/below.json");
        assertEquals(new Result(2, failed.out(), List.of(JVM_LINE,
                "lacuna doctor: pom.xml/below.json: pom.xml is a file, not a folder; name another place")), failed);
    }
}
