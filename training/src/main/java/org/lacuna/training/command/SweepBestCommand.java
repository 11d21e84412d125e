package org.lacuna.training.command;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.lacuna.run.ExitCode;
import org.lacuna.training.sweep.SweepState;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lacuna sweep best}: the best candidate's run. */
@Command(name = "best", mixinStandardHelpOptions = true, sortOptions = false, description = "Print the folder of the best candidate's run.")
public final class SweepBestCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "DIR", description = "The sweep's folder.")
    private Path folder;

    @Override
    public Integer call() {
        spec.commandLine().getOut().println(SweepState.of(folder).best());
        spec.commandLine().getOut().flush();
        return ExitCode.DONE;
    }
}
