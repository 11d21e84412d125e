package org.lacuna.training.command;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.lacuna.run.ExitCode;
import org.lacuna.run.InputException;
import org.lacuna.run.Interrupts;
import org.lacuna.run.recipe.Recipes;
import org.lacuna.training.sweep.Sweep;
import org.lacuna.training.sweep.SweepFolder;
import org.lacuna.training.sweep.SweepRecipe;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code lacuna sweep}: searches the keys of a recipe. */
@Command(name = "sweep", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Search the keys of a recipe: train and measure many candidates, end bad ones early, report the best.",
        subcommands = {SweepStatusCommand.class, SweepBestCommand.class},
        footer = {"", "Examples:",
            "  sweep --config configs/sweeps/l1.yaml",
            "  sweep --config configs/sweeps/l1.yaml --set budget=8 --out runs/try",
            "  sweep --resume --out runs/sweep-l1",
            "  sweep status runs/sweep-l1",
            "  sweep best runs/sweep-l1",
            "Ctrl-C saves and ends with exit code 130; --resume goes on to the same candidates and results, after a kill too."})
public final class SweepCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--config", paramLabel = "FILE", description = "The sweep, a YAML file; see configs/sweeps/.")
    private Path config;

    @Option(names = "--set", paramLabel = "KEY=VALUE",
            description = "Override a key of the sweep, as in budget=8; may be repeated. A key of its recipe: overrides=[train.steps=100].")
    private List<String> sets = List.of();

    @Option(names = "--out", paramLabel = "DIR", description = "The sweep's folder. Default: runs/NAME.")
    private Path out;

    @Option(names = "--workers", defaultValue = "0", paramLabel = "N",
            description = "Runs at a time; no part of the result. Default: as many as there are processors and memory for.")
    private int workers;

    @Option(names = "--resume", description = "Go on with the sweep in the folder; begin it if it is not there and --config is given.")
    private boolean resume;

    @Override
    public Integer call() {
        if (workers < 0 || workers > 1000) {
            throw new InputException("--workers: must be from 1 to 1000, or 0 for as many as there are processors and memory for, not " + workers);
        }
        Optional<SweepRecipe> recipe = Optional.ofNullable(config).map(file -> SweepRecipe.load(file, sets));
        if (recipe.isEmpty() && !sets.isEmpty()) {
            throw new InputException("--set changes a sweep; name it with --config");
        }
        Path folder = Optional.ofNullable(out).or(() -> recipe.map(sweep -> Path.of("runs", sweep.name())))
                .orElseThrow(() -> new InputException("expected --config FILE, the sweep; the shipped ones are in configs/sweeps/; or --resume with"
                        + " --out DIR"));
        try (Interrupts interrupts = Interrupts.listen(); SweepFolder held = open(recipe, folder)) {
            Sweep.run(held, workers, interrupts::requested, spec.commandLine().getOut());
        }
        return ExitCode.DONE;
    }

    private SweepFolder open(Optional<SweepRecipe> recipe, Path folder) {
        if (resume && (recipe.isEmpty() || Files.exists(folder))) {
            return SweepFolder.resume(folder, recipe);
        }
        SweepRecipe sweep = recipe.orElseThrow(() -> new InputException("expected --config FILE, the sweep; the shipped ones are in"
                + " configs/sweeps/"));
        try {
            return SweepFolder.create(folder, sweep);
        } catch (InputException e) {
            throw Recipes.placed(config, sets, SweepRecipe.class, e);
        }
    }
}
