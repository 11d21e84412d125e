package org.lacuna.eval.command;

import java.io.PrintWriter;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.data.tokenize.Tokenizers;
import org.lacuna.decode.Generator;
import org.lacuna.decode.Sampling;
import org.lacuna.eval.generate.Prompt;
import org.lacuna.eval.generate.StopStrings;
import org.lacuna.eval.generate.TextStream;
import org.lacuna.eval.memory.ForwardMemory;
import org.lacuna.eval.source.ModelSource;
import org.lacuna.graph.Device;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.config.ModelConfig;
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
        description = "Let a model go on with a text. Of a text longer than the model's positions it reads the end; one that outgrows them"
                + " while it is written is read anew from the middle of what was read.")
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

    @Option(names = "--top-p", defaultValue = "1", paramLabel = "P",
            description = "Draw from the fewest likeliest tokens that have the probability P together; 1 for all. Default: ${DEFAULT-VALUE}.")
    private double topP;

    @Option(names = "--stop", paramLabel = "TEXT", description = "End before this text; may be repeated.")
    private List<String> stops = List.of();

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
        ModelConfig config = source.modelConfig();
        Prompt begin = prompt(source, tokenizer, config);
        int workers = Runtime.getRuntime().availableProcessors();
        ForwardMemory memory = memory(source, config, device, workers, begin.ids().length);
        try (Generator generator = new Generator(source.load(config, device), device, workers)) {
            PrintWriter err = spec.commandLine().getErr();
            err.println("memory " + memory.line());
            err.flush();
            go(generator, begin, sampling);
        }
        return ExitCode.DONE;
    }

    private Prompt prompt(ModelSource source, Tokenizer tokenizer, ModelConfig config) {
        try {
            return new Prompt(prompt, tokenizer, config);
        } catch (InputException e) {
            throw e.map(problem -> source.checkpoint() + ": " + problem);
        }
    }

    /** What it will hold, if that is there. */
    private ForwardMemory memory(ModelSource source, ModelConfig config, Device device, int workers, int promptTokens) {
        String name = source.checkpoint().toString();
        ForwardMemory parameters = ForwardMemory.of(config);
        parameters.check(name, "a smaller model"); // before compiling a graph of any size
        ForwardMemory memory = parameters.withText(Generator.bytes(config, device, workers, (long) promptTokens + tokens));
        memory.check(name, "fewer --max-new-tokens, a shorter --prompt, or a smaller model");
        return memory;
    }

    /** Prints the text as it comes, without the end of text at either end. */
    private void go(Generator generator, Prompt begin, Sampling sampling) {
        PrintWriter out = spec.commandLine().getOut();
        TextStream stream = begin.stream();
        StopStrings until = stopStrings();
        int[] added = {0};
        boolean[] closed = {false};
        try (Interrupts interrupts = Interrupts.listen()) {
            print(out, prompt);
            generator.generate(begin.ids(), tokens, begin::isEnd, sampling, new SplittableRandom(seed), token -> {
                added[0]++;
                closed[0] = !print(out, until.add(begin.text(stream, token)));
                return !closed[0] && !until.found() && !interrupts.requested();
            });
            print(out, until.add(stream.end()) + until.end() + System.lineSeparator());
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

    private StopStrings stopStrings() {
        try {
            return new StopStrings(stops);
        } catch (IllegalArgumentException e) {
            throw new InputException("--stop: " + e.getMessage(), e);
        }
    }

    private Sampling sampling() {
        named("--temperature", () -> new Sampling(temperature, 0, 1));
        named("--top-k", () -> new Sampling(1, topK, 1));
        return named("--top-p", () -> new Sampling(temperature, topK, topP));
    }

    private static Sampling named(String option, Supplier<Sampling> sampling) {
        try {
            return sampling.get();
        } catch (IllegalArgumentException e) {
            throw new InputException(option + ": " + e.getMessage(), e);
        }
    }
}
