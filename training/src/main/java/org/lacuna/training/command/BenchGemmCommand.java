package org.lacuna.training.command;

import java.util.concurrent.Callable;
import org.lacuna.run.ExitCode;
import org.lacuna.training.bench.GemmBench;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lacuna bench gemm}: how fast matrices are multiplied. */
@Command(name = "gemm", mixinStandardHelpOptions = true, sortOptions = false, showDefaultValues = true,
        description = "Measure the matrix products of a model's training step, and a square one: GFLOPS in each precision. --layers changes nothing here.")
final class BenchGemmCommand implements Callable<Integer> {
    @Mixin
    private BenchOptions options;

    @Option(names = "--warm-up", defaultValue = "5", description = "Runs of each product before the measured ones.")
    private int warmUp;

    @Option(names = "--runs", defaultValue = "30", description = "Measured runs of each product.")
    private int runs;

    @Override
    public Integer call() {
        options.times(0, "--warm-up", warmUp).times(1, "--runs", runs).check();
        options.show(GemmBench.run(options.shape(), options.precisions(), warmUp, runs, options.device()));
        return ExitCode.DONE;
    }
}
