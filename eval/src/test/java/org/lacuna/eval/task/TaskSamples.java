package org.lacuna.eval.task;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.lacuna.data.task.MetricKind;
import org.lacuna.eval.robustness.Estimate;
import org.lacuna.eval.robustness.LayerSet;
import org.lacuna.eval.robustness.ModelSummary;
import org.lacuna.eval.robustness.ModelSummary.Training;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.eval.robustness.TokenCoverage;
import org.lacuna.eval.task.TaskMeasurement.Curve;
import org.lacuna.eval.task.TaskMeasurement.Point;
import org.lacuna.eval.task.TaskMeasurement.Score;
import org.lacuna.eval.task.TaskMeasurement.TaskSummary;
import org.lacuna.run.folder.Json;
import org.lacuna.run.provenance.Provenance;
import org.lacuna.sparsity.critical.Estimator;
import org.lacuna.sparsity.critical.QualityBar;
import org.lacuna.sparsity.critical.WindowedCurve;

/** Results of tasks as a measurement would give them, made up by document. */
public final class TaskSamples {
    private static final List<Double> GRID = List.of(1.0, 0.5, 0.0);
    private static final int ELEMENTS = 100;

    private TaskSamples() {
    }

    /** A model with blocks of so many inner values. */
    public static ModelSummary model(String name, Training training, int inner) {
        return new ModelSummary(name, "runs/" + name, "a1" + name.hashCode(), "c0", 1000, 2, 16, inner, 2, 2, 257, false, "silu", "gated", true,
                Optional.empty(), training,
                OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty(), OptionalDouble.empty(), Optional.empty(), Optional.empty(), Optional.empty());
    }

    /**
     * An accuracy at one site, on the grid 1, 0.5, 0.
     *
     * @param documents stands for what the documents are
     * @param dense     0 or 1 for each document
     * @param kept      of 100 elements of each document, at each p
     * @param values    as dense, at each p
     */
    public static TaskMeasurement result(ModelSummary model, String task, String documents, List<Double> dense, int[] kept, List<List<Double>> values) {
        int count = dense.size();
        TaskSettings settings = new TaskSettings("top_p", GRID, TokenCoverage.EVERY, LayerSet.ALL, List.of(SiteSet.INTERMEDIATE), 0.99, 1.01, 200, 1, 0.95);
        Score without = score(dense);
        List<Point> points = new ArrayList<>();
        for (int p = 0; p < GRID.size(); p++) {
            Score with = score(values.get(p));
            points.add(new Point(GRID.get(p), 1 - kept[p] / (double) ELEMENTS, Collections.nCopies(count, (long) kept[p]), Collections.nCopies(count,
                    (long) ELEMENTS), List.of(with),
                    Map.of("acc", settings.bootstrap(count).number(times -> with.pooled(times) - without.pooled(times), 0.95)), Map.of()));
        }
        WindowedCurve curve = TaskMeasurement.windowed(points, without, 0);
        QualityBar bar = settings.bar(MetricKind.ACC);
        Map<String, List<Estimate>> critical = new LinkedHashMap<>();
        critical.put("acc", Arrays.stream(Estimator.values()).map(estimator -> new Estimate(estimator, bar.levels(curve.pooled()).by(estimator),
                settings.bootstrap(count).interval(times -> bar.levels(curve.pooled(times)).by(estimator), 0.95))).toList());
        return new TaskMeasurement(TaskMeasurement.VERSION, model, new TaskSummary(task, Json.object(), count, OptionalDouble.empty(), List.of(), count, 0, count, 0, 64, OptionalDouble.of(0.25), 0, "5a" + documents,
                (documents + "0".repeat(12)).substring(0, 12)),
                settings, Provenance.collect(Map.of()).toJson(), List.of(without), List.of(new Curve(SiteSet.INTERMEDIATE, points, critical)), Optional.empty());
    }

    private static Score score(List<Double> values) {
        return new Score(MetricKind.ACC, values.stream().mapToDouble(Double::doubleValue).average().orElseThrow(), MetricKind.ACC.standardError(values), values,
                Collections.nCopies(values.size(), 1.0));
    }
}
