package org.lacuna.data.command;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code lacuna tokenizer}: what is done to tokenizers. */
@Command(name = "tokenizer", mixinStandardHelpOptions = true, description = "Train a tokenizer.", subcommands = TokenizerTrainCommand.class)
public final class TokenizerCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        throw new ParameterException(spec.commandLine(), "expected what to do: train");
    }
}
