package org.lacuna.zoo.command;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.lacuna.run.ExitCode;
import org.lacuna.run.folder.ModelReference;
import org.lacuna.zoo.format.Published;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lacuna zoo verify}. */
@Command(name = "verify", mixinStandardHelpOptions = true, description = "Check a published model: every byte, that nothing is missing, and that it computes here what it did there.")
final class VerifyCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "MODEL", description = "Its folder, or zoo:GROUP:NAME:VERSION.")
    private String model;

    @Override
    public Integer call() {
        Path folder = new ModelReference(model).checkpoint();
        Published.verify(folder);
        spec.commandLine().getOut().println(folder + ": all files are as they were published, and the model computes here what it did there");
        spec.commandLine().getOut().flush();
        return ExitCode.DONE;
    }
}
