package org.lacuna.training.command;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.lacuna.run.InputException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code lacuna finetune}: trains a checkpoint on, or a part of it, or adapters beside it. */
@Command(name = "finetune", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Train a checkpoint on, one from Hugging Face or a run's; all of it, some of it (model.freeze), or adapters beside it (model.lora).",
        footer = {"", "Examples:",
            "  finetune --model DIR --set data.text=mine.txt --run mine",
            "  finetune --model DIR --set data.text=mine.txt --set model.activation=relu --run mine-relu",
            "  finetune --model DIR --config configs/lora.yaml --set data.text=mine.txt --run mine-lora",
            "  finetune --model DIR --config configs/instruct.yaml --set data.instructions=mine.jsonl --run mine-answers",
            "  finetune --resume --run mine",
            "Without --config the recipe is configs/finetune.yaml. Ctrl-C saves and ends with exit code 130; --resume goes on to the same bits."})
public final class FinetuneCommand implements Callable<Integer> {
    private static final String FROM = "model.from=";
    private static final Path DEFAULT = Path.of("configs", "finetune.yaml");

    @Spec
    private CommandSpec spec;

    @Option(names = "--model", paramLabel = "DIR",
            description = "The checkpoint to begin with: its folder, or a run's (its latest checkpoint). Short for --set model.from=DIR.")
    private String model;

    @Mixin
    private RunOptions run;

    @Override
    public Integer call() {
        boolean named = model != null || run.sets.stream().anyMatch(set -> set.startsWith(FROM));
        if (run.config == null && !run.resume && !named) {
            throw new InputException("expected --model DIR, the checkpoint to begin with, or --resume with --run NAME or --out DIR");
        }
        if (model != null) {
            addModel();
        }
        // Without anything to say about the recipe a run is gone on with by its own.
        if (run.config == null && (!run.resume || !run.sets.isEmpty())) {
            if (!Files.isRegularFile(DEFAULT)) {
                throw new InputException(DEFAULT + ": there is no such file in the folder that the command runs in; run it from the repository's root, or name a recipe with --config");
            }
            run.config = DEFAULT;
        }
        run.needsCheckpoint = true;
        return run.train(spec.commandLine());
    }

    /** {@code --model} as the override that it stands for. */
    private void addModel() {
        if (model.isBlank()) {
            throw new InputException("--model: is empty; expected the folder of a checkpoint or of a run");
        }
        String quoted = FROM + "'" + model.replace("'", "''") + "'";
        run.sets.stream().filter(set -> set.startsWith(FROM) && !set.equals(FROM + model) && !set.equals(quoted)).findFirst().ifPresent(other -> {
            throw new InputException("--model " + model + " and --set " + other + " name two checkpoints; give one of them");
        });
        run.sets = Stream.concat(run.sets.stream(), Stream.of(quoted)).toList();
    }
}
