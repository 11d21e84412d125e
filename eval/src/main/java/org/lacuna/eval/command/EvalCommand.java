package org.lacuna.eval.command;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.lacuna.data.Corpora;
import org.lacuna.data.Corpus;
import org.lacuna.eval.measure.Evaluation;
import org.lacuna.eval.robustness.ResultJson;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.Settings;
import org.lacuna.eval.source.ModelSource;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Workers;
import org.lacuna.run.ExitCode;
import org.lacuna.run.InputException;
import org.lacuna.run.Interrupts;
import org.lacuna.run.InterruptedRunException;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.Destination;
import org.lacuna.run.folder.Json;
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
            "Of a run, the result is kept in its folder eval/, a file for each checkpoint, text and settings; compare takes it from there."})
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

    @Mixin
    private MeasureOptions measure;

    @Option(names = "--set", paramLabel = "data.KEY=VALUE", description = "Other data: data.text=FILE, for example. Repeatable.")
    private List<String> sets = new ArrayList<>();

    @Option(names = "--out", paramLabel = "FILE", description = "Where to keep the result instead of the run's folder eval/.")
    private Path out;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the result to FILE too (- for standard output, in place of the table).")
    private String json;

    @Override
    public Integer call() {
        measure.check();
        checkFiles();
        ModelSource source = ModelSource.of(which.run == null ? which.model : which.run.toString());
        if (which.run != null && source.run().isEmpty()) {
            throw new InputException(which.run + ": not a run's folder (no config.yaml); name a bare checkpoint by --model");
        }
        Corpus corpus = Corpora.open(source.data(sets));
        Evaluation evaluation = new Evaluation(source, corpus, measure.windows(), measure.window(source.modelConfig().maxPositions()), new CpuDevice());
        Settings settings = measure.settings(evaluation.sites());
        PrintWriter printer = spec.commandLine().getOut();
        EvalTable table = "-".equals(json) ? EvalTable.silent() : EvalTable.to(printer);
        RobustnessResult result;
        try (Workers team = measure.team(); Interrupts interrupts = Interrupts.listen()) {
            Evaluation.Measurement measurement = evaluation.prepare(settings, team);
            table.head(evaluation, settings);
            table.memory(measurement.memory());
            result = measurement.measure(interrupts::requested, table::dense, table::curve);
        } catch (InterruptedRunException e) {
            throw new InterruptedRunException(e.getMessage() + "; nothing is kept of it, the same command begins anew");
        }
        keep(evaluation, result).ifPresent(table::kept);
        if (json != null) {
            Json.write(json, ResultJson.tree(result), printer);
        }
        return ExitCode.DONE;
    }

    private void checkFiles() {
        if (out != null) {
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
            PrintWriter err = spec.commandLine().getErr();
            err.println("the result is not kept: " + e.getMessage() + "; --out FILE keeps it elsewhere");
            err.flush();
            return Optional.empty();
        }
    }
}
