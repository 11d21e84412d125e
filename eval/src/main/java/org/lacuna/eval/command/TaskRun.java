package org.lacuna.eval.command;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.lacuna.data.Batch;
import org.lacuna.data.Corpora;
import org.lacuna.data.Corpus;
import org.lacuna.data.sample.Windows;
import org.lacuna.data.task.Task;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.data.tokenize.Tokenizers;
import org.lacuna.eval.measure.Evaluation;
import org.lacuna.eval.memory.ForwardMemory;
import org.lacuna.eval.method.Look;
import org.lacuna.eval.method.Method;
import org.lacuna.eval.robustness.DataSummary;
import org.lacuna.eval.robustness.LayerSet;
import org.lacuna.eval.robustness.ModelSummary;
import org.lacuna.eval.robustness.Settings;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.eval.robustness.Watch;
import org.lacuna.eval.source.ModelSource;
import org.lacuna.eval.store.ResultStore;
import org.lacuna.eval.task.TaskEvaluation;
import org.lacuna.eval.task.TaskFiles;
import org.lacuna.eval.task.TaskMeasurement;
import org.lacuna.eval.task.TaskMeasuring;
import org.lacuna.eval.task.TaskSettings;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Model;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.run.InputException;

/** {@code eval --tasks}: one model on tasks. */
final class TaskRun {
    private static final int CALIBRATION_WINDOWS = 64;
    private static final int CALIBRATION_WINDOW = 128;

    private final ModelSource source;
    private final MeasureOptions measure;
    private final TaskOptions options;
    private final List<String> sets;
    private final CpuDevice device = new CpuDevice();

    TaskRun(ModelSource source, MeasureOptions measure, TaskOptions options, List<String> sets) {
        this.source = source;
        this.measure = measure;
        this.options = options;
        this.sets = sets;
    }

    /**
     * Measures.
     *
     * @param out   a folder for the results, a file a task, and for lm-evaluation-harness' form of them
     * @param store where pieces are kept; empty for a run's folder of results
     */
    List<TaskMeasurement> run(Optional<Path> out, Optional<Path> store, PrintWriter printer, Consumer<String> warn, Watch watch) {
        ModelConfig config = source.modelConfig();
        Path tokens = source.checkpoint().resolve("tokenizer.json");
        if (!Files.isRegularFile(tokens)) {
            throw new InputException(tokens + ": no such file; tasks are texts, which the model's own tokenizer has to cut into tokens");
        }
        Tokenizer tokenizer = Tokenizers.load(tokens);
        int maxLength = options.maxLength(config.maxPositions());
        ForwardMemory.of(config).check(source.checkpoint().toString(), "a smaller model");
        Method method = measure.method();
        TaskSettings settings = settings(config, method);
        List<TaskEvaluation> evaluations = evaluations(tokenizer, maxLength, settings);
        Optional<OtherText> other = method.calibrates() ? Optional.of(otherText(config, method)) : Optional.empty();
        ModelSummary summary = source.summary(config, other.map(OtherText::corpus));
        TaskTable table = new TaskTable(printer);
        table.head(summary, settings);
        Optional<DataSummary> text = other.map(it -> Evaluation.summary(it.corpus, it.windows));
        text.ifPresent(table::calibration);
        try (Workers team = measure.team()) {
            ForwardMemory memory = memory(config, method, evaluations, team);
            memory.check(source.checkpoint().toString(), "fewer --workers, a shorter --max-length, or a smaller model");
            table.memory(memory);
            Model model = source.load(config, device);
            TaskMeasuring measuring = new TaskMeasuring(source, model, summary, look(model, other.map(OtherText::windows), settings.layers(), watch), text, device, team, watch);
            return ResultStore.using(store.or(measuring::store), warn, findings -> {
                List<TaskMeasurement> results = new ArrayList<>();
                for (TaskEvaluation evaluation : evaluations) {
                    TaskMeasurement result = measuring.of(evaluation, findings, table);
                    out.ifPresent(folder -> TaskFiles.write(folder, result));
                    results.add(result);
                }
                out.ifPresent(folder -> TaskFiles.writeAll(folder, results));
                table.legend();
                return results;
            });
        }
    }

    /** All of them, before the first is measured. */
    private List<TaskEvaluation> evaluations(Tokenizer tokenizer, int maxLength, TaskSettings settings) {
        List<TaskEvaluation> evaluations = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        for (Task task : options.open(settings.coverage())) {
            try {
                evaluations.add(new TaskEvaluation(task, tokenizer, maxLength, settings));
            } catch (InputException e) {
                problems.addAll(e.problems());
            }
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
        return evaluations;
    }

    private record OtherText(Corpus corpus, Batch windows) {
    }

    /** What the rule is calibrated on: what a run was trained on, or what the user names. */
    private OtherText otherText(ModelConfig config, Method method) {
        try {
            Corpus text = Corpora.open(source.data(sets));
            source.check(text, config);
            return new OtherText(text, Windows.first(text.train(), CALIBRATION_WINDOWS, Math.min(CALIBRATION_WINDOW, config.maxPositions()), "training"));
        } catch (InputException e) {
            throw e.map(problem -> "rule " + method.name() + " takes its thresholds from text that is not the tasks', the data of a run or those of --set data.text=FILE: "
                    + problem);
        }
    }

    private TaskSettings settings(ModelConfig config, Method method) {
        List<SiteSet> has = Arrays.stream(SiteSet.values()).filter(set -> config.sites().containsAll(set.sites()) && method.sites(config).containsAll(set.sites())).toList();
        Settings text = measure.settings(has.stream().filter(SiteSet.FEED_FORWARD::contains).toList(), method.taskCoverage());
        text.layers().check(source.checkpoint().toString(), config.layers());
        List<String> problems = new ArrayList<>();
        text.sites().stream().filter(sites -> !has.contains(sites)).forEach(sites -> problems.add("rule " + method.name() + " is not for " + sites.key() + " of " + source.checkpoint()
                + "; there are " + String.join(", ", has.stream().map(SiteSet::key).toList())));
        if (method.channelRows(2) > 1 && text.coverage().dense(1).isEmpty()) {
            problems.add("rule " + method.name() + " chooses by a request's context, which coverage " + text.coverage()
                    + " does not leave alone; use generated, as published, or decode");
        }
        boolean looks = method.channelRows(2) > 0 || method.calibrates();
        if (looks && config.feedForward().experts().isPresent() && !text.sites().stream().allMatch(SiteSet::inAttention)) {
            problems.add("rule " + method.name() + " looks at the weights or the activations of a block, which can't be done for one with experts; use top_p, say");
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
        return new TaskSettings(text.rule(), text.grid(), text.coverage(), text.layers(), text.sites(), options.accuracyBar(), text.bar(), text.replicates(),
                text.seed(), text.confidence());
    }

    private ForwardMemory memory(ModelConfig config, Method method, List<TaskEvaluation> evaluations, Workers team) {
        ForwardMemory most = ForwardMemory.of(config);
        for (TaskEvaluation evaluation : evaluations) {
            ForwardMemory memory = evaluation.memory(config, device, method.channelRows(2), team.count());
            most = memory.bytes() > most.bytes() ? memory : most;
        }
        return most;
    }

    private Look look(Model model, Optional<Batch> calibration, LayerSet layers, Watch watch) {
        Batch text = calibration.orElseGet(() -> new Batch(1, 1, new int[1], new int[1]));
        return new Look(source.checkpoint().toString(), model, device, text, text, text.length(), layers, watch);
    }
}
