package org.lacuna.eval.command;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.lacuna.eval.compare.Comparing;
import org.lacuna.eval.compare.Comparison;
import org.lacuna.eval.compare.TaskComparing;
import org.lacuna.eval.compare.TaskComparison;
import org.lacuna.eval.measure.Measuring;
import org.lacuna.eval.report.Extras;
import org.lacuna.eval.report.ReportWriter;
import org.lacuna.eval.report.TaskReport;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.source.WithControls;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Workers;
import org.lacuna.run.ExitCode;
import org.lacuna.run.InputException;
import org.lacuna.run.Interrupts;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lacuna compare}: two or more models side by side, as a report. */
@Command(name = "compare", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Compare how much of several models' feed-forward activations can be left out; write report.html and report.json.",
        footer = {"", "Examples:", "  compare runs/silu runs/relu-l1 --out runs/compared",
            "  compare runs/mine                  with the control that was trained with it (control: true in its recipe)",
            "  compare runs/a runs/b              where eval --out, eval --tasks --out or eval --dl4j wrote results",
            "A run that was measured with the same settings is not measured again. What eval wrote is taken as it is."})
public final class CompareCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(arity = "1..*", paramLabel = "DIR", description = "Runs' or checkpoints' folders, or results that eval wrote. A run that has a control is compared with it, others with the first natural model.")
    private List<String> models = new ArrayList<>();

    @Option(names = "--out", defaultValue = "runs/compare", paramLabel = "DIR", description = "Where the report goes. Default: ${DEFAULT-VALUE}.")
    private Path out;

    @Option(names = "--set", paramLabel = "data.KEY=VALUE", description = "Other data: data.text=FILE, for example. Repeatable.")
    private List<String> sets = new ArrayList<>();

    @Mixin
    private MeasureOptions measure;

    @Override
    public Integer call() {
        measure.check();
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
        ReportWriter.check(out);
        PrintWriter printer = spec.commandLine().getOut();
        List<RobustnessResult> results = new ArrayList<>();
        Extras extras;
        try (Workers team = measure.team(); Interrupts interrupts = Interrupts.listen()) {
            Measuring measuring = measure.measuring(sets, Integer.MAX_VALUE, new CpuDevice(), team, interrupts::requested, line -> {
                printer.println(line);
                printer.flush();
            });
            compared.sources().forEach(source -> results.add(measuring.of(source)));
            kept.forEach(file -> results.add(KeptResult.read(file)));
            extras = new Extras(measuring.baselines(), List.of());
        }
        Comparison comparison = Comparing.of(results, compared.controls());
        ReportWriter.write(out, comparison, extras);
        ComparisonTable.print(printer, comparison, extras);
        printer.println();
        printer.println(out.resolve(ReportWriter.PAGE));
        return ExitCode.DONE;
    }

    private Integer tasks(List<Path> folders) {
        if (folders.size() < models.size()) {
            throw new InputException("compare: " + folders.get(0) + " holds results of tasks, " + models.stream()
                    .filter(model -> KeptTasks.folder(model).isEmpty()).findFirst().orElseThrow()
                    + " does not; name folders that eval --tasks … --out DIR wrote for all models, or for none");
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
