package org.lacuna.training.command;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code lacuna train}: trains a model by a recipe. */
@Command(name = "train", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Train a model by a recipe; the run's folder gets its config, metrics and checkpoints.",
        footer = {"", "Examples:",
            "  train --config configs/quickstart-relu-l1.yaml",
            "  train --config configs/text.yaml --set data.text=mine.txt --run mine",
            "  train --resume --run mine",
            "A checkpoint is trained on by \"finetune\". Ctrl-C saves and ends with exit code 130; --resume goes on to the same bits."})
public final class TrainCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOptions run;

    @Override
    public Integer call() {
        return run.train(spec.commandLine());
    }
}
