package org.lacuna.training.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.run.ExitCode;
import picocli.CommandLine;

class TrainCommandTest {
    private static final String NANO = Path.of("..", "configs", "nano.yaml").toString();

    @TempDir
    private Path temp;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int execute(String... args) {
        CommandLine command = new CommandLine(new TrainCommand()).setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        command.setExecutionExceptionHandler((failure, line, parsed) -> {
            line.getErr().println(failure.getMessage());
            return ExitCode.of(failure);
        });
        return command.execute(args);
    }

    @BeforeEach
    void texts() throws IOException {
        Files.writeString(temp.resolve("empty.txt"), "");
        Files.writeString(temp.resolve("short.txt"), "Too short.");
        Files.write(temp.resolve("latin.txt"), new byte[] {'c', 'a', 'f', (byte) 0xe9, '\n', 'a', 'b'});
        Files.writeString(temp.resolve("broken.yaml"), "name: [nano\n");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            --set train.stepz=3                                   | train.stepz
            --set train.lr=fast                                   | train.lr
            --set objective.penalties.0.lambda=-0.1               | objective.penalties[0].lambda
            --set model.heads=5                                   | model.heads
            --set model.kvHeads=3                                 | model.kvHeads
            --set train.batch=6                                   | train.batch
            --set train.window=64                                 | train.window
            --set model.hidden=30                                 | --set model.hidden=30: model.heads: 4 does not divide hidden = 30
            --set model.hidden=65536                              | nano.yaml:9: model.heads: makes a weight of 65536 × 65536 numbers
            --set train.steps=5                                   | --set train.steps=5: train.warmup: 10 is more than steps = 5; give a smaller one too
            --set train.batch=1048576 --set train.window=4096 --set model.maxPositions=4096 | 1048576 windows of 4096 tokens
            --set model.maxPositions=16                           | --set model.maxPositions=16: train.window: 32 is more than
            --set data.text=TEMP/nowhere.txt                      | --set data.text=TEMP/nowhere.txt: TEMP/nowhere.txt: no such file
            --set data.text=TEMP/empty.txt                        | --set data.text=TEMP/empty.txt: TEMP/empty.txt: holds no text
            --set data.text=TEMP/latin.txt                        | --set data.text=TEMP/latin.txt: TEMP/latin.txt: not UTF-8 at byte offset 3
            --set data.text=TEMP/short.txt                        | train.window: data short.txt: the corpus has 9 training tokens
            --set train.evalWindows=100000                        | --set train.evalWindows=100000: data stories: the corpus has
            --set nonsense                                        | nonsense
            """)
    void badInputIsNamedAndNothingIsWritten(String flags, String named) throws IOException {
        Path folder = temp.resolve("run");
        List<String> args = new ArrayList<>(List.of("--config", NANO, "--out", folder.toString()));
        args.addAll(List.of(flags.replace("TEMP", temp.toString()).split(" ")));
        assertEquals(ExitCode.BAD_INPUT, execute(args.toArray(String[]::new)), err.toString());
        assertTrue(err.toString().contains(named.replace("TEMP", temp.toString())), err.toString());
        assertFalse(Files.exists(folder));
        assertEquals("", out.toString());
    }

    @Test
    void aRunThatDoesNotFitTheMachineFailsBeforeAnythingIsWritten() {
        Path folder = temp.resolve("run");
        // 33 million tokens in each of 16 layers: more than a terabyte.
        assertEquals(ExitCode.FAILED, execute("--config", NANO, "--out", folder.toString(), "--set", "train.batch=1048576", "--set", "model.layers=16"), err.toString());
        assertTrue(err.toString().contains("nano: too large for this machine: parameters, moments and gradients take ") && err.toString().contains("fewer windows"), err.toString());
        assertFalse(Files.exists(folder));
        assertEquals("", out.toString());
    }

    @Test
    void recipesThatCannotBeReadAreNamed() {
        Path folder = temp.resolve("run");
        assertEquals(ExitCode.BAD_INPUT, execute("--config", temp.resolve("nowhere.yaml").toString(), "--out", folder.toString()));
        assertTrue(err.toString().contains("nowhere.yaml"), err.toString());
        assertEquals(ExitCode.BAD_INPUT, execute("--config", temp.resolve("broken.yaml").toString(), "--out", folder.toString()));
        assertTrue(err.toString().contains("broken.yaml"), err.toString());
        assertEquals(ExitCode.BAD_INPUT, execute("--out", folder.toString()));
        assertTrue(err.toString().contains("--config"), err.toString());
        assertEquals(ExitCode.BAD_INPUT, execute("--resume"));
        assertEquals(ExitCode.BAD_INPUT, execute("--resume", "--out", folder.toString()));
        assertTrue(err.toString().contains(folder.toString()), err.toString());
        assertEquals(ExitCode.BAD_INPUT, execute("--resume", "--out", folder.toString(), "--set", "train.lr=1"));
        assertEquals(ExitCode.BAD_INPUT, execute("--config", NANO, "--out", folder.toString(), "--run", "x"));
        assertFalse(Files.exists(folder));
    }

    @Test
    void trainsAndSaysWhereTheModelIs() throws IOException {
        Path folder = temp.resolve("run");
        String[] args = {"--config", NANO, "--out", folder.toString(), "--set", "train.steps=3", "--set", "train.warmup=1", "--resume"};
        assertEquals(ExitCode.DONE, execute(args), err.toString());
        assertTrue(out.toString().contains("nano: ") && out.toString().contains("3 of 3 steps left"), out.toString());
        String[] lines = out.toString().split("\\R");
        assertTrue(lines[1].matches("memory    parameters 0\\.1 MB, moments 0\\.2, gradients of 2 shards 0\\.2, activations of 2 shards .* MB in all"), lines[1]);
        assertTrue(lines[2].startsWith("recompute none; "), lines[2]);
        assertTrue(out.toString().contains("step 00003/00003 (100.00%)"), out.toString());
        assertTrue(out.toString().contains("done: " + folder.resolve("checkpoints/step-000003")), out.toString());
        assertEquals(ExitCode.DONE, execute("--resume", "--out", folder.toString()), err.toString());
        assertTrue(out.toString().contains("nothing left to do"), out.toString());
        assertEquals(ExitCode.BAD_INPUT, execute(args[0], args[1], args[2], args[3]));
        assertTrue(err.toString().contains("--resume"), err.toString());
        Path file = Files.writeString(temp.resolve("file"), "mine");
        assertEquals(ExitCode.BAD_INPUT, execute("--config", NANO, "--out", file.resolve("run").toString()));
        assertTrue(err.toString().contains(file + " is a file"), err.toString());
        assertEquals("mine", Files.readString(file));
        // Nobody, not even root, makes a folder there; the input is right.
        assertEquals(ExitCode.FAILED, execute("--config", NANO, "--out", "/proc/lacuna/run"));
        assertTrue(err.toString().contains("/proc/lacuna/run: can't be written"), err.toString());
    }

    @Test
    void aRunThatStopsOnTheWayGoesOnToTheSameBits() throws IOException {
        Path whole = temp.resolve("whole");
        Path parts = temp.resolve("parts");
        List<String> recipe = List.of("--config", NANO, "--set", "train.steps=4", "--set", "train.warmup=1", "--set", "train.saveEvery=0", "--set", "train.evalEvery=3");
        assertEquals(ExitCode.DONE, execute(with(recipe, "--out", whole.toString())), err.toString());
        assertEquals(ExitCode.BAD_INPUT, execute(with(recipe, "--out", parts.toString(), "--stop-after", "0")));
        for (int i = 0; i < 2; i++) {
            // The second time it is there already.
            assertEquals(ExitCode.DONE, execute(with(recipe, "--out", parts.toString(), "--resume", "--stop-after", "2")), err.toString());
            assertTrue(out.toString().endsWith("stopped after step 2 of 4: " + parts.resolve("checkpoints/step-000002") + System.lineSeparator()), out.toString());
        }
        assertFalse(Files.exists(parts.resolve("checkpoints/step-000003")));
        assertEquals(ExitCode.DONE, execute("--resume", "--out", parts.toString()), err.toString());
        for (String file : List.of("model.safetensors", "optimizer.safetensors", "state.json")) {
            assertEquals(-1, Files.mismatch(whole.resolve("checkpoints/step-000004").resolve(file), parts.resolve("checkpoints/step-000004").resolve(file)), file);
        }
    }

    private static String[] with(List<String> args, String... more) {
        return Stream.concat(args.stream(), Stream.of(more)).toArray(String[]::new);
    }

    @Test
    void aTextThatTheRecipesFileNamesIsPlacedThere() throws IOException {
        List<String> lines = new ArrayList<>(Files.readAllLines(Path.of(NANO)));
        int line = IntStream.range(0, lines.size()).filter(i -> lines.get(i).startsWith("  text: ")).findFirst().orElseThrow();
        lines.set(line, "  text: nowhere.txt");
        Path mine = Files.write(temp.resolve("mine.yaml"), lines);
        assertEquals(ExitCode.BAD_INPUT, execute("--config", mine.toString(), "--out", temp.resolve("run").toString()));
        assertTrue(err.toString().contains(mine + ":" + (line + 1) + ": data.text: nowhere.txt: no such file"), err.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"../x", "../../x", "a/../../x", "/tmp/x", ".", ""})
    void aRunsNameStaysInRuns(String name) {
        assertEquals(ExitCode.BAD_INPUT, execute("--config", NANO, "--run", name));
        assertTrue(err.toString().contains("--run: \"" + name + "\"") && err.toString().contains("--out"), err.toString());
    }
}
