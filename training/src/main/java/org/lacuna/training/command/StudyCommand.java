package org.lacuna.training.command;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.lacuna.data.Corpus;
import org.lacuna.eval.command.ConsoleWatch;
import org.lacuna.eval.report.StudyWriter;
import org.lacuna.eval.study.StudiedModel;
import org.lacuna.eval.study.Study;
import org.lacuna.eval.study.StudyMeasuring;
import org.lacuna.graph.Device;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Workers;
import org.lacuna.run.ExitCode;
import org.lacuna.run.InputException;
import org.lacuna.run.Interrupts;
import org.lacuna.run.folder.FolderLock;
import org.lacuna.training.recipe.MeasuredWindows;
import org.lacuna.training.recipe.TrainRecipe;
import org.lacuna.training.study.StudyRecipe;
import org.lacuna.training.study.StudyRuns;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code lacuna study}: sizes times variants times seeds on the same tokens, and what they say of claims about activation sparsity. */
@Command(name = "study", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Train sizes × variants × seeds on the same tokens, measure all alike, and hold claims about activation sparsity against them.",
        footer = {"", "Example: study --config configs/studies/ladder.yaml", "What a folder already holds is not done again, so an interrupted study goes on by the same command."})
public final class StudyCommand implements Callable<Integer> {
    private static final int WIDEST = 64;

    @Spec
    private CommandSpec spec;

    @Option(names = "--config", required = true, paramLabel = "FILE", description = "The study, a YAML file; see configs/studies/.")
    private Path config;

    @Option(names = "--set", paramLabel = "KEY=VALUE",
            description = "Override a key of the study, as in windows=32; may be repeated. A key of its recipes: overrides=[train.steps=100].")
    private List<String> sets = List.of();

    @Option(names = "--scale", defaultValue = "1", paramLabel = "K",
            description = "Models K times as wide, trained K² times as long on K² times the tokens, at a K-th of the learning rate. Default: ${DEFAULT-VALUE}.")
    private int scale;

    @Option(names = "--out", paramLabel = "DIR", description = "Where runs and report go. Default: runs/NAME.")
    private Path out;

    @Option(names = "--workers", defaultValue = "0", paramLabel = "N", description = "Threads that measure; no part of the result. Default: one for each processor.")
    private int workers;

    @Override
    public Integer call() {
        if (scale < 1 || scale > WIDEST) {
            throw new InputException("--scale: must be from 1 to " + WIDEST + ", not " + scale);
        }
        if (workers < 0 || workers > 1000) {
            throw new InputException("--workers: must be from 1 to 1000, or 0 for one for each processor, not " + workers);
        }
        StudyRecipe recipe = StudyRecipe.load(config, sets);
        List<StudyRecipe.Run> runs = recipe.runs(scale);
        Map<String, TrainRecipe> measured = new LinkedHashMap<>();
        runs.forEach(run -> measured.put(run.name(), run.recipe()));
        Corpus corpus = MeasuredWindows.check(measured, recipe.windows(), recipe.window(), "window");
        Path folder = out != null ? out : Path.of("runs", scale == 1 ? recipe.name() : recipe.name() + "-x" + scale);
        StudyWriter.check(folder);
        StudyRuns trained = new StudyRuns(runs, folder);
        PrintWriter printer = spec.commandLine().getOut();
        Device device = new CpuDevice();
        try (Workers team = new Workers(workers == 0 ? Runtime.getRuntime().availableProcessors() : workers); Interrupts interrupts = Interrupts.listen()) {
            StudyMeasuring measuring = new StudyMeasuring(recipe.windows(), recipe.window(), recipe.tasks(), recipe.documents(), device, team, new ConsoleWatch(interrupts::requested), line -> {
                printer.println(line);
                printer.flush();
            });
            corpus.tokenizer().ifPresent(tokenizer -> measuring.check(tokenizer, runs.stream().flatMap(run -> run.recipe().model().maxPositions().stream()).min(Integer::compare)
                    .orElse(Integer.MAX_VALUE)));
            FolderLock lock = FolderLock.hold(folder, "a study writes into its folder: make it writable, or name another with --out").orElseThrow(() -> new InputException(folder
                    + ": another study goes on there; wait until it ends, or name another folder with --out"));
            try (lock) {
                trained.train(device, printer, line -> spec.commandLine().getErr().println(line), interrupts::requested);
                List<StudiedModel> models = new ArrayList<>();
                for (StudyRecipe.Run run : runs) {
                    models.add(measuring.of(run.size(), run.variant(), run.seed(), trained.of(run)));
                }
                Study study = new Study(recipe.name(), models);
                StudyWriter.write(folder, study, printer);
            }
        }
        printer.println();
        printer.println(folder.resolve(StudyWriter.PAGE));
        return ExitCode.DONE;
    }
}
