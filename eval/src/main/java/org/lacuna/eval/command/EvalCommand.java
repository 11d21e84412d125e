package org.lacuna.eval.command;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.lacuna.data.Corpora;
import org.lacuna.data.Corpus;
import org.lacuna.eval.robustness.Evaluation;
import org.lacuna.eval.robustness.ResultJson;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.Settings;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.eval.source.ModelSource;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Workers;
import org.lacuna.run.ExitCode;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.Json;
import org.lacuna.sparsity.critical.Bar;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code lacuna eval}: how much of one model's feed-forward activations can be left out. */
@Command(name = "eval", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Measure how much of a model's feed-forward activations can be left out before it gets worse.",
        footer = {"", "The model is measured on the first windows of the validation part of its run's data (config.yaml), or of what --set data.… says.",
            "Of a run, the result is kept in its folder as eval.json."})
public final class EvalCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @ArgGroup(multiplicity = "1")
    private Which which;

    /** Exactly one of them. */
    private static final class Which {
        @Option(names = "--run", paramLabel = "DIR", description = "A run's folder: its latest checkpoint on its own data.")
        private Path run;

        @Option(names = "--model", paramLabel = "DIR", description = "A checkpoint's folder.")
        private String model;
    }

    @Option(names = "--windows", defaultValue = "64", paramLabel = "N", description = "Windows of text. Default: ${DEFAULT-VALUE}.")
    private int windows;

    @Option(names = "--window", defaultValue = "128", paramLabel = "T", description = "Tokens in a window. Default: ${DEFAULT-VALUE}.")
    private int window;

    @Option(names = "--sites", split = ",", paramLabel = "SITE",
            description = "Where to sparsify, a curve each: input, up, gate, intermediate, all_inputs. Default: all that the model has.")
    private List<String> sites = new ArrayList<>();

    @Option(names = "--bar", defaultValue = "1.01", paramLabel = "X",
            description = "Critical sparsity holds while perplexity is at most X times the dense one. Default: ${DEFAULT-VALUE}.")
    private double bar;

    @Option(names = "--replicates", defaultValue = "1000", paramLabel = "N",
            description = "Draws of the windows for the 95 %% intervals. Default: ${DEFAULT-VALUE}.")
    private int replicates;

    @Option(names = "--seed", defaultValue = "1", paramLabel = "N", description = "Seed of these draws. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(names = "--workers", defaultValue = "0", paramLabel = "N",
            description = "Threads; they don't change the result. Default: as many as there are processors.")
    private int workers;

    @Option(names = "--set", paramLabel = "data.KEY=VALUE", description = "Other data: data.text=FILE, for example. Repeatable.")
    private List<String> sets = new ArrayList<>();

    @Option(names = "--out", paramLabel = "FILE", description = "Where to keep the result instead of the run's eval.json.")
    private Path out;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the result to FILE too (- for standard output, in place of the table).")
    private String json;

    @Override
    public Integer call() {
        check();
        ModelSource source = ModelSource.of(which.run == null ? which.model : which.run.toString());
        if (which.run != null && source.run().isEmpty()) {
            throw new InputException(which.run + ": not a run's folder (no config.yaml); name a bare checkpoint by --model");
        }
        Corpus corpus = Corpora.open(source.data(sets));
        Evaluation evaluation = new Evaluation(source, corpus, windows, window, new CpuDevice());
        Settings settings = settings(evaluation);
        PrintWriter printer = spec.commandLine().getOut();
        EvalTable table = "-".equals(json) ? EvalTable.silent() : EvalTable.to(printer);
        table.head(evaluation, settings);
        RobustnessResult result;
        try (Workers team = new Workers(workers == 0 ? Runtime.getRuntime().availableProcessors() : workers)) {
            result = evaluation.measure(settings, team, table::dense, table::curve);
        }
        Optional<Path> kept = Optional.ofNullable(out).or(evaluation::file);
        kept.ifPresent(file -> AtomicFiles.write(file, ResultJson.text(result)));
        kept.ifPresent(table::kept);
        if (json != null) {
            Json.write(json, ResultJson.tree(result), printer);
        }
        return ExitCode.DONE;
    }

    private void check() {
        List<String> problems = new ArrayList<>();
        atLeastOne(problems, "--windows", windows);
        atLeastOne(problems, "--window", window);
        atLeastOne(problems, "--replicates", replicates);
        if (workers < 0) {
            problems.add("--workers: must be at least 1, or 0 for as many as there are processors, not " + workers);
        }
        try {
            new Bar(bar);
        } catch (IllegalArgumentException e) {
            problems.add("--bar: " + e.getMessage());
        }
        for (String site : sites) {
            try {
                SiteSet.byKey(site);
            } catch (IllegalArgumentException e) {
                problems.add("--sites: " + e.getMessage());
            }
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
    }

    private static void atLeastOne(List<String> problems, String option, int value) {
        if (value < 1) {
            problems.add(option + ": must be at least 1, not " + value);
        }
    }

    private Settings settings(Evaluation evaluation) {
        List<SiteSet> wanted = sites.isEmpty() ? evaluation.sites() : sites.stream().map(SiteSet::byKey).distinct().toList();
        return new Settings(Settings.PAPER.rule(), Settings.PAPER.grid(), wanted, bar, replicates, seed, Settings.PAPER.confidence());
    }
}
