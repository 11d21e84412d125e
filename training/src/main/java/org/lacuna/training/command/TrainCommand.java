package org.lacuna.training.command;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.lacuna.graph.Device;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.run.ExitCode;
import org.lacuna.run.InputException;
import org.lacuna.run.Interrupts;
import org.lacuna.run.memory.ProcessMemory;
import org.lacuna.run.recipe.Recipes;
import org.lacuna.training.StepMetrics;
import org.lacuna.training.progress.BarProgress;
import org.lacuna.training.progress.MemoryLines;
import org.lacuna.training.progress.PlainProgress;
import org.lacuna.training.progress.Progress;
import org.lacuna.training.recipe.TrainRecipe;
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
        PrintWriter out = spec.commandLine().getOut();
        Device device = new CpuDevice();
        try (TrainingRun run = open(device); Interrupts interrupts = Interrupts.listen()) {
            int steps = run.recipe().train().steps();
            out.printf(Locale.ROOT, "%s: %,d parameters%s, data %s, %d of %d steps left, folder %s%n", run.recipe().name(),
                    run.trainer().model().parameters().count(), run.recipe().model().from().map(from -> " from " + from).orElse(""), run.corpus().name(), run.stepsLeft(), steps, run.folder().path());
            long beside = ProcessMemory.besideEngine(run.memory().bytes());
            MemoryLines.of(run.memory(), beside, run.trainer().programs().recomputeTrade()).forEach(out::println);
            out.flush();
            Optional<StepMetrics> last;
            try (Progress progress = progress(out, run)) {
                last = run.train(progress, interrupts::requested);
            }
            run.verdicts().forEach(out::println);
            out.println((last.isPresent() ? "done: " : "there was nothing left to do" + run.earlyEnd().map(end -> ", the run " + end).orElse("") + ": ")
                    + run.folder().checkpoint(run.step()));
        }
        return ExitCode.DONE;
    }

    private TrainingRun open(Device device) {
        addModel();
        Optional<TrainRecipe> recipe = Optional.ofNullable(config).map(file -> TrainRecipe.load(file, sets));
        if (recipe.isEmpty() && !sets.isEmpty()) {
            throw new InputException((model == null ? "--set changes" : "--model and --set change") + " a recipe; name it with --config"
                    + (model == null || resume ? "" : ", configs/finetune.yaml for example"));
        }
        Path folder = folder(recipe);
        try {
            return open(recipe, folder, device);
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
            PrintWriter err = spec.commandLine().getErr();
            return TrainingRun.resume(folder, recipe, device, line -> {
                err.println(line);
                err.flush();
            });
        }
        return TrainingRun.begin(recipe.orElseThrow(() -> new InputException("expected --config FILE, the recipe; the shipped ones are in configs/")), folder, device);
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
    private static Progress progress(PrintWriter out, TrainingRun run) {
        int steps = run.recipe().train().steps();
        return System.console() == null ? new PlainProgress(out, steps) : new BarProgress(out, run.recipe().name(), run.step(), steps);
    }
}
