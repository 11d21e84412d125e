package org.lacuna.training.command;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.lacuna.run.ExitCode;
import org.lacuna.training.sweep.SweepState;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lacuna sweep status}: how a sweep stands. */
@Command(name = "status", mixinStandardHelpOptions = true, description = "Tell how each candidate of a sweep stands, while it goes on or afterwards.")
public final class SweepStatusCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "DIR", description = "The sweep's folder.")
    private Path folder;

    @Override
    public Integer call() {
        SweepState.of(folder).lines().forEach(spec.commandLine().getOut()::println);
        spec.commandLine().getOut().flush();
        return ExitCode.DONE;
    }
}
