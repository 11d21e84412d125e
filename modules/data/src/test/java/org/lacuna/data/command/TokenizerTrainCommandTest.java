package org.lacuna.data.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.data.tokenize.Tokenizers;
import org.lacuna.run.ExitCode;
import picocli.CommandLine;

class TokenizerTrainCommandTest {
    @TempDir
    Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private Path text;

    @BeforeEach
    void write() throws IOException {
        text = folder.resolve("text.txt");
        Files.writeString(text, "the cat sat on the mat; the cat ate the rat. ".repeat(20));
    }

    private int run(String... args) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        PrintWriter errors = new PrintWriter(err);
        int exit = new CommandLine(new TokenizerCommand()).setOut(new PrintWriter(out)).setErr(errors)
                .setExecutionExceptionHandler((failure, command, parsed) -> {
                    errors.println(failure.getMessage());
                    return ExitCode.of(failure);
                }).execute(args);
        errors.flush();
        return exit;
    }

    private int train(Path to, String... more) {
        List<String> args = new ArrayList<>(List.of("train", "--text", text.toString(), "--out", to.toString()));
        args.addAll(Arrays.asList(more));
        return run(args.toArray(String[]::new));
    }

    @Test
    void aFolderComesOutThatCanBeReadAndIsTheSameEachTime() throws IOException {
        Path first = folder.resolve("first");
        assertEquals(ExitCode.DONE, train(first, "--vocabulary", "270"), err.toString());
        assertTrue(out.toString().contains("900 bytes of text, 261 words, 11 different ones"), out.toString());
        assertTrue(out.toString().lines().anyMatch(line -> line.startsWith(first + ": vocabulary 270, ") && line.endsWith(" bytes per token")), out.toString());
        try (Stream<Path> files = Files.list(first)) {
            assertEquals(List.of("tokenizer.json", "tokenizer_config.json"), files.map(file -> file.getFileName().toString()).sorted().toList());
        }
        Tokenizer tokenizer = Tokenizers.load(first.resolve("tokenizer.json"));
        String content = Files.readString(text);
        int[] ids = tokenizer.encode(content);
        assertEquals(content, tokenizer.decode(ids));
        assertEquals(OptionalInt.of(0), tokenizer.endOfText());
        assertTrue(out.toString().contains(String.format(Locale.ROOT, "%.3f bytes per token", 900.0 / ids.length)), out.toString());

        Path second = folder.resolve("second");
        assertEquals(ExitCode.DONE, train(second, "--vocabulary", "270"), err.toString());
        for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
            assertArrayEquals(Files.readAllBytes(first.resolve(file)), Files.readAllBytes(second.resolve(file)));
        }
    }

    @Test
    void specialTokensAreTheUsersOwn() {
        Path to = folder.resolve("special");
        assertEquals(ExitCode.DONE, train(to, "--vocabulary", "300", "--special", "<s>", "--special", "</s>", "--min-frequency", "30"), err.toString());
        Tokenizer tokenizer = Tokenizers.load(to.resolve("tokenizer.json"));
        assertEquals(OptionalInt.of(0), tokenizer.beginOfText());
        assertEquals(OptionalInt.of(1), tokenizer.endOfText());
        assertTrue(tokenizer.vocabularySize() < 300 && out.toString().contains("smaller than 300"), out.toString());
    }

    @Test
    void wrongInputIsRefusedAndNothingIsWritten() throws IOException {
        Path to = folder.resolve("to");
        assertEquals(ExitCode.BAD_INPUT, train(to, "--vocabulary", "256"));
        assertTrue(err.toString().contains("at least 257"), err.toString());
        assertEquals(ExitCode.BAD_INPUT, train(to, "--min-frequency", "0"));
        assertEquals(ExitCode.BAD_INPUT, train(to, "--special", "x"));
        assertEquals(ExitCode.BAD_INPUT, train(text));
        assertTrue(err.toString().contains("is a file"), err.toString());
        assertEquals(ExitCode.BAD_INPUT, train(folder));
        assertTrue(err.toString().contains("holds files already; name a new folder with --out"), err.toString());
        assertEquals(ExitCode.BAD_INPUT, run("train", "--text", folder.resolve("none").toString(), "--out", to.toString()));
        assertTrue(err.toString().contains("no such file"), err.toString());
        Files.writeString(text, "");
        assertEquals(ExitCode.BAD_INPUT, train(to));
        assertTrue(err.toString().contains("no words"), err.toString());
        assertEquals(CommandLine.ExitCode.USAGE, run("train"));
        assertEquals(CommandLine.ExitCode.USAGE, run());
        assertTrue(Files.notExists(to));
    }
}
