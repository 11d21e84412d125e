package org.lacuna.zoo.command;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code lacuna zoo}: models from one user to another. */
@Command(name = "zoo", mixinStandardHelpOptions = true, synopsisSubcommandLabel = "COMMAND", description = "Publish models to directories and Maven repositories, pull and verify them.",
        subcommands = {PublishCommand.class, PullCommand.class, VerifyCommand.class, ListCommand.class, CardCommand.class, DiffCommand.class},
        footer = {"", "A model that was pulled is named zoo:GROUP:NAME:VERSION wherever a model's folder may stand."})
public final class ZooCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        throw new ParameterException(spec.commandLine(), "expected a command");
    }
}
