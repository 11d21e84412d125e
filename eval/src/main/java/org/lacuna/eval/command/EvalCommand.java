package org.lacuna.eval.command;

import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import org.lacuna.data.Corpora;
import org.lacuna.data.Corpus;
import org.lacuna.eval.compare.Comparing;
import org.lacuna.eval.measure.Evaluation;
import org.lacuna.eval.report.Extras;
import org.lacuna.eval.report.ReportWriter;
import org.lacuna.eval.report.Savings;
import org.lacuna.eval.robustness.JointGrid;
import org.lacuna.eval.robustness.ResultJson;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.Settings;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.eval.robustness.TokenCoverage;
import org.lacuna.eval.source.ModelSource;
import org.lacuna.eval.store.ResultStore;
import org.lacuna.eval.task.TaskFiles;
import org.lacuna.eval.task.TaskMeasurement;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Workers;
import org.lacuna.run.ExitCode;
import org.lacuna.run.InputException;
import org.lacuna.run.InterruptedRunException;
import org.lacuna.run.Interrupts;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.Destination;
import org.lacuna.run.folder.Json;
import org.lacuna.sparsity.rule.Rule;
import org.lacuna.sparsity.rule.Rules;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code lacuna eval}: how much of one model's feed-forward activations can be left out. */
@Command(name = "eval", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Measure how much of a model's feed-forward activations can be left out before it gets worse.",
        footer = {"", "The model is measured on the first windows of the validation part of its run's data (config.yaml), or of what --set data.… says.",
            "Of a run, the result is kept in its folder eval/, a file for each checkpoint, text and settings; compare takes it from there.",
            "--dl4j measures a network that Deeplearning4j saved: eval --dl4j model.zip --data table.csv --out DIR writes DIR/result.json and a report;",
            "compare DIR DIR2 tells two networks' difference. Without --data it is measured on a corpus (--set data.…), as language models are."})
public final class EvalCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @ArgGroup(multiplicity = "1")
    private Which which;

    /** Exactly one of them. */
    private static final class Which {
        @Option(names = "--run", paramLabel = "NAME|DIR", description = "A run, by its name in runs/ or its folder: its latest checkpoint on its own data.")
        private String run;

        @Option(names = "--model", paramLabel = "DIR", description = "A checkpoint's folder.")
        private String model;

        @Option(names = "--dl4j", paramLabel = "FILE", description = "A MultiLayerNetwork or ComputationGraph that Deeplearning4j saved, model.zip.")
        private Path dl4j;
    }

    @Option(names = "--data", paramLabel = "FILE", description = "With --dl4j: a CSV of numbers, an example a row, the label last or in the column --label.")
    private Path data;

    @Option(names = "--label", paramLabel = "NAME", description = "With --dl4j and --data: the label's column, by the name that the first row gives it.")
    private String label;

    @Option(names = "--layer", paramLabel = "NAME", description = "With --dl4j: the layer whose activations are left out, by name or index. "
            + "Default: the last of Lacuna's blocks, else the last layer before the output.")
    private String layer;

    @Mixin
    private MeasureOptions measure;

    @Option(names = "--joint", split = ",", paramLabel = "SITE[=P:P...]",
            description = "Apply the rule at these sites at once, each with a p of its own, at every combination of their values: gate=1:0.95:0.9,intermediate. "
                    + "A site without values has those of --grid, else five of the rule's own. At most 1000 combinations. --sites are then these by default.")
    private List<String> joint = new ArrayList<>();

    @Mixin
    private TaskOptions tasks;

    @Option(names = "--set", paramLabel = "data.KEY=VALUE", description = "Other data: data.text=FILE, for example. Repeatable.")
    private List<String> sets = new ArrayList<>();

    @Option(names = "--out", paramLabel = "FILE", description = "Where to keep the result instead of the run's folder eval/; with --dl4j and --tasks a folder.")
    private Path out;

    @Option(names = "--store", paramLabel = "DIR", description = "Where pieces of curves are kept as they are found, so that nothing is computed twice and what was cut short goes on. "
            + "Default: a run's folder eval/; none for a checkpoint.")
    private Path store;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the result to FILE too (- for standard output, in place of the table); with --tasks in lm-evaluation-harness' form.")
    private String json;

    @Override
    public Integer call() {
        measure.check();
        List<String> problems = new ArrayList<>();
        tasks.check(problems);
        if (tasks.named() && which.dl4j != null) {
            problems.add("--tasks are for language models; --dl4j measures a network on --data or a corpus");
        }
        if (!joint.isEmpty() && (tasks.named() || which.dl4j != null)) {
            problems.add("--joint is of a language model's loss on text; it does not go with " + (tasks.named() ? "--tasks" : "--dl4j"));
        }
        Optional<JointGrid> grid = measure.joint(joint, problems);
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
        if (which.dl4j != null) {
            return network();
        }
        if (data != null || label != null || layer != null) {
            throw new InputException((data != null ? "--data" : label != null ? "--label" : "--layer") + " goes with --dl4j; a language model's data are named by --set data.text=FILE");
        }
        checkFiles();
        ModelSource source = ModelSource.of(which.run == null ? which.model : which.run);
        if (which.run != null && source.run().isEmpty()) {
            throw new InputException(which.run + ": not a run's folder (no config.yaml); name a bare checkpoint by --model");
        }
        if (tasks.named()) {
            return tasks(source);
        }
        Corpus corpus = Corpora.open(source.data(sets));
        Evaluation evaluation = new Evaluation(source, corpus, measure.windows(), measure.window(source.modelConfig().maxPositions()), new CpuDevice());
        List<SiteSet> jointly = grid.stream().flatMap(sites -> sites.sites().stream()).map(site -> SiteSet.byKey(site.key())).toList();
        Settings curves = measure.settings(jointly.isEmpty() ? evaluation.sites(measure.method()).stream().filter(SiteSet.FEED_FORWARD::contains).toList() : jointly);
        Settings settings = grid.map(curves::withJoint).orElse(curves);
        PrintWriter printer = spec.commandLine().getOut();
        EvalTable table = "-".equals(json) ? EvalTable.silent() : EvalTable.to(printer);
        RobustnessResult result;
        try (Workers team = measure.team(); Interrupts interrupts = Interrupts.listen()) {
            Evaluation.Measurement measurement = evaluation.prepare(settings, team);
            table.head(evaluation, settings);
            source.ofGuessedData(sets).ifPresent(table::note);
            table.memory(measurement.memory());
            result = ResultStore.using(Optional.ofNullable(store).or(evaluation::store), this::warn, findings -> measurement.measure(findings, new ConsoleWatch(interrupts::requested), table::dense, table::curve));
        } catch (InterruptedRunException e) {
            throw new InterruptedRunException(e.getMessage() + goingOn(store != null || evaluation.store().isPresent()));
        }
        result.joint().ifPresent(found -> table.joint(found, result.dense(), settings));
        table.legend();
        table.savings(Savings.of(result));
        keep(evaluation, result).ifPresent(table::kept);
        if (json != null) {
            Json.write(json, ResultJson.tree(result), printer);
        }
        return ExitCode.DONE;
    }

    private Integer tasks(ModelSource source) {
        PrintWriter printer = spec.commandLine().getOut();
        if (out != null) {
            Destination.checkFolder(out);
        }
        List<TaskMeasurement> results;
        try (Interrupts interrupts = Interrupts.listen()) {
            PrintWriter shown = "-".equals(json) ? new PrintWriter(Writer.nullWriter()) : printer;
            results = new TaskRun(source, measure, tasks, sets).run(Optional.ofNullable(out), Optional.ofNullable(store), shown, this::warn, new ConsoleWatch(interrupts::requested));
        } catch (InterruptedRunException e) {
            throw new InterruptedRunException(e.getMessage() + goingOn(store != null || source.run().isPresent()));
        }
        if (json != null) {
            Json.write(json, TaskFiles.harness(results), printer);
        }
        if (out != null && !"-".equals(json)) {
            printer.println();
            printer.println(out);
        }
        return ExitCode.DONE;
    }

    private static String goingOn(boolean kept) {
        return kept ? "; what was measured is kept, and the same command goes on from there"
                : "; nothing is kept of it, the same command begins anew, or with --store DIR goes on the next time";
    }

    private Integer network() {
        List<String> problems = new ArrayList<>();
        if (out == null) {
            problems.add("--dl4j: name a folder for the result and its report by --out DIR");
        }
        if (data != null && !sets.isEmpty()) {
            problems.add("--data and --set name two sets of data; give one");
        }
        if (data == null && label != null) {
            problems.add("--label names a column of --data, which is missing");
        }
        Settings settings = measure.settings(List.of(SiteSet.INTERMEDIATE));
        if (!settings.sites().equals(List.of(SiteSet.INTERMEDIATE))) {
            problems.add("--sites are a language model's; name a network's layer by --layer");
        }
        if (Rules.all().stream().noneMatch(rule -> rule.name().equals(settings.rule()))) {
            problems.add("--rule " + settings.rule() + " looks at a language model's blocks; a network takes " + String.join(", ",
                    Rules.all().stream().filter(rule -> rule != Rules.byName("none")).map(Rule::name).toList()));
        }
        if (!settings.layers().isAll()) {
            problems.add("--layers are a language model's; name a network's layer by --layer");
        }
        if (settings.coverage().kind() != TokenCoverage.Kind.ALL) {
            problems.add("--coverage is a language model's; to a network's examples the rule is applied whole");
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
        ReportWriter.check(out);
        NetworkEvaluation networks = ServiceLoader.load(NetworkEvaluation.class, NetworkEvaluation.class.getClassLoader()).findFirst()
                .orElseThrow(() -> new InputException("--dl4j: lacuna-dl4j is not on the class path"));
        PrintWriter printer = spec.commandLine().getOut();
        RobustnessResult result;
        try (Interrupts interrupts = Interrupts.listen()) {
            result = networks.measure(new NetworkEvaluation.Request(which.dl4j, Optional.ofNullable(data), Optional.ofNullable(label), sets, measure.windows(),
                    measure.window(Integer.MAX_VALUE), Optional.ofNullable(layer), settings), interrupts::requested, line -> {
                        if (!"-".equals(json)) {
                            printer.println(line);
                            printer.flush();
                        }
                    });
        }
        AtomicFiles.write(out.resolve(KeptResult.FILE), ResultJson.text(result));
        ReportWriter.write(out, Comparing.alone(result), Extras.NONE);
        if (json != null) {
            Json.write(json, ResultJson.tree(result), printer);
        }
        if (!"-".equals(json)) {
            printer.println();
            printer.println(out.resolve(ReportWriter.PAGE));
        }
        return ExitCode.DONE;
    }

    private void checkFiles() {
        if (store != null) {
            ResultStore.open(store).close();
        }
        if (out != null && !tasks.named()) {
            Destination.checkFile(out);
        }
        if (json != null && !"-".equals(json)) {
            Destination.checkFile(Path.of(json));
        }
    }

    private Optional<Path> keep(Evaluation evaluation, RobustnessResult result) {
        if (out != null) {
            AtomicFiles.write(out, ResultJson.text(result));
            return Optional.of(out);
        }
        try {
            return evaluation.keep(result);
        } catch (InputException | RunException e) {
            // What was asked for is on the terminal, or goes to --json.
            warn("the result is not kept: " + e.getMessage() + "; --out FILE keeps it elsewhere");
            return Optional.empty();
        }
    }

    private void warn(String note) {
        PrintWriter err = spec.commandLine().getErr();
        err.println(note);
        err.flush();
    }
}
