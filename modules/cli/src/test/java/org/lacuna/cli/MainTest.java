package org.lacuna.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.graph.UnusableBackendException;
import org.lacuna.graph.WrongPropertyException;
import org.lacuna.run.InputException;
import org.lacuna.run.InterruptedRunException;
import org.lacuna.run.RunException;
import org.lacuna.zoo.Zoo;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

class MainTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    /** A command that throws what it is given. */
    @Command(name = "fail")
    static final class Fail implements Callable<Integer> {
        private final Supplier<Throwable> failure;

        @Option(names = "--steps")
        private int steps;

        Fail(Supplier<Throwable> failure) {
            this.failure = failure;
        }

        @Override
        public Integer call() throws Exception {
            Throwable thrown = failure.get();
            if (thrown instanceof Error error) {
                throw error;
            }
            throw (Exception) thrown;
        }
    }

    private int run(String... args) {
        return Main.execute(Main.commandLine(new PrintWriter(out), new PrintWriter(err)), args);
    }

    private int fail(Throwable failure, String... args) {
        CommandLine commandLine = Main.commandLine(new PrintWriter(out), new PrintWriter(err));
        commandLine.addSubcommand(new Fail(() -> failure));
        // picocli hands these down to the subcommands that are there when they are set.
        commandLine.setErr(commandLine.getErr())
                .setExecutionExceptionHandler(commandLine.getExecutionExceptionHandler())
                .setParameterExceptionHandler(commandLine.getParameterExceptionHandler());
        return Main.execute(commandLine, args);
    }

    @Test
    void constantsAreToldAsTheyAreTyped() {
        assertEquals(2, run("bench", "train", "--precision", "fp16"));
        assertTrue(err.toString().contains("'--precision': expected one of fp32, bf16 but was 'fp16'"), err.toString());
    }

    @Test
    void whatACommandThrowsBecomesOneLineAndACode() {
        assertEquals(2, fail(new InputException("r.yaml: no such file"), "fail"));
        assertEquals(2, fail(new WrongPropertyException("-Da=b: expected c"), "fail"));
        assertEquals(1, fail(new RunException("disk full"), "fail"));
        assertEquals(130, fail(new InterruptedRunException("saved; go on with --resume"), "fail"));
        assertEquals(1, fail(new IllegalStateException("odd\nin two lines"), "fail"));
        assertEquals(1, fail(new UnusableBackendException("nd4j-x can't run on this machine", null), "fail"));
        assertEquals(1, fail(new ExceptionInInitializerError("native library"), "fail"));
        assertEquals(1, fail(new OutOfMemoryError("Java heap space"), "fail"));
        assertEquals(1, fail(new OutOfMemoryError("Cannot allocate new BytePointer(9)"), "fail"));
        assertEquals(List.of(
                "lacuna fail: r.yaml: no such file",
                "lacuna fail: -Da=b: expected c",
                "lacuna fail: disk full",
                "lacuna fail: saved; go on with --resume",
                "lacuna fail: unexpected java.lang.IllegalStateException: odd (--debug shows where)",
                "lacuna fail: nd4j-x can't run on this machine; leave out -Pcuda to run on the CPU, or see \"doctor\"",
                "lacuna: unexpected java.lang.ExceptionInInitializerError: native library (--debug shows where)",
                "lacuna: out of memory (Java heap space); the heap's limit is -Xmx in .mvn/jvm.config",
                "lacuna: out of memory (Cannot allocate new BytePointer(9)); that is memory outside the Java heap, where models lie:"
                        + " take a smaller model, or fewer or shorter windows"), err.toString().lines().toList());
        assertEquals("", out.toString());
    }

    @Test
    void aStackTraceComesWithDebugOnEitherSideOfTheCommand() {
        assertEquals(2, fail(new InputException("wrong"), "--debug", "fail"));
        assertTrue(err.toString().contains("at org.lacuna.cli.MainTest"), err::toString);
        err.getBuffer().setLength(0);
        assertEquals(2, run("doctor", "--debug", "--nope"));
        assertTrue(err.toString().contains("at picocli."), err::toString);
    }

    @Test
    void wrongArgumentsAreWrongInput() {
        assertEquals(2, run());
        assertEquals(2, run("doctorr"));
        assertEquals(2, run("doctor", "--jsn", "x"));
        assertEquals(2, run("doctor", "--json"));
        assertEquals(2, fail(new AssertionError("not reached"), "fail", "--steps", "many"));
        List<String> lines = err.toString().lines().toList();
        assertEquals("lacuna: expected a command", lines.get(0));
        assertEquals("Try \"lacuna --help\".", lines.get(1));
        assertEquals("lacuna: Unmatched argument at index 0: 'doctorr'", lines.get(2));
        assertEquals("Did you mean: lacuna doctor or lacuna export or lacuna tokenizer?", lines.get(3));
        assertTrue(err.toString().contains("lacuna fail: Invalid value for option '--steps': 'many' is not an int"), err::toString);
        assertEquals("", out.toString());
    }

    @Test
    void anOptionThatIsAKeyOfTheRecipeIsToldAsThat() {
        assertEquals(2, run("train", "--config", "x.yaml", "--steps", "5"));
        assertTrue(err.toString().contains("The recipe's train.steps is set by --set train.steps=VALUE.") && !err.toString().contains("--stop-after"), err.toString());
        err.getBuffer().setLength(0);
        assertEquals(2, run("train", "--stop-afterr", "5"));
        assertTrue(err.toString().contains("--stop-after"), err.toString());
    }

    /** Whatever a stranger's file is called or says. */
    @Test
    void nothingThatIsPrintedMovesTheCursor(@TempDir Path temp) throws IOException {
        Files.createDirectories(temp.resolve("models/org.\u001b[2J\u202eexample/tiny/1.0/0123456789abcdef/tiny"));
        System.setProperty(Zoo.CACHE, temp.toString());
        try {
            assertEquals(0, run("zoo", "list"), err.toString());
        } finally {
            System.clearProperty(Zoo.CACHE);
        }
        assertEquals("org.\ufffd[2J\ufffdexample:tiny:1.0", out.toString().strip());
        Path model = Files.createDirectory(temp.resolve("model"));
        Files.writeString(model.resolve("config.json"), "{\"model_type\": \"llama\\u001b[31m\", \"hidden_act\": \"\\u001b[31m\"}");
        assertEquals(2, run("import", model.toString()));
        assertTrue(err.toString().contains("\ufffd[31m") && err.toString().indexOf('\u001b') < 0, err.toString());
        assertEquals(2, fail(new InputException("a\tb\u009b1m\r"), "fail"));
        assertTrue(err.toString().contains("a\tb\ufffd1m\r"), err.toString());
    }

    @Test
    void helpAndVersionGoToStandardOutput() {
        assertEquals(0, run("--help"));
        assertEquals(0, run("doctor", "--help"));
        assertEquals(0, run("--version"));
        assertTrue(out.toString().contains("doctor"));
        assertTrue(out.toString().contains("--json"));
        assertTrue(out.toString().lines().anyMatch(line -> line.matches("lacuna [0-9]+\\.[0-9]+\\..*")), out::toString);
        assertEquals("", err.toString());
    }
}
