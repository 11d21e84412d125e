package org.lacuna.training.command;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.lacuna.graph.Device;
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
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code lacuna train}: trains a model by a recipe. */
@Command(name = "train", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Train a model by a recipe; the run's folder gets its config, metrics and checkpoints.",
        footer = {"", "Examples:",
            "  train --config configs/quickstart-relu-l1.yaml",
            "  train --config configs/text.yaml --set data.text=mine.txt --run mine",
            "  train --config configs/finetune.yaml --model DIR --set data.text=mine.txt --run mine-tuned",
            "  train --config configs/instruct.yaml --model DIR --set data.instructions=mine.jsonl --run mine-answers",
            "  train --resume --run mine",
            "Ctrl-C saves and ends with exit code 130; --resume goes on to the same bits."})
public final class TrainCommand implements Callable<Integer> {
    private static final String FROM = "model.from=";

    @Spec
    private CommandSpec spec;

    @Option(names = "--config", paramLabel = "FILE", description = "The recipe, a YAML file; see configs/.")
    private Path config;

    @Option(names = "--set", paramLabel = "KEY=VALUE", description = "Override a key of the recipe, as in train.lr=3e-4; may be repeated.")
    private List<String> sets = List.of();

    @Option(names = "--model", paramLabel = "DIR",
            description = "Begin with this checkpoint's weights and config: its folder, or a run's (its latest checkpoint). Short for --set model.from=DIR.")
    private String model;

    @ArgGroup(exclusive = true)
    private Place place = new Place();

    @Option(names = "--resume", description = "Go on with the run in the folder after its latest checkpoint; begin it if it is not there and --config is given.")
    private boolean resume;

    /** Where the run's folder is. */
    private static final class Place {
        @Option(names = "--run", paramLabel = "NAME", description = "The run's folder is runs/NAME (default: the recipe's name).")
        private String run;

        @Option(names = "--out", paramLabel = "DIR", description = "The run's folder.")
        private Path out;
    }

    @Override
    public Integer call() {
        Device device = new CpuDevice();
        try (Interrupts interrupts = Interrupts.listen()) {
            Ended run;
            try (TrainingRun begun = open(device)) {
                run = train(begun, Control.wanted(begun.recipe(), begun.folder().path()), interrupts);
            }
            // One after the other: never are both in memory.
            if (run.hasControl()) {
                if (interrupts.requested()) {
                    throw new InterruptedRunException(run.recipe().name() + " has ended, its control has not gone on; go on with: train --resume --out " + run.folder());
                }
                try (TrainingRun control = placed(run.folder(), () -> Control.open(run.recipe(), run.folder(), device, this::warn))) {
                    train(control, true, interrupts);
                }
            }
        }
        return ExitCode.DONE;
    }

    /** What is left of a run when its memory is given back. */
    private record Ended(TrainRecipe recipe, Path folder, boolean hasControl) {}

    /** Trains a run to its end; {@code oneOfTwo}: each of its lines says which run it is. */
    private Ended train(TrainingRun run, boolean oneOfTwo, Interrupts interrupts) {
        PrintWriter out = spec.commandLine().getOut();
        out.printf(Locale.ROOT, "%s: %,d parameters%s, data %s, %d of %d steps left, folder %s%n", run.recipe().name(),
                run.trainer().model().parameters().count(), run.recipe().model().from().map(from -> " from " + from).orElse(""), run.corpus().name(), run.stepsLeft(),
                run.recipe().train().steps(), run.folder().path());
        long beside = ProcessMemory.besideEngine(run.memory().bytes());
        MemoryLines.of(run.memory(), beside, run.trainer().programs().recomputeTrade()).forEach(out::println);
        out.flush();
        Optional<StepMetrics> last;
        try (Progress progress = progress(out, run, oneOfTwo)) {
            last = run.train(progress, interrupts::requested);
        }
        run.verdicts().forEach(out::println);
        out.println((last.isPresent() ? "done: " : "there was nothing left to do" + run.earlyEnd().map(end -> ", the run " + end).orElse("") + ": ")
                + run.folder().checkpoint(run.step()));
        return new Ended(run.recipe(), run.folder().path(), oneOfTwo);
    }

    private TrainingRun open(Device device) {
        addModel();
        Optional<TrainRecipe> recipe = Optional.ofNullable(config).map(file -> TrainRecipe.load(file, sets));
        if (recipe.isEmpty() && !sets.isEmpty()) {
            throw new InputException((model == null ? "--set changes" : "--model and --set change") + " a recipe; name it with --config"
                    + (model == null || resume ? "" : ", configs/finetune.yaml for example"));
        }
        Path folder = folder(recipe);
        return placed(folder, () -> open(recipe, folder, device));
    }

    private TrainingRun placed(Path folder, Supplier<TrainingRun> opening) {
        try {
            return opening.get();
        } catch (InputException e) {
            throw Recipes.placed(config != null ? config : folder.resolve("config.yaml"), sets, TrainRecipe.class, e);
        }
    }

    /** {@code --model} as the override that it stands for. */
    private void addModel() {
        if (model == null) {
            return;
        }
        if (model.isBlank()) {
            throw new InputException("--model: is empty; expected the folder of a checkpoint or of a run");
        }
        String quoted = FROM + "'" + model.replace("'", "''") + "'";
        sets.stream().filter(set -> set.startsWith(FROM) && !set.equals(FROM + model) && !set.equals(quoted)).findFirst().ifPresent(other -> {
            throw new InputException("--model " + model + " and --set " + other + " name two checkpoints; give one of them");
        });
        sets = Stream.concat(sets.stream(), Stream.of(quoted)).toList();
    }

    private TrainingRun open(Optional<TrainRecipe> recipe, Path folder, Device device) {
        if (resume && (recipe.isEmpty() || Files.exists(folder))) {
            return TrainingRun.resume(folder, recipe, device, this::warn);
        }
        return TrainingRun.begin(recipe.orElseThrow(() -> new InputException("expected --config FILE, the recipe; the shipped ones are in configs/")), folder, device);
    }

    private void warn(String line) {
        PrintWriter err = spec.commandLine().getErr();
        err.println(line);
        err.flush();
    }

    private Path folder(Optional<TrainRecipe> recipe) {
        if (place.out != null) {
            return place.out;
        }
        String name = place.run != null ? place.run : recipe.map(TrainRecipe::name)
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
