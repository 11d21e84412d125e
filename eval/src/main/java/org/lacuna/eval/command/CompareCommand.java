package org.lacuna.eval.command;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.lacuna.data.Corpora;
import org.lacuna.data.Corpus;
import org.lacuna.data.DataRecipe;
import org.lacuna.eval.compare.Comparing;
import org.lacuna.eval.compare.Comparison;
import org.lacuna.eval.compare.TaskComparing;
import org.lacuna.eval.compare.TaskComparison;
import org.lacuna.eval.measure.Cut;
import org.lacuna.eval.measure.Evaluation;
import org.lacuna.eval.measure.Measuring;
import org.lacuna.eval.report.Extras;
import org.lacuna.eval.report.Leaderboard;
import org.lacuna.eval.report.LittleLearned;
import org.lacuna.eval.report.ReportWriter;
import org.lacuna.eval.report.TaskReport;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.Settings;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.eval.source.ModelSource;
import org.lacuna.eval.source.RunsBelow;
import org.lacuna.eval.source.WithControls;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.run.ExitCode;
import org.lacuna.run.InputException;
import org.lacuna.run.Interrupts;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lacuna compare}: two or more models side by side, as a report; more than two also sorted. */
@Command(name = "compare", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Compare how much of several models' feed-forward activations can be left out; write report.html and report.json.",
        footer = {"", "Examples:", "  compare runs/silu runs/relu-l1 --out runs/compared",
            "  compare runs/mine                  with the control that was trained with it (control: true in its recipe)",
            "  compare runs/a runs/b              where eval --out, eval --tasks --out or eval --dl4j wrote results",
            "  compare runs/ladder                all runs in a folder, a study's, say",
            "More than two models are also sorted by critical sparsity, those with each other that were measured alike.",
            "A run that was measured with the same settings is not measured again; where no --windows are named, those are taken that all have results of. What eval wrote is taken as it is, but for --bar."})
public final class CompareCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(arity = "1..*", paramLabel = "DIR", description = "Runs' or checkpoints' folders, a folder of runs, zoo:GROUP:NAME:VERSION, or results that eval wrote. "
            + "A run that has a control is compared with it, others with the first natural model, one without a ReLU before one with it, or with --control.")
    private List<String> models = new ArrayList<>();

    @Option(names = "--out", defaultValue = "runs/compare", paramLabel = "DIR", description = "Where the report goes. Default: ${DEFAULT-VALUE}.")
    private Path out;

    @Option(names = "--control", paramLabel = "MODEL", description = "The control of those that have none of their own: one of the models, by its name or as it was named here.")
    private String control;

    @Option(names = "--rank-by", paramLabel = "SITE",
            description = "Where more than two models are sorted by what can be left out: input, up, gate, intermediate, all_inputs. Default: intermediate.")
    private String rankBy;

    @Option(names = "--set", paramLabel = "data.KEY=VALUE", description = "Other data: data.text=FILE, for example. Repeatable.")
    private List<String> sets = new ArrayList<>();

    @Mixin
    private MeasureOptions measure;

    @Override
    public Integer call() {
        measure.check();
        Optional<SiteSet> ranked = Optional.ofNullable(rankBy).map(CompareCommand::site);
        models = models.stream().flatMap(model -> named(model).stream()).toList();
        if (models.stream().distinct().count() < models.size()) {
            throw new InputException("compare: a folder is named twice: " + String.join(" ", models));
        }
        List<Path> tasks = models.stream().flatMap(model -> KeptTasks.folder(model).stream()).toList();
        if (!tasks.isEmpty()) {
            return tasks(tasks);
        }
        List<Path> kept = models.stream().flatMap(model -> KeptResult.file(model).stream()).toList();
        List<String> others = models.stream().filter(model -> KeptResult.file(model).isEmpty()).toList();
        // A model beside kept results needs no control of its own.
        WithControls compared = others.isEmpty() ? new WithControls(List.of(), Map.of()) : WithControls.of(others, kept.isEmpty() ? 2 : 1);
        List<RobustnessResult> read = kept.stream().map(KeptResult::read).map(result -> measure.givenBar().map(result::withBar).orElse(result)).toList();
        Optional<Integer> named = control(compared.sources(), kept, read);
        ranked.filter(site -> kept.isEmpty() && !measure.settings(SiteSet.FEED_FORWARD).sites().contains(site)).ifPresent(site -> {
            throw new InputException("--rank-by: " + site.key() + " is not among --sites " + String.join(", ", measure.settings(List.of()).sites().stream().map(SiteSet::key).toList()));
        });
        ReportWriter.check(out);
        PrintWriter printer = spec.commandLine().getOut();
        takeWindows(compared.sources(), read, printer);
        int positions = positions(compared.sources(), printer);
        List<RobustnessResult> results = new ArrayList<>();
        Comparison comparison;
        Extras extras;
        try (Workers team = measure.team(); Interrupts interrupts = Interrupts.listen()) {
            Measuring measuring = measure.measuring(sets, positions, new CpuDevice(), team, new ConsoleWatch(interrupts::requested), line -> {
                printer.println(line);
                printer.flush();
            });
            compared.sources().forEach(source -> results.add(measuring.of(source)));
            results.addAll(read);
            comparison = Comparing.of(results, compared.controls(), named);
            extras = new Extras(measuring.baselines(), List.of(), leaderboard(comparison, ranked), measuring.overlaps(compared.sources(), comparison));
        }
        ReportWriter.write(out, comparison, extras);
        ComparisonTable.print(printer, comparison, extras);
        extras.leaderboard().ifPresent(board -> LeaderboardTable.print(printer, board, results, LittleLearned.of(comparison, extras.baselines())));
        printer.println();
        printer.println(out.resolve(ReportWriter.PAGE));
        return ExitCode.DONE;
    }

    /** The runs in a folder of runs, else what was named itself. */
    private static List<String> named(String model) {
        List<String> below = KeptTasks.folder(model).isPresent() || KeptResult.file(model).isPresent() ? List.of() : RunsBelow.of(model);
        return below.isEmpty() ? List.of(model) : below;
    }

    /** The place that the model of {@code --control} will have among all. */
    private Optional<Integer> control(List<ModelSource> sources, List<Path> kept, List<RobustnessResult> read) {
        if (control == null) {
            return Optional.empty();
        }
        List<Set<Path>> places = Stream.concat(sources.stream().map(source -> source.run().map(run -> Set.of(absolute(run), absolute(source.checkpoint()))).orElse(Set.of(absolute(source.checkpoint())))),
                kept.stream().map(file -> Set.of(absolute(file), absolute(file).getParent()))).toList();
        List<String> names = Stream.concat(sources.stream().map(ModelSource::name), read.stream().map(result -> result.model().name())).toList();
        List<Integer> byPlace = IntStream.range(0, names.size()).filter(i -> places.get(i).contains(absolute(Path.of(control)))).boxed().toList();
        List<Integer> found = byPlace.isEmpty() ? IntStream.range(0, names.size()).filter(i -> names.get(i).equals(control)).boxed().toList() : byPlace;
        if (found.size() != 1) {
            throw new InputException("--control: " + (found.isEmpty() ? "no model " : "several models are called ") + control + (found.isEmpty() ? "; there are " + String.join(", ", names)
                    : "; name it by its folder or file"));
        }
        return Optional.of(found.get(0));
    }

    private static Path absolute(Path path) {
        return path.toAbsolutePath().normalize();
    }

    private static SiteSet site(String key) {
        try {
            return SiteSet.byKey(key);
        } catch (IllegalArgumentException e) {
            throw new InputException("--rank-by: " + e.getMessage());
        }
    }

    private static Optional<Leaderboard> leaderboard(Comparison comparison, Optional<SiteSet> sites) {
        if (sites.isEmpty()) {
            return comparison.models().size() > 2 ? Optional.of(Leaderboard.of(comparison)) : Optional.empty();
        }
        if (comparison.models().stream().allMatch(model -> model.curve(sites.get()).isEmpty())) {
            throw new InputException("--rank-by: none of the models was measured at " + sites.get().key() + "; there are "
                    + String.join(", ", comparison.models().stream().flatMap(model -> model.curves().stream()).map(curve -> curve.sites().key()).distinct().toList()));
        }
        return Optional.of(Leaderboard.of(comparison, sites.get()));
    }

    /** Where no windows are named, those of what the runs' folders keep, so that a study's runs, say, are not measured anew on others. */
    private void takeWindows(List<ModelSource> sources, List<RobustnessResult> read, PrintWriter printer) {
        if (!sources.isEmpty() && sets.isEmpty() && measure.namesNoWindows()) {
            Map<DataRecipe, Corpus> corpora = new HashMap<>();
            Settings settings = measure.settings(SiteSet.FEED_FORWARD);
            measure.takeCommon(Stream.concat(sources.stream().map(source -> Evaluation.kept(source, corpora.computeIfAbsent(source.data(sets), Corpora::open), settings)), read.stream().map(result -> Set.of(new Cut(result.data().windows(), result.data().windowLength())))).toList())
                    .ifPresent(cut -> {
                        printer.println(cut.windows() + " windows of " + cut.length() + " tokens: all models have results of these; name others by --windows and --window");
                        printer.flush();
                    });
        }
    }

    /** How long windows can be that all of the models read; told where that is less than what they would be otherwise. */
    private int positions(List<ModelSource> sources, PrintWriter printer) {
        int least = Integer.MAX_VALUE;
        for (ModelSource source : sources) {
            ModelConfig config = source.modelConfig();
            if (measure.window(config.maxPositions()) < measure.window(least)) {
                printer.println("windows of " + measure.window(config.maxPositions()) + " tokens: " + source.name() + " reads no more at once");
                printer.flush();
            }
            Evaluation.checkWindow(source, config, measure.window(config.maxPositions()));
            least = Math.min(least, config.maxPositions());
        }
        return least;
    }

    private Integer tasks(List<Path> folders) {
        if (folders.size() < models.size()) {
            throw new InputException("compare: " + folders.get(0) + " holds results of tasks, " + models.stream()
                    .filter(model -> KeptTasks.folder(model).isEmpty()).findFirst().orElseThrow()
                    + " does not; name folders that eval --tasks … --out DIR wrote for all models, or for none");
        }
        if (control != null) {
            throw new InputException("--control is for models that were measured on text; of results of tasks the first natural model that is named is the control: name it first");
        }
        if (rankBy != null) {
            throw new InputException("--rank-by sorts models that were measured on text; results of tasks are compared task by task");
        }
        ReportWriter.check(out);
        TaskComparison comparison = TaskComparing.of(folders.stream().map(KeptTasks::read).toList());
        TaskReport.write(out, comparison);
        PrintWriter printer = spec.commandLine().getOut();
        TaskComparisonTable.print(printer, comparison);
        printer.println();
        printer.println(out.resolve(ReportWriter.PAGE));
        return ExitCode.DONE;
    }
}
