package org.lacuna.data.command;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.lacuna.data.tokenize.bpe.BpeTrainer;
import org.lacuna.data.tokenize.bpe.BpeVocabulary;
import org.lacuna.data.tokenize.bpe.WordCounts;
import org.lacuna.run.ExitCode;
import org.lacuna.run.InputException;
import org.lacuna.run.InterruptedRunException;
import org.lacuna.run.Interrupts;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.Destination;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code lacuna tokenizer train}: trains a byte-level BPE on texts. */
@Command(name = "train", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Train a byte-level BPE on texts, with GPT-2's split into words. The folder holds tokenizer.json and tokenizer_config.json,"
                + " which Hugging Face's loaders open too.",
        footer = {"", "Example:", "  tokenizer train --text corpus --vocabulary 8192 --out tokenizers/mine"})
public final class TokenizerTrainCommand implements Callable<Integer> {
    /** A training is told of this many times. */
    private static final int LINES = 10;

    @Spec
    private CommandSpec spec;

    @Option(names = "--text", required = true, paramLabel = "PATH",
            description = "A UTF-8 text, or a folder of which all files are read; may be repeated.")
    private List<Path> texts;

    @Option(names = "--vocabulary", defaultValue = "1024", paramLabel = "N",
            description = "Tokens, the 256 bytes and the special ones counted. Default: ${DEFAULT-VALUE}.")
    private int vocabulary;

    @Option(names = "--min-frequency", defaultValue = "2", paramLabel = "N",
            description = "The least occurrences of two neighbours that become a token. Default: ${DEFAULT-VALUE}.")
    private long minFrequency;

    @Option(names = "--special", defaultValue = "<|endoftext|>", paramLabel = "TOKEN",
            description = "A special token, ids from 0 up in this order; may be repeated. Default: ${DEFAULT-VALUE}.")
    private List<String> special;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "The tokenizer's folder, a new one.")
    private Path out;

    @Override
    public Integer call() {
        BpeTrainer.check(vocabulary, minFrequency, special);
        checkFolder();
        PrintWriter printer = spec.commandLine().getOut();
        try (Interrupts interrupts = Interrupts.listen()) {
            long start = System.nanoTime();
            WordCounts words = new WordCounts(special, () -> check(interrupts));
            texts.forEach(words::add);
            if (words.counts().isEmpty()) {
                throw new InputException("--text: there are no words in " + texts + "; a tokenizer is trained on text");
            }
            say(printer, "%,d bytes of text, %,d words, %,d different ones", words.bytes(), words.words(), words.counts().size());
            int every = Math.max(1, vocabulary / LINES);
            BpeVocabulary trained = BpeTrainer.train(words.counts(), vocabulary, minFrequency, special, tokens -> {
                check(interrupts);
                if (tokens % every == 0) {
                    say(printer, "vocabulary %,d of %,d, %.1f s", tokens, vocabulary, seconds(start));
                }
            });
            AtomicFiles.folder(out, trained::write);
            say(printer, "%s: vocabulary %,d, %.1f s, %.3f bytes per token", out, trained.tokens().size(), seconds(start),
                    (double) words.bytes() / trained.used());
            if (trained.tokens().size() < vocabulary) {
                say(printer, "the vocabulary is smaller than %,d: no two neighbours that are left occur %d times", vocabulary, minFrequency);
            }
        }
        return ExitCode.DONE;
    }

    private void checkFolder() {
        if (Files.isDirectory(out)) {
            try (Stream<Path> entries = Files.list(out)) {
                if (entries.findAny().isPresent()) {
                    throw new InputException(out + ": holds files already; name a new folder with --out, or remove this one first");
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        Destination.checkFolder(out);
    }

    private static void check(Interrupts interrupts) {
        if (interrupts.requested()) {
            throw new InterruptedRunException("stopped; nothing was written");
        }
    }

    private static double seconds(long start) {
        return (System.nanoTime() - start) * 1e-9;
    }

    private static void say(PrintWriter printer, String format, Object... values) {
        printer.println(String.format(Locale.ROOT, format, values));
        printer.flush();
    }
}
