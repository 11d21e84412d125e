package org.lacuna.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.lacuna.eval.command.ComparisonTable;
import org.lacuna.eval.command.ConsoleWatch;
import org.lacuna.eval.command.MeasureOptions;
import org.lacuna.eval.compare.Comparing;
import org.lacuna.eval.compare.Comparison;
import org.lacuna.eval.measure.Baseline;
import org.lacuna.eval.measure.Measuring;
import org.lacuna.eval.report.Extras;
import org.lacuna.eval.report.ReportWriter;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.graph.Device;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Workers;
import org.lacuna.run.ExitCode;
import org.lacuna.run.InputException;
import org.lacuna.run.InterruptedRunException;
import org.lacuna.run.Interrupts;
import org.lacuna.run.folder.FolderLock;
import org.lacuna.training.progress.PlainProgress;
import org.lacuna.training.progress.Progress;
import org.lacuna.training.recipe.MeasuredWindows;
import org.lacuna.training.recipe.TrainRecipe;
import org.lacuna.training.run.TrainingRun;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code lacuna quickstart}: from nothing to a report. Trains the natural control (SiLU), a natural ReLU model and an
 * induced one (ReLU with an L1 penalty) by one recipe each, on the same tokens, measures each on the same validation
 * windows, and compares them. What a folder already holds is not done again, so an interrupted quickstart goes on.
 */
@Command(name = "quickstart", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Train a natural SiLU, a natural ReLU and an L1-induced ReLU model on generated stories, and compare their sparsity.",
        footer = {"", "The recipes are configs/quickstart-*.yaml. A run that is there already goes on where it stopped."})
final class QuickstartCommand implements Callable<Integer> {
    private static final List<String> MODELS = List.of("silu", "relu", "relu-l1");

    @Spec
    private CommandSpec spec;

    @Option(names = "--out", defaultValue = "runs/quickstart", paramLabel = "DIR", description = "Where runs and report go. Default: ${DEFAULT-VALUE}.")
    private Path out;

    @Option(names = "--configs", defaultValue = "configs", paramLabel = "DIR", description = "Where the recipes are. Default: ${DEFAULT-VALUE}.")
    private Path configs;

    @Option(names = "--seeds", defaultValue = "1", paramLabel = "N",
            description = "Train everything N times, with train.seed 1, 2, … above the recipe's; the report shows each. Default: ${DEFAULT-VALUE}.")
    private int seeds;

    @Option(names = "--set", paramLabel = "KEY=VALUE", description = "Override a key of all three recipes, as in train.steps=50. Repeatable.")
    private List<String> sets = new ArrayList<>();

    @Mixin
    private MeasureOptions measure;

    @Override
    public Integer call() {
        measure.check();
        if (seeds < 1) {
            throw new InputException("--seeds: must be at least 1, not " + seeds);
        }
        List<List<TrainRecipe>> recipes = new ArrayList<>();
        for (int repeat = 0; repeat < seeds; repeat++) {
            recipes.add(recipes(repeat)); // all of them are checked before the first one trains
        }
        ReportWriter.check(out);
        for (int repeat = 0; repeat < seeds; repeat++) {
            for (int i = 0; i < MODELS.size(); i++) {
                checkFolder(recipes.get(repeat).get(i), folder(repeat, i));
            }
        }
        Map<String, TrainRecipe> measured = new LinkedHashMap<>();
        recipes.get(0).forEach(recipe -> measured.put(recipe.name(), recipe));
        MeasuredWindows.check(measured, measure.windows(), measure.window(Integer.MAX_VALUE), "--window");
        FolderLock lock = FolderLock.hold(out, "quickstart writes into its folder: make it writable, or name another with --out").orElseThrow(() -> new InputException(out
                + ": another quickstart goes on there; wait until it ends, or name another folder with --out"));
        try (lock) {
            trainAndCompare(recipes);
        }
        return ExitCode.DONE;
    }

    private void trainAndCompare(List<List<TrainRecipe>> recipes) {
        PrintWriter printer = spec.commandLine().getOut();
        Device device = new CpuDevice();
        List<Comparison> comparisons = new ArrayList<>();
        List<Baseline> baselines = List.of();
        for (int repeat = 0; repeat < seeds; repeat++) {
            List<Path> folders = new ArrayList<>();
            for (int i = 0; i < MODELS.size(); i++) {
                Path folder = folder(repeat, i);
                train(recipes.get(repeat).get(i), folder, device, printer);
                folders.add(folder);
            }
            try (Workers team = measure.team(); Interrupts interrupts = Interrupts.listen()) {
                Measuring measuring = measure.measuring(List.of(), Integer.MAX_VALUE, device, team, new ConsoleWatch(interrupts::requested), line -> {
                    printer.println(line);
                    printer.flush();
                });
                List<RobustnessResult> results = new ArrayList<>();
                for (Path folder : folders) {
                    results.add(measuring.of(folder.toString()));
                }
                comparisons.add(Comparing.of(results));
                baselines = measuring.baselines();
            }
        }
        Extras extras = new Extras(baselines, comparisons.subList(1, comparisons.size()));
        ReportWriter.write(out, comparisons.get(0), extras);
        for (Comparison comparison : comparisons) {
            ComparisonTable.print(printer, comparison, extras);
        }
        printer.println();
        printer.println(out.resolve(ReportWriter.PAGE));
    }

    private Path folder(int repeat, int model) {
        return (seeds == 1 ? out : out.resolve("seed-" + (repeat + 1))).resolve(MODELS.get(model));
    }

    /** Goes on with a run only if it is of the same settings, and tells what is not. */
    private static void checkFolder(TrainRecipe recipe, Path folder) {
        recipe.refusalOf(folder).ifPresent(problem -> {
            throw new InputException(problem);
        });
    }

    private List<TrainRecipe> recipes(int repeat) {
        List<TrainRecipe> recipes = new ArrayList<>();
        for (String model : MODELS) {
            Path file = configs.resolve("quickstart-" + model + ".yaml");
            TrainRecipe recipe = TrainRecipe.load(file, sets);
            if (repeat > 0) {
                List<String> reseeded = new ArrayList<>(sets);
                reseeded.add("train.seed=" + (recipe.train().seed() + repeat));
                recipe = TrainRecipe.load(file, reseeded);
            }
            recipes.add(recipe);
        }
        return recipes;
    }

    private void train(TrainRecipe recipe, Path folder, Device device, PrintWriter printer) {
        try (TrainingRun run = TrainingRun.open(recipe, folder, device, spec.commandLine().getErr()::println);
                Interrupts interrupts = Interrupts.listen();
                Progress progress = new PlainProgress(printer, recipe.train().steps())) {
            long left = recipe.train().steps() - run.step();
            printer.println(String.format(Locale.ROOT, "%s: %,d parameters, %s, %,d of %,d steps left, %s", recipe.name(),
                    run.trainer().model().parameters().count(), run.corpus().name(), left, recipe.train().steps(), folder));
            printer.flush();
            run.train(progress, interrupts::requested);
        } catch (InterruptedRunException e) {
            throw new InterruptedRunException("stopped while training " + recipe.name() + "; the same command goes on from there");
        }
    }
}
