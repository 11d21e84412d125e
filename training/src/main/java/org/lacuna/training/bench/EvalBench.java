package org.lacuna.training.bench;

import java.util.List;
import java.util.Set;
import org.lacuna.data.Batch;
import org.lacuna.eval.robustness.Sweep;
import org.lacuna.graph.Device;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Initialization;
import org.lacuna.model.Model;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.rule.Rules;

/**
 * Measures what an evaluation does: windows through a model without a rule, and through all points of a top-p grid at the
 * intermediate vector, together and one point after the other.
 */
public final class EvalBench {
    private static final List<Double> GRID = List.of(0.99, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5);

    private EvalBench() {}

    /**
     * Measures, on random weights and tokens; compiling does not count.
     *
     * @param warmUp passes of each kind before the measured ones
     * @param runs measured ones
     */
    public static Figures run(Shape shape, int warmUp, int runs, Device device) {
        return run(shape, warmUp, runs, device, MachinePeak.measure(device, shape.workers(), shape.precision()));
    }

    static EvalFigures run(Shape shape, int warmUp, int runs, Device device, MachinePeak peak) {
        Device multiplying = device.in(shape.precision());
        Model model = Initialization.of(shape.config(), multiplying, 1);
        Batch windows = TokenBatches.random(shape).get(0);
        Sweep dense = sweep(model, multiplying, windows, "none", List.of(0.0));
        Sweep grid = sweep(model, multiplying, windows, "top_p", GRID);
        List<Sweep> points = GRID.stream().map(p -> sweep(model, multiplying, windows, "top_p", List.of(p))).toList();
        try (Workers workers = new Workers(shape.workers())) {
            return new EvalFigures(shape, warmUp, runs, GRID,
                    Stopwatch.time(warmUp, runs, () -> run(dense, workers)),
                    Stopwatch.time(warmUp, runs, () -> run(grid, workers)),
                    Stopwatch.time(warmUp, runs, () -> points.forEach(point -> run(point, workers))), peak);
        }
    }

    private static Sweep sweep(Model model, Device device, Batch windows, String rule, List<Double> grid) {
        return new Sweep("bench eval", model, device, windows, Set.of(Site.INTERMEDIATE), Rules.byName(rule), grid, false);
    }

    private static void run(Sweep sweep, Workers workers) {
        sweep.run(workers, () -> false);
    }
}
