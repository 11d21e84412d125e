package org.lacuna.training.command;

import java.util.concurrent.Callable;
import org.lacuna.run.ExitCode;
import org.lacuna.training.bench.EvalBench;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lacuna bench eval}: how fast a model is measured. */
@Command(name = "eval", mixinStandardHelpOptions = true, sortOptions = false, showDefaultValues = true,
        description = "Measure an evaluation: dense passes, and a top-p grid of 8 points in one pass against 8 passes, in tokens/s.")
final class BenchEvalCommand implements Callable<Integer> {
    @Mixin
    private BenchOptions options;

    @Option(names = "--warm-up", defaultValue = "2", description = "Passes of each kind before the measured ones.")
    private int warmUp;

    @Option(names = "--runs", defaultValue = "10", description = "Measured passes of each kind.")
    private int runs;

    @Override
    public Integer call() {
        options.times(0, "--warm-up", warmUp).times(1, "--runs", runs).check();
        options.show(EvalBench.run(options.shape(), warmUp, runs, options.device()));
        return ExitCode.DONE;
    }
}
