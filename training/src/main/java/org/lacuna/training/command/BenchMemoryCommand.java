package org.lacuna.training.command;

import java.util.concurrent.Callable;
import org.lacuna.run.ExitCode;
import org.lacuna.training.bench.MemoryBench;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lacuna bench memory}: what a training step holds. */
@Command(name = "memory", mixinStandardHelpOptions = true, sortOptions = false, showDefaultValues = true,
        description = "Measure a training step's memory: parameters, gradients, moments, arenas, the Java heap and the rest.")
final class BenchMemoryCommand implements Callable<Integer> {
    @Mixin
    private BenchStepOptions options;

    @Option(names = "--warm-up", defaultValue = "10", description = "Steps before the measured ones.")
    private int warmUp;

    @Option(names = "--steps", defaultValue = "20", description = "Measured steps.")
    private int steps;

    @Override
    public Integer call() {
        options.times(0, "--warm-up", warmUp).times(1, "--steps", steps).check();
        options.show(MemoryBench.run(options.shape().fitting(options.device()), warmUp, steps, options.device()));
        return ExitCode.DONE;
    }
}
