package org.lacuna.training.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lacuna.run.ExitCode;
import picocli.CommandLine;

class FinetuneCommandTest {
    private static final String NANO = Path.of("..", "configs", "nano.yaml").toString();
    private static final String FINETUNE = Path.of("..", "configs", "finetune.yaml").toString();
    private static final String LORA = Path.of("..", "configs", "lora.yaml").toString();
    private static final String[] TINY = {"--set", "train.steps=2", "--set", "train.warmup=1", "--set", "train.batch=4", "--set", "train.window=16", "--set", "train.evalWindows=2"};

    @TempDir
    private Path temp;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int execute(Object command, String... args) {
        CommandLine line = new CommandLine(command).setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        line.setExecutionExceptionHandler((failure, failed, parsed) -> {
            failed.getErr().println(failure.getMessage());
            return ExitCode.of(failure);
        });
        return line.execute(args);
    }

    private int finetune(String... args) {
        return execute(new FinetuneCommand(), args);
    }

    private static String[] with(String[] some, String... more) {
        return Stream.concat(Stream.of(some), Stream.of(more)).toArray(String[]::new);
    }

    private Path trained() {
        Path first = temp.resolve("first");
        assertEquals(ExitCode.DONE, execute(new TrainCommand(), with(TINY, "--config", NANO, "--out", first.toString())), err.toString());
        return first;
    }

    private Path text() throws IOException {
        return Files.writeString(temp.resolve("text.txt"), "It was a dark and stormy night. ".repeat(50));
    }

    @Test
    void beginsWithACheckpoint() throws IOException {
        Path first = trained();
        Path second = temp.resolve("second");
        String[] args = with(TINY, "--config", FINETUNE, "--model", first.toString(), "--set", "data.text=" + text(), "--set", "model.activation=silu", "--out", second.toString());
        assertEquals(ExitCode.DONE, finetune(args), err.toString());
        assertTrue(out.toString().contains("parameters from " + first + ", data text.txt"), out.toString());
        assertTrue(Files.readString(second.resolve("config.yaml")).contains("  from: " + first), Files.readString(second.resolve("config.yaml")));
        assertEquals(ExitCode.DONE, finetune(with(args, "--resume")), err.toString());
        assertEquals(ExitCode.DONE, finetune("--resume", "--out", second.toString()), err.toString());
        assertEquals(ExitCode.DONE, execute(new TrainCommand(), "--resume", "--out", second.toString()), err.toString());
        assertEquals("", err.toString());
    }

    @Test
    void tellsHowMuchIsTrained() throws IOException {
        Path first = trained();
        assertEquals(ExitCode.DONE, finetune(with(TINY, "--config", LORA, "--model", first.toString(), "--set", "data.text=" + text(), "--out", temp.resolve("second").toString())), err.toString());
        // Two layers of 32, 16 of them keys: q and v, A of 8 rows each, B of 32 and 16 rows.
        int adapters = 2 * 8 * (32 + 32 + 32 + 16);
        assertTrue(out.toString().contains(String.format(" parameters, %,d of them trained from " + first, adapters)), out.toString());
        assertTrue(Files.isRegularFile(temp.resolve("second/checkpoints/step-000002/adapter/adapter_config.json")));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            --set train.steps=2                                    | expected --model DIR, the checkpoint to begin with, or --resume with --run NAME or --out DIR
            --model x                                              | FINETUNE: there is no such file in the folder that the command runs in; run it from the repository's root, or name a recipe with --config
            --config ../configs/finetune.yaml --model=             | --model: is empty; expected the folder of a checkpoint or of a run
            --config ../configs/finetune.yaml --model x --set model.from=y | --model x and --set model.from=y name two checkpoints; give one of them
            --config ../configs/finetune.yaml --model x --set model.from=x | model.from='x': x: no such folder, and none in runs/ of that name
            --config ../configs/finetune.yaml --model x:y          | model.from='x:y': x:y: no such folder
            --config ../configs/finetune.yaml --set model.layers=2 | model.from: the checkpoint has its own layers; leave these keys of model out
            --config ../configs/nano.yaml --model x                | the checkpoint has its own hidden, intermediate, layers, heads
            --config ../configs/nano.yaml                          | nano.yaml: model.from names no checkpoint to begin with; give one with --model DIR, or train a fresh model by: train --config
            --config ../configs/lora.yaml --model FIRST --set model.lora.targets=[c_attn] --set data.text=TEXT | --set model.lora.targets=[c_attn]: "c_attn" matches no linear layer
            --config ../configs/finetune.yaml --model FIRST --set model.freeze=[c_attn] --set data.text=TEXT | --set model.freeze=[c_attn]: "c_attn" matches no parameter
            --resume                                               | expected --config FILE, or --resume with --run NAME or --out DIR
            """)
    void aCheckpointThatCannotBeBegunWithIsNamed(String flags, String named) throws IOException {
        Path folder = temp.resolve("run");
        String all = flags.contains("FIRST") ? flags.replace("FIRST", trained().toString()).replace("TEXT", text().toString()) : flags;
        out.getBuffer().setLength(0);
        String[] place = flags.equals("--resume") ? new String[] {} : new String[] {"--out", folder.toString()};
        assertEquals(ExitCode.BAD_INPUT, finetune(with(all.split(" "), place)));
        assertTrue(err.toString().contains(named.replace("FINETUNE", Path.of("configs", "finetune.yaml").toString())), err.toString());
        assertFalse(Files.exists(folder));
        assertEquals("", out.toString());
    }
}
