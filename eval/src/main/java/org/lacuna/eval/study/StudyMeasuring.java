package org.lacuna.eval.study;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.lacuna.data.Batch;
import org.lacuna.data.Corpora;
import org.lacuna.data.Corpus;
import org.lacuna.data.sample.Windows;
import org.lacuna.data.task.Task;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.data.tokenize.Tokenizers;
import org.lacuna.eval.activation.Activations;
import org.lacuna.eval.measure.Evaluation;
import org.lacuna.eval.measure.Measuring;
import org.lacuna.eval.method.Look;
import org.lacuna.eval.method.Methods;
import org.lacuna.eval.robustness.LayerSet;
import org.lacuna.eval.robustness.ModelSummary;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.Settings;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.eval.robustness.TokenCoverage;
import org.lacuna.eval.robustness.Watch;
import org.lacuna.eval.source.Circumstances;
import org.lacuna.eval.source.ModelSource;
import org.lacuna.eval.store.ResultStore;
import org.lacuna.eval.task.TaskEvaluation;
import org.lacuna.eval.task.TaskMeasurement;
import org.lacuna.eval.task.TaskMeasurement.Curve;
import org.lacuna.eval.task.TaskMeasurement.Score;
import org.lacuna.eval.task.TaskMeasurement.TaskSummary;
import org.lacuna.eval.task.TaskMeasuring;
import org.lacuna.eval.task.TaskSettings;
import org.lacuna.graph.Device;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Model;
import org.lacuna.run.InterruptedRunException;

/** Measures the models of a study one after the other; what a run's folder keeps of it is not measured again. */
public final class StudyMeasuring {
    /** What activations are like needs no more text to be told. */
    private static final int MOST_LOOKED_AT = 16;

    private static final TaskSettings SETTINGS = new TaskSettings(Study.TOP_P, Settings.PAPER.grid(), TokenCoverage.EVERY, LayerSet.ALL, List.of(SiteSet.INTERMEDIATE), TaskSettings.PAPER_ACCURACY,
            Settings.PAPER.bar(), Settings.PAPER.replicates(), Settings.PAPER.seed(), Settings.PAPER.confidence());
    private static final TaskEvaluation.Progress SILENT = new TaskEvaluation.Progress() {
        @Override
        public void dense(TaskSummary task, List<Score> scores) {
        }

        @Override
        public void curve(Curve curve) {
        }
    };

    private final Map<String, Measuring> rules = new LinkedHashMap<>();
    private final List<Task> tasks;
    private final int windows;
    private final int length;
    private final Device device;
    private final Workers workers;
    private final Watch watch;
    private final Consumer<String> progress;
    private Corpus corpus;

    /**
     * Measures nothing yet.
     *
     * @param windows  of the validation part, so many
     * @param length   tokens in each
     * @param tasks    that are asked, by the names of task files
     * @param limit    documents of each
     * @param watch    asked between pieces of the work
     * @param progress told in a line what is being done
     * @throws org.lacuna.run.InputException if there is no such task
     */
    public StudyMeasuring(int windows, int length, List<String> tasks, int limit, Device device, Workers workers, Watch watch, Consumer<String> progress) {
        this.windows = windows;
        this.length = length;
        this.tasks = tasks.stream().map(task -> Task.open(task, Path.of("."), List.of()).first(limit)).toList();
        this.device = device;
        this.workers = workers;
        this.watch = watch;
        this.progress = progress;
        Map<String, List<SiteSet>> sites = new LinkedHashMap<>();
        sites.put(Study.TOP_P, SiteSet.FEED_FORWARD);
        sites.put(Study.TOP_K, List.of(SiteSet.INPUT, SiteSet.INTERMEDIATE));
        sites.put("max_p", List.of(SiteSet.INPUT, SiteSet.INTERMEDIATE));
        sites.put("cett", List.of(SiteSet.INTERMEDIATE));
        sites.forEach((rule, at) -> rules.put(rule, new Measuring(List.of(), windows, length, new Settings(rule, grid(rule), TokenCoverage.EVERY, LayerSet.ALL, at,
                Settings.PAPER.bar(), Settings.PAPER.replicates(), Settings.PAPER.seed(), Settings.PAPER.confidence()), device, workers, watch, progress)));
    }

    /** Of top-k more values than its own: between points a curve is a chord, and what is told of two rules must not be how far apart their points lie. */
    private static List<Double> grid(String rule) {
        if (!rule.equals(Study.TOP_K)) {
            return Methods.byName(rule).grid();
        }
        List<Double> grid = new ArrayList<>();
        for (int share = 1000; share > 100; share -= 20) {
            grid.add(share / 1000.0);
        }
        for (int share = 100; share >= 0; share -= 5) {
            grid.add(share / 1000.0);
        }
        return grid;
    }

    /**
     * Finds out before anything is trained whether the tasks can be asked.
     *
     * @param positions of the smallest model
     * @throws org.lacuna.run.InputException if not
     */
    public void check(Tokenizer tokenizer, int positions) {
        tasks.forEach(task -> new TaskEvaluation(task, tokenizer, positions, SETTINGS));
    }

    /**
     * Measures one.
     *
     * @param run its folder
     * @throws InterruptedRunException if it was asked to stop; the message says how to go on
     */
    public StudiedModel of(String size, String variant, long seed, Path run) {
        ModelSource source = ModelSource.of(run.toString());
        Map<String, RobustnessResult> found = new LinkedHashMap<>();
        rules.forEach((rule, measuring) -> found.put(rule, measuring.of(source)));
        if (corpus == null) {
            corpus = Corpora.open(source.data(List.of()));
        }
        Model model = source.load(device);
        ModelSummary summary = source.summary(source.modelConfig(), Optional.of(corpus));
        progress.accept(source.name() + ": what its activations are like");
        Batch text = Windows.first(corpus.validation(), Math.min(windows, MOST_LOOKED_AT), length);
        Look look = new Look(source.checkpoint().toString(), model, device, text, text, length, watch);
        Activations activations = new Activations(Activations.VERSION, summary, Evaluation.summary(corpus, text), Circumstances.of(source, device, corpus.sha256()).provenance(), Activations.of(look, source.modelConfig().feedForward().sites()));
        return new StudiedModel(size, variant, seed, found, tasks(source, model, summary, look), activations);
    }

    private Map<String, TaskMeasurement> tasks(ModelSource source, Model model, ModelSummary summary, Look look) {
        Tokenizer tokenizer = Tokenizers.load(source.checkpoint().resolve("tokenizer.json"));
        TaskMeasuring measuring = new TaskMeasuring(source, model, summary, look, Optional.empty(), device, workers, watch);
        Map<String, TaskMeasurement> results = new LinkedHashMap<>();
        for (Task task : tasks) {
            progress.accept(source.name() + ": task " + task.name());
            TaskEvaluation evaluation = new TaskEvaluation(task, tokenizer, model.config().maxPositions(), SETTINGS);
            results.put(task.name(), ResultStore.using(measuring.store(), progress, findings -> measuring.of(evaluation, findings, SILENT)));
        }
        return results;
    }
}
