package org.lacuna.cli.zoo;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.lacuna.eval.source.Hashes;
import org.lacuna.graph.Device;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.Checkpoint;
import org.lacuna.run.ExitCode;
import org.lacuna.run.InputException;
import org.lacuna.run.Interrupts;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.recipe.Recipes;
import org.lacuna.training.checkpoint.BuildInfo;
import org.lacuna.training.progress.PlainProgress;
import org.lacuna.training.progress.Progress;
import org.lacuna.training.recipe.TrainRecipe;
import org.lacuna.training.run.TrainingRun;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lacuna zoo rebuild}: a model of the index from its recipe. */
@Command(name = "rebuild", mixinStandardHelpOptions = true, sortOptions = false, description = "Train a model of the index by its recipe, and hold its weights against the index, byte for byte.",
        footer = {"", "Exit code 1 if they are others. On another kind of machine they are, since sums are rounded in another order there."})
public final class RebuildCommand implements Callable<Integer> {
    private static final String ENTRY = "model.yaml";

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "NAME", description = "A model of the index.")
    private String name;

    @Option(names = "--index", paramLabel = "DIR", defaultValue = "model-zoo/index", description = "The index. Default: ${DEFAULT-VALUE}.")
    private Path index;

    @Option(names = "--out", paramLabel = "DIR", description = "The run's folder; a run there goes on. Default: runs/zoo/NAME.")
    private Path out;

    @Option(names = "--record", description = "Put the weights' hash into the index in place of comparing it.")
    private boolean record;

    @Override
    public Integer call() {
        if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]*") || !Files.isRegularFile(index.resolve(name).resolve(ENTRY))) {
            throw new InputException(name + ": no model of the index; there is no " + index.resolve(name).resolve(ENTRY));
        }
        Path file = index.resolve(name).resolve(ENTRY);
        IndexEntry entry = Recipes.load(file, List.of(), IndexEntry.class);
        TrainRecipe recipe = TrainRecipe.load(entry.recipe(), entry.set());
        Path folder = out == null ? Path.of("runs", "zoo", name) : out;
        Device device = new CpuDevice();
        BuildInfo here = BuildInfo.here(device.in(recipe.train().precision()).gemm());
        PrintWriter printer = spec.commandLine().getOut();
        String hash = trained(recipe, folder, device, printer);
        if (record) {
            AtomicFiles.write(file, Recipes.toYaml(new IndexEntry(entry.recipe(), entry.set(), hash, here.java(), here.cpuFlags(), here.gemm())));
            printer.println(file + ": weights " + hash);
        } else if (hash.equals(entry.weightsSha256())) {
            printer.println(folder + ": the same weights, byte for byte: " + hash);
        } else {
            List<String> differences = entry.differences(here);
            throw new RunException(folder + ": the weights are " + hash + ", in " + file + " " + entry.weightsSha256() + (differences.isEmpty()
                    ? "; the machine is of the same kind, so something else has changed: the recipe, the data or the code" : "; it was made elsewhere: " + String.join("; ", differences)));
        }
        printer.flush();
        return ExitCode.DONE;
    }

    private String trained(TrainRecipe recipe, Path folder, Device device, PrintWriter printer) {
        try (TrainingRun run = TrainingRun.open(recipe, folder, device, spec.commandLine().getErr()::println);
                Interrupts interrupts = Interrupts.listen();
                Progress progress = new PlainProgress(printer, recipe.train().steps())) {
            run.train(progress, interrupts::requested);
            return Hashes.file(run.folder().checkpoint(run.step()).resolve(Checkpoint.WEIGHTS));
        }
    }
}
