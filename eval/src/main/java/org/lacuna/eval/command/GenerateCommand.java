package org.lacuna.eval.command;

import java.io.PrintWriter;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.eval.generate.Generator;
import org.lacuna.eval.generate.Sampling;
import org.lacuna.eval.source.ModelSource;
import org.lacuna.eval.source.Tokenizers;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.Model;
import org.lacuna.run.ExitCode;
import org.lacuna.run.InputException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code lacuna generate}: a model goes on with a text. */
@Command(name = "generate", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Let a model go on with a text, by plain sampling.")
public final class GenerateCommand implements Callable<Integer> {
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
        int[] ids = prompt.isEmpty() ? new int[] {tokenizer.endOfText()} : tokenizer.encode(prompt);
        int window = (int) Math.min((long) ids.length + tokens, loaded.config().maxPositions());
        int[] text = new Generator(loaded, device, window).generate(ids, tokens, tokenizer.endOfText(), sampling, new SplittableRandom(seed));
        print(tokenizer, text);
        return ExitCode.DONE;
    }

    private Sampling sampling() {
        try {
            return new Sampling(temperature, topK);
        } catch (IllegalArgumentException e) {
            throw new InputException("--temperature or --top-k: " + e.getMessage(), e);
        }
    }

    /** Ends of text at either end are not shown. */
    private void print(Tokenizer tokenizer, int[] text) {
        int from = prompt.isEmpty() ? 1 : 0;
        int to = text.length > from && text[text.length - 1] == tokenizer.endOfText() ? text.length - 1 : text.length;
        PrintWriter out = spec.commandLine().getOut();
        out.println(tokenizer.decode(Arrays.copyOfRange(text, from, to)));
        out.flush();
    }
}
