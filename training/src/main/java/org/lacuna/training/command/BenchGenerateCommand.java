package org.lacuna.training.command;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.lacuna.decode.Generator;
import org.lacuna.eval.memory.ForwardMemory;
import org.lacuna.graph.Device;
import org.lacuna.graph.Precision;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.Initialization;
import org.lacuna.model.Model;
import org.lacuna.run.ExitCode;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.ModelReference;
import org.lacuna.training.bench.GenerateBench;
import org.lacuna.training.bench.Shape;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lacuna bench generate}: how fast a model writes. */
@Command(name = "generate", mixinStandardHelpOptions = true, sortOptions = false, showDefaultValues = true,
        description = "Measure generation with a KV cache: tokens/s of a prompt and after it, and the weights' bytes/s against this machine's own peak.")
final class BenchGenerateCommand implements Callable<Integer> {
    @Mixin
    private BenchOptions options;

    @Option(names = "--prompt-tokens", defaultValue = "64", description = "Tokens of the prompt; with those added, at most --window.")
    private int prompt;

    @Option(names = "--new-tokens", defaultValue = "64", description = "Tokens added to it, at least 2.")
    private int tokens;

    @Option(names = "--warm-up", defaultValue = "2", description = "Generations before the measured ones.")
    private int warmUp;

    @Option(names = "--runs", defaultValue = "5", description = "Measured generations.")
    private int runs;

    @Option(names = "--model", paramLabel = "DIR", description = "Measure this checkpoint, or a run's latest, instead of random weights.")
    private String model;

    @Override
    public Integer call() {
        options.times(1, "--prompt-tokens", prompt).times(2, "--new-tokens", tokens).times(0, "--warm-up", warmUp).times(1, "--runs", runs).check();
        if (options.precision().orElse(Precision.FP32) != Precision.FP32) {
            throw new InputException("--precision: generation multiplies in fp32 only");
        }
        Device device = options.device();
        Path checkpoint = model == null ? null : new ModelReference(model).checkpoint();
        Shape shape = checkpoint == null ? options.shape() : options.shapeOf(Checkpoint.config(checkpoint));
        if (prompt + tokens > shape.window()) {
            throw new InputException("--prompt-tokens and --new-tokens: " + prompt + " and " + tokens + " are more than the " + shape.window() + " of --window");
        }
        ForwardMemory.of(shape.config()).withText(Generator.bytes(shape.config(), device, shape.workers(), (long) prompt + tokens)).check("bench", "a smaller model");
        Model weights = checkpoint == null ? Initialization.of(shape.config(), device, 1) : Checkpoint.load(checkpoint, shape.config(), device);
        options.show(GenerateBench.run(shape, weights, prompt, tokens, warmUp, runs, device));
        return ExitCode.DONE;
    }
}
