package org.lacuna.training.command;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code lacuna bench}: measures this machine. */
@Command(name = "bench", mixinStandardHelpOptions = true, description = "Measure how fast this machine is.",
        subcommands = {BenchTrainCommand.class, BenchGemmCommand.class, BenchEvalCommand.class, BenchGenerateCommand.class, BenchMemoryCommand.class})
public final class BenchCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        throw new ParameterException(spec.commandLine(), "expected what to measure: train, gemm, eval, generate or memory");
    }
}
