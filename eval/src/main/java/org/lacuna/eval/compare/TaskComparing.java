package org.lacuna.eval.compare;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.lacuna.data.task.MetricKind;
import org.lacuna.eval.compare.Comparison.Difference;
import org.lacuna.eval.compare.TaskComparison.ComparedTask;
import org.lacuna.eval.compare.TaskComparison.CriticalDifference;
import org.lacuna.eval.compare.TaskComparison.DifferenceAt;
import org.lacuna.eval.compare.TaskComparison.ValueDifference;
import org.lacuna.eval.robustness.ModelSummary.Training;
import org.lacuna.eval.robustness.ModelSummary;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.eval.task.TaskMeasurement.Score;
import org.lacuna.eval.task.TaskMeasurement.TaskSummary;
import org.lacuna.eval.task.TaskMeasurement;
import org.lacuna.eval.task.TaskSettings;
import org.lacuna.run.InputException;
import org.lacuna.run.provenance.Provenance;
import org.lacuna.sparsity.critical.Curve;
import org.lacuna.sparsity.critical.CurvePoint;
import org.lacuna.sparsity.critical.Estimator;
import org.lacuna.sparsity.critical.Level;
import org.lacuna.sparsity.critical.LevelExchange;
import org.lacuna.sparsity.critical.PairedBootstrap;
import org.lacuna.sparsity.critical.QualityBar;
import org.lacuna.sparsity.critical.WindowedCurve;
import org.lacuna.sparsity.statistics.PermutationTest;
import org.lacuna.sparsity.statistics.Range;

/**
 * Puts results of tasks side by side, each against the control's. Bars, draws and confidence are those of the control's settings for every model: all of it is
 * computed from the documents' values.
 */
public final class TaskComparing {
    private static final double ROUNDING = 1e-12;

    private final int control;

    private TaskComparing(int control) {
        this.control = control;
    }

    /**
     * What {@code eval --tasks} found of one model.
     *
     * @param where   what messages call it
     * @param results at least one, of one model, each of another task
     */
    public record Results(String where, List<TaskMeasurement> results) {
        /** Copies the list. */
        public Results {
            results = List.copyOf(results);
        }

        ModelSummary model() {
            return results.get(0).model();
        }

        Optional<TaskMeasurement> of(String task) {
            return results.stream().filter(result -> result.task().name().equals(task)).findFirst();
        }
    }

    /**
     * Compares.
     *
     * @param models at least two
     * @throws InputException if there are fewer, no task is in all, or the documents or metrics of one are not the same
     */
    public static TaskComparison of(List<Results> models) {
        if (models.size() < 2) {
            throw new InputException("there must be results of at least two models to compare, not of " + models.size());
        }
        Set<String> tasks = new LinkedHashSet<>();
        models.forEach(model -> model.results.forEach(result -> tasks.add(result.task().name())));
        List<String> shared = tasks.stream().filter(task -> models.stream().allMatch(model -> model.of(task).isPresent())).toList();
        if (shared.isEmpty()) {
            throw new InputException("no task was measured for all: " + String.join("; ", models.stream()
                    .map(model -> model.where + " has " + String.join(", ", model.results.stream().map(result -> result.task().name()).toList())).toList()));
        }
        int control = IntStream.range(0, models.size()).filter(i -> models.get(i).model().training() == Training.NATURAL).findFirst().orElse(0);
        checkDocuments(models, shared, control);
        TaskComparing comparing = new TaskComparing(control);
        return new TaskComparison(TaskComparison.VERSION, labels(models), control, notes(models, tasks, shared, control),
                shared.stream().map(task -> comparing.compared(task, models.stream().map(model -> model.of(task).orElseThrow()).toList())).toList(),
                Provenance.collect(Map.of()).toJson());
    }

    private static void checkDocuments(List<Results> models, List<String> tasks, int control) {
        List<String> problems = new ArrayList<>();
        for (String task : tasks) {
            TaskMeasurement mine = models.get(control).of(task).orElseThrow();
            for (Results model : models) {
                TaskMeasurement other = model.of(task).orElseThrow();
                if (!other.task().documentsSha256().equals(mine.task().documentsSha256())) {
                    problems.add(task + ": " + model.where + " (" + documents(other.task()) + ") was measured on other documents than "
                            + models.get(control).where + " ("
                            + documents(mine.task()) + "); expected the same files, task file, --limit and --task-set for both");
                } else if (!weights(other).equals(weights(mine))) {
                    problems.add(task + ": " + model.where + " weighs documents otherwise than " + models.get(control).where + "; expected the same subtasks.weight_by_size for both");
                } else if (!metrics(other).equals(metrics(mine))) {
                    problems.add(task + ": " + model.where + " has " + metrics(other) + ", " + models.get(control).where + " " + metrics(mine)
                            + "; expected the same metrics");
                }
            }
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
    }

    private static String documents(TaskSummary task) {
        return task.documents() + " documents" + (task.leftOut() == 0 ? "" : ", " + task.leftOut() + " left out as too long") + ", sha256 "
                + task.documentsSha256().substring(0, Math.min(12, task.documentsSha256().length())) + "…";
    }

    /** Of accuracies: perplexities are by words and bytes of the same documents. */
    private static List<List<Double>> weights(TaskMeasurement result) {
        return result.dense().stream().filter(score -> score.metric().higherIsBetter()).map(Score::weights).toList();
    }

    private static List<String> metrics(TaskMeasurement result) {
        return result.dense().stream().map(score -> score.metric().key()).toList();
    }

    /** A model's name; where several have it, with the folder of its results. */
    private static List<String> labels(List<Results> models) {
        Map<String, Integer> named = new HashMap<>();
        models.forEach(model -> named.merge(model.model().name(), 1, Integer::sum));
        return models.stream().map(model -> named.get(model.model().name()) == 1 ? model.model().name() : model.model().name() + " (" + model.where + ")")
                .toList();
    }

    private static List<String> notes(List<Results> models, Set<String> tasks, List<String> shared, int control) {
        List<String> notes = new ArrayList<>();
        List<String> labels = labels(models);
        tasks.stream().filter(task -> !shared.contains(task)).forEach(task -> notes.add(task + " was not measured for all and is left out."));
        ModelSummary other = models.get(control).model();
        for (int i = 0; i < models.size(); i++) {
            if (i == control) {
                continue;
            }
            String both = "\"" + labels.get(i) + "\" and \"" + labels.get(control) + "\"";
            ModelSummary model = models.get(i).model();
            if (model.sha256().equals(other.sha256()) && model.configSha256().equals(other.configSha256())) {
                notes.add(both + " are the same model.");
            }
            for (String task : shared) {
                TaskMeasurement one = models.get(i).of(task).orElseThrow();
                TaskMeasurement mine = models.get(control).of(task).orElseThrow();
                if (!one.task().sha256().equals(mine.task().sha256())) {
                    notes.add(task + ": " + both
                            + " read the same documents in other tokens: their tokenizers or how much they read at once differ (contexts cut: "
                            + one.task().truncated() + " and " + mine.task().truncated() + ").");
                }
                if (!settings(one).equals(settings(mine))) {
                    notes.add(task + ": " + both + " were measured with other rules, layers or tokens (" + settings(one) + "; " + settings(mine)
                            + "): what is left out means something else in each.");
                }
            }
        }
        return notes;
    }

    private static String settings(TaskMeasurement result) {
        return result.settings().rule() + " in layers " + result.settings().layers() + ", tokens " + result.settings().coverage();
    }

    private ComparedTask compared(String name, List<TaskMeasurement> results) {
        TaskSettings settings = results.get(control).settings();
        PairedBootstrap draws = settings.bootstrap(results.get(control).task().documents());
        List<ValueDifference> dense = new ArrayList<>();
        List<CriticalDifference> critical = new ArrayList<>();
        List<DifferenceAt> at = new ArrayList<>();
        for (int metric = 0; metric < results.get(control).dense().size(); metric++) {
            for (int model = 0; model < results.size(); model++) {
                if (model != control) {
                    Pair pair = new Pair(results, metric, model, settings, draws);
                    pair.dense().ifPresent(dense::add);
                    for (SiteSet sites : SiteSet.values()) {
                        critical.addAll(pair.critical(sites));
                        pair.atControlsCritical(sites).ifPresent(at::add);
                    }
                }
            }
        }
        return new ComparedTask(name, results, dense, critical, at);
    }

    /** A model and the control by one metric of one task. */
    private final class Pair {
        private final TaskMeasurement one;
        private final TaskMeasurement other;
        private final int metric;
        private final int model;
        private final TaskSettings settings;
        private final PairedBootstrap draws;
        private final MetricKind kind;
        private final QualityBar bar;

        Pair(List<TaskMeasurement> results, int metric, int model, TaskSettings settings, PairedBootstrap draws) {
            this.metric = metric;
            this.model = model;
            this.settings = settings;
            this.draws = draws;
            one = results.get(model);
            other = results.get(control);
            kind = other.dense().get(metric).metric();
            bar = settings.bar(kind);
        }

        /** Empty where a value is infinite. */
        Optional<ValueDifference> dense() {
            Score a = one.dense().get(metric);
            Score b = other.dense().get(metric);
            int documents = a.values().size();
            return difference(a.value(), b.value(), times -> a.pooled(times) - b.pooled(times),
                    taken -> mixed(a, b, taken).pooled(once(documents)) - mixed(b, a, taken).pooled(once(documents)), true);
        }

        private static Score mixed(Score own, Score others, boolean[] taken) {
            List<Double> values = IntStream.range(0, taken.length).mapToObj(d -> (taken[d] ? others : own).values().get(d)).toList();
            return new Score(own.metric(), own.value(), OptionalDouble.empty(), values, own.weights());
        }

        private static int[] once(int documents) {
            int[] once = new int[documents];
            Arrays.fill(once, 1);
            return once;
        }

        private Optional<ValueDifference> difference(double value, double otherValue, ToDoubleFunction<int[]> drawn, ToDoubleFunction<boolean[]> exchanged,
                boolean alike) {
            if (!Double.isFinite(value) || !Double.isFinite(otherValue)) {
                return Optional.empty();
            }
            double rounding = ROUNDING * (Math.abs(value) + Math.abs(otherValue));
            OptionalDouble p = alike ? OptionalDouble.of(PermutationTest.of(one.task().documents(), taken -> Range.of(exchanged.applyAsDouble(taken)),
                    rounding, settings.replicates(),
                    settings.seed()).twoSided()) : OptionalDouble.empty();
            return Optional.of(new ValueDifference(kind, model, control, value, otherValue, value - otherValue, draws.number(drawn, settings.confidence()), p));
        }

        /** The same where a level can be told of it. */
        private Optional<WindowedCurve> telling(TaskMeasurement result, SiteSet sites) {
            return curve(result, sites)
                    .filter(any -> result.curves().stream().noneMatch(curve -> curve.sites() == sites && curve.critical().get(kind.key()).isEmpty()));
        }

        private Optional<WindowedCurve> curve(TaskMeasurement result, SiteSet sites) {
            return result.curves().stream().filter(curve -> curve.sites() == sites).findFirst()
                    .map(curve -> TaskMeasurement.windowed(curve.points(), result.dense().get(metric), metric));
        }

        /** Whether documents can be exchanged with the rule at some sites: vectors of one width, which attention's output has in models of as many heads and parameters. */
        private boolean alike(SiteSet sites) {
            ModelSummary a = one.model();
            ModelSummary b = other.model();
            return alike() && (sites != SiteSet.ATTENTION_OUTPUT || a.heads() == b.heads() && a.kvHeads() == b.kvHeads() && a.parameters() == b.parameters());
        }

        /** Whether documents can be exchanged: blocks of one width, measured at the same values of p. */
        private boolean alike() {
            ModelSummary a = one.model();
            ModelSummary b = other.model();
            return a.layers() == b.layers() && a.hidden() == b.hidden() && a.intermediate() == b.intermediate() && a.experts() == b.experts()
                    && one.settings().grid().equals(other.settings().grid());
        }

        List<CriticalDifference> critical(SiteSet sites) {
            Optional<WindowedCurve> a = telling(one, sites);
            Optional<WindowedCurve> b = telling(other, sites);
            List<CriticalDifference> differences = new ArrayList<>();
            for (Estimator estimator : a.isPresent() && b.isPresent() ? Estimator.values() : new Estimator[0]) {
                Level level = bar.levels(a.get().pooled()).by(estimator);
                Level otherLevel = bar.levels(b.get().pooled()).by(estimator);
                OptionalDouble p = estimator == Estimator.LINEAR && alike(sites) ? OptionalDouble.of(LevelExchange.test(a.get(), b.get(),
                        curve -> bar.levels(curve).by(estimator),
                        settings.replicates(), settings.seed()).greater()) : OptionalDouble.empty();
                differences.add(new CriticalDifference(kind, new Difference(sites, model, control, estimator, level, otherLevel,
                        level.sparsity() - otherLevel.sparsity(),
                        draws.difference(times -> bar.levels(a.get().pooled(times)).by(estimator), times -> bar.levels(b.get().pooled(times)).by(estimator),
                                settings.confidence()), p)));
            }
            return differences;
        }

        Optional<DifferenceAt> atControlsCritical(SiteSet sites) {
            Optional<WindowedCurve> a = curve(one, sites);
            Optional<WindowedCurve> b = telling(other, sites);
            if (a.isEmpty() || b.isEmpty()) {
                return Optional.empty();
            }
            Level level = bar.levels(b.get().pooled()).by(Estimator.LINEAR);
            double reached = a.get().pooled().points().stream().mapToDouble(CurvePoint::sparsity).max().orElseThrow();
            if (level.kind() == Level.Kind.NONE || reached < level.sparsity()) {
                return Optional.empty();
            }
            double s = level.sparsity();
            return difference(at(a.get().pooled(), s), at(b.get().pooled(), s), times -> at(a.get().pooled(times), s) - at(b.get().pooled(times), s),
                    taken -> at(a.get().exchanged(b.get(), taken).pooled(), s) - at(b.get().exchanged(a.get(), taken).pooled(), s), alike(sites))
                    .map(difference -> new DifferenceAt(sites, s, difference));
        }

        /** The metric at a sparsity, on the line between the measured points on either side; beyond the ends that of the end. */
        private double at(Curve curve, double sparsity) {
            List<CurvePoint> points = curve.points().stream().sorted(Comparator.comparingDouble(CurvePoint::sparsity)).toList();
            int above = (int) points.stream().filter(point -> point.sparsity() < sparsity).count();
            if (above == 0 || above == points.size()) {
                return value(points.get(Math.min(above, points.size() - 1)));
            }
            CurvePoint low = points.get(above - 1);
            CurvePoint high = points.get(above);
            double share = (sparsity - low.sparsity()) / (high.sparsity() - low.sparsity());
            return value(low) + share * (value(high) - value(low));
        }

        private double value(CurvePoint point) {
            return kind.pool(List.of((kind.higherIsBetter() ? 1 : -1) * point.loss()), List.of(1.0));
        }
    }
}
