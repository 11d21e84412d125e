package org.lacuna.eval.command;

import java.io.PrintWriter;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.eval.generate.Generator;
import org.lacuna.eval.generate.Sampling;
import org.lacuna.eval.generate.TextStream;
import org.lacuna.eval.source.ModelSource;
import org.lacuna.data.tokenize.Tokenizers;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.Model;
import org.lacuna.run.ExitCode;
import org.lacuna.run.InputException;
import org.lacuna.run.Interrupts;
import org.lacuna.run.InterruptedRunException;
import org.lacuna.run.RunException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code lacuna generate}: a model goes on with a text. */
@Command(name = "generate", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Let a model go on with a text, by plain sampling. Of a text longer than the model's positions it reads the end.")
public final class GenerateCommand implements Callable<Integer> {
    private static final int NO_TOKEN = -1;

    @Spec
    private CommandSpec spec;

    @Option(names = "--model", required = true, paramLabel = "DIR", description = "A checkpoint's folder, or a run's (its latest checkpoint).")
    private String model;

    @Option(names = "--prompt", defaultValue = "", paramLabel = "TEXT", description = "What to go on with; empty for a fresh text.")
    private String prompt;

    @Option(names = "--max-new-tokens", defaultValue = "200", paramLabel = "N",
            description = "Tokens to add at most; an end of text ends it sooner. Default: ${DEFAULT-VALUE}.")
    private int tokens;

    @Option(names = "--temperature", defaultValue = "0.8", paramLabel = "X",
            description = "What logits are divided by; 0 takes the likeliest token. Default: ${DEFAULT-VALUE}.")
    private double temperature;

    @Option(names = "--top-k", defaultValue = "0", paramLabel = "K",
            description = "Draw from the K likeliest tokens; 0 for all. Default: ${DEFAULT-VALUE}.")
    private int topK;

    @Option(names = "--seed", defaultValue = "1", paramLabel = "N", description = "Seed of the draws. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Override
    public Integer call() {
        if (tokens < 1) {
            throw new InputException("--max-new-tokens: must be at least 1, not " + tokens);
        }
        Sampling sampling = sampling();
        ModelSource source = ModelSource.of(model);
        Tokenizer tokenizer = Tokenizers.load(source.checkpoint().resolve("tokenizer.json"));
        CpuDevice device = new CpuDevice();
        Model loaded = source.load(device);
        if (tokenizer.vocabularySize() > loaded.config().vocabulary()) {
            throw new InputException(source.checkpoint() + ": tokenizer.json has " + tokenizer.vocabularySize() + " token ids, the model "
                    + loaded.config().vocabulary());
        }
        int[] ids = ids(tokenizer);
        if (ids.length == 0) {
            throw new InputException(source.checkpoint() + ": its tokenizer names no token that begins or ends a text; give a --prompt to begin with");
        }
        go(new Generator(loaded, device), tokenizer, ids, sampling);
        return ExitCode.DONE;
    }

    private int[] ids(Tokenizer tokenizer) {
        if (prompt.isEmpty()) {
            return tokenizer.prefix();
        }
        int[] leading = tokenizer.leading();
        int[] text = tokenizer.encode(prompt);
        return IntStream.concat(Arrays.stream(leading), Arrays.stream(text)).toArray();
    }

    /** Prints the text as it comes, without the end of text at either end. */
    private void go(Generator generator, Tokenizer tokenizer, int[] ids, Sampling sampling) {
        PrintWriter out = spec.commandLine().getOut();
        TextStream stream = new TextStream(tokenizer, prompt.isEmpty() ? new int[0] : ids);
        int endOfText = tokenizer.endOfText().orElse(NO_TOKEN);
        int[] added = {0};
        boolean[] closed = {false};
        try (Interrupts interrupts = Interrupts.listen()) {
            print(out, prompt);
            generator.generate(ids, tokens, endOfText, sampling, new SplittableRandom(seed), token -> {
                added[0]++;
                closed[0] = !print(out, token == endOfText ? "" : stream.add(token));
                return !closed[0] && !interrupts.requested();
            });
            print(out, stream.end() + System.lineSeparator());
            if (closed[0]) {
                throw new RunException("standard output takes no more text; stopped after " + added[0] + " tokens");
            }
            if (interrupts.requested()) {
                throw new InterruptedRunException("stopped after " + added[0] + " tokens");
            }
        }
    }

    /** Whether the text could be printed: a reader such as {@code head} may have gone. */
    private static boolean print(PrintWriter out, String text) {
        out.print(text);
        return !out.checkError();
    }

    private Sampling sampling() {
        try {
            return new Sampling(temperature, topK);
        } catch (IllegalArgumentException e) {
            throw new InputException("--temperature or --top-k: " + e.getMessage(), e);
        }
    }
}
