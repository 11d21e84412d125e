package org.lacuna.training.command;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.run.ExitCode;
import org.lacuna.run.InputException;
import org.lacuna.run.InterruptedRunException;
import org.lacuna.run.Interrupts;
import org.lacuna.run.memory.ProcessMemory;
import org.lacuna.run.recipe.Recipes;
import org.lacuna.training.StepMetrics;
import org.lacuna.training.progress.BarProgress;
import org.lacuna.training.progress.MemoryLines;
import org.lacuna.training.progress.PlainProgress;
import org.lacuna.training.progress.Progress;
import org.lacuna.training.recipe.TrainRecipe;
import org.lacuna.training.run.Control;
import org.lacuna.training.run.TrainingRun;
import picocli.CommandLine.Option;
import picocli.CommandLine;

/** The options of the commands that train, and what they do. */
final class RunOptions {
    @Option(names = "--config", paramLabel = "FILE", description = "The recipe, a YAML file; see configs/.")
    Path config;

    @Option(names = "--set", paramLabel = "KEY=VALUE", description = "Override a key of the recipe, as in train.lr=3e-4; may be repeated.")
    List<String> sets = List.of();

    @Option(names = "--resume", description = "Go on with the run in the folder after its latest checkpoint; begin it if it is not there and a recipe is given.")
    boolean resume;

    /** Whether the recipe has to begin with a checkpoint. */
    boolean needsCheckpoint;

    @Option(names = "--run", paramLabel = "NAME", description = "The run's folder is runs/NAME (default: the recipe's name).")
    private String name;

    @Option(names = "--out", paramLabel = "DIR", description = "The run's folder, in place of --run.")
    private Path out;

    @Option(names = "--stop-after", paramLabel = "STEP",
            description = "Stop after this step with a checkpoint, from which --resume goes on; the schedule stays that of the whole run.")
    private Integer stopAfter;

    /** What is left of a run when its memory is given back. */
    private record Ended(TrainRecipe recipe, Path folder, boolean hasControl, boolean hasEnded) {}

    /** Trains to the end, then the control if there is to be one, and tells it on the command's output. */
    int train(CommandLine command) {
        if (stopAfter != null && stopAfter < 1) {
            throw new InputException("--stop-after: must be at least 1, not " + stopAfter);
        }
        Device device = new CpuDevice();
        try (Interrupts interrupts = Interrupts.listen()) {
            Ended run;
            try (TrainingRun begun = open(command, device)) {
                run = train(begun, Control.wanted(begun.recipe(), begun.folder().path()), command.getOut(), interrupts);
            }
            // One after the other: never are both in memory.
            if (run.hasControl() && run.hasEnded()) {
                trainControl(run, command, device, interrupts);
            }
        }
        return ExitCode.DONE;
    }

    private void trainControl(Ended run, CommandLine command, Device device, Interrupts interrupts) {
        if (interrupts.requested()) {
            throw new InterruptedRunException(run.recipe().name() + " has ended, its control has not gone on; go on with: train --resume --out " + run.folder());
        }
        try (TrainingRun control = placed(run.folder(), () -> Control.open(run.recipe(), run.folder(), device, line -> warn(command, line)))) {
            train(control, true, command.getOut(), interrupts);
        }
    }

    /** {@code oneOfTwo}: each of its lines says which run it is. */
    private Ended train(TrainingRun run, boolean oneOfTwo, PrintWriter out, Interrupts interrupts) {
        ParameterStore parameters = run.trainer().model().parameters();
        String trained = parameters.frozenNames().isEmpty() ? "" : String.format(Locale.ROOT, ", %,d of them trained", parameters.trainableCount());
        out.printf(Locale.ROOT, "%s: %,d parameters%s%s, data %s, %d of %d steps left, folder %s%n", run.recipe().name(), parameters.count(), trained,
                run.recipe().model().from().map(from -> " from " + from).orElse(""), run.corpus().name(), run.stepsLeft(), run.recipe().train().steps(), run.folder().path());
        long beside = ProcessMemory.besideEngine(run.memory().bytes());
        MemoryLines.of(run.memory(), beside, run.trainer().programs().recomputeTrade()).forEach(out::println);
        out.flush();
        Optional<StepMetrics> last;
        try (Progress progress = progress(out, run, oneOfTwo)) {
            last = stopAfter == null ? run.train(progress, interrupts::requested) : run.trainTo(stopAfter, progress, interrupts::requested);
        }
        if (run.stepsLeft() > 0) {
            out.println("stopped after step " + run.step() + " of " + run.recipe().train().steps() + ": " + run.folder().checkpoint(run.step()));
            return new Ended(run.recipe(), run.folder().path(), oneOfTwo, false);
        }
        run.verdicts().forEach(out::println);
        out.println((last.isPresent() ? "done: " : "there was nothing left to do" + run.earlyEnd().map(end -> ", the run " + end).orElse("") + ": ")
                + run.folder().checkpoint(run.step()));
        return new Ended(run.recipe(), run.folder().path(), oneOfTwo, true);
    }

    private TrainingRun open(CommandLine command, Device device) {
        Optional<TrainRecipe> recipe = Optional.ofNullable(config).map(file -> TrainRecipe.load(file, sets));
        if (recipe.isEmpty() && !sets.isEmpty()) {
            throw new InputException("--set changes a recipe; name it with --config");
        }
        if (needsCheckpoint && recipe.isPresent() && recipe.get().model().from().isEmpty()) {
            throw new InputException(config + ": model.from names no checkpoint to begin with; give one with --model DIR, or train a fresh model by: train --config " + config);
        }
        Path folder = folder(recipe);
        return placed(folder, () -> open(command, recipe, folder, device));
    }

    private TrainingRun placed(Path folder, Supplier<TrainingRun> opening) {
        try {
            return opening.get();
        } catch (InputException e) {
            throw Recipes.placed(config != null ? config : folder.resolve("config.yaml"), sets, TrainRecipe.class, e);
        }
    }

    private TrainingRun open(CommandLine command, Optional<TrainRecipe> recipe, Path folder, Device device) {
        if (resume) {
            return recipe.isPresent() ? TrainingRun.open(recipe.get(), folder, device, line -> warn(command, line))
                    : TrainingRun.resume(folder, recipe, device, line -> warn(command, line));
        }
        return TrainingRun.begin(recipe.orElseThrow(() -> new InputException("expected --config FILE, the recipe; the shipped ones are in configs/")), folder, device);
    }

    private static void warn(CommandLine command, String line) {
        command.getErr().println(line);
        command.getErr().flush();
    }

    private Path folder(Optional<TrainRecipe> recipe) {
        if (out != null && name != null) {
            throw new InputException("--run and --out both name the run's folder; leave one out");
        }
        if (out != null) {
            return out;
        }
        String name = this.name != null ? this.name : recipe.map(TrainRecipe::name)
                .orElseThrow(() -> new InputException("expected --config FILE, or --resume with --run NAME or --out DIR"));
        Path below = Path.of(name).normalize();
        if (name.isBlank() || below.isAbsolute() || below.startsWith("..") || below.toString().isEmpty()) {
            throw new InputException("--run: \"" + name + "\" is no name of a folder in runs/; a folder elsewhere is named with --out");
        }
        return Path.of("runs").resolve(below);
    }

    /** A bar needs a terminal on both ends: Java has a console only then. */
    private static Progress progress(PrintWriter out, TrainingRun run, boolean named) {
        int steps = run.recipe().train().steps();
        return System.console() == null ? new PlainProgress(out, named ? run.recipe().name() + " | " : "", steps) : new BarProgress(out, run.recipe().name(), run.step(), steps);
    }
}
