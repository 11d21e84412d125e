package org.lacuna.zoo.command;

import java.util.concurrent.Callable;
import org.lacuna.run.ExitCode;
import org.lacuna.run.folder.ModelReference;
import org.lacuna.zoo.format.Published;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lacuna zoo card}. */
@Command(name = "card", mixinStandardHelpOptions = true, description = "Print a published model's card.")
final class CardCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "MODEL", description = "Its folder, or zoo:GROUP:NAME:VERSION.")
    private String model;

    @Override
    public Integer call() {
        spec.commandLine().getOut().print(Published.card(new ModelReference(model).checkpoint()));
        spec.commandLine().getOut().flush();
        return ExitCode.DONE;
    }
}
