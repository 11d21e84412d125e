package org.lacuna.eval.robustness;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.lacuna.run.folder.Json;
import org.lacuna.sparsity.critical.WindowedCurve;

/**
 * How much of a model's feed-forward activations can be left out: everything that was measured, by window, so that intervals and
 * comparisons can be computed from the file alone.
 *
 * @param version    of this format, {@link #VERSION}
 * @param model      which model
 * @param data       on what
 * @param settings   how
 * @param provenance by what: version, commit, machine, time, as {@link org.lacuna.run.provenance.Provenance#toJson}
 * @param dense      without a rule
 * @param curves     with the rule, a curve for each of the settings' sites that the model has
 * @param joint      with the rule at several sites at once, each with a p of its own, where the settings have a joint grid
 * @param calibration the curves' thresholds, where the rule takes them from other text
 */
public record RobustnessResult(int version, ModelSummary model, DataSummary data, Settings settings, JsonNode provenance, DenseResult dense,
        List<SiteResult> curves, Optional<JointResult> joint, Optional<Calibration> calibration) {

    /** The format that this build writes and reads. */
    public static final int VERSION = 6;

    /**
     * Copies the list, and takes the provenance as it reads back: JSON does not tell an int from a long.
     */
    public RobustnessResult {
        provenance = Json.parse("provenance", Json.line(provenance));
        curves = List.copyOf(curves);
    }

    /** Of a rule that is not calibrated. */
    public RobustnessResult(int version, ModelSummary model, DataSummary data, Settings settings, JsonNode provenance, DenseResult dense, List<SiteResult> curves,
            Optional<JointResult> joint) {
        this(version, model, data, settings, provenance, dense, curves, joint, Optional.empty());
    }

    /** With curves alone. */
    public RobustnessResult(int version, ModelSummary model, DataSummary data, Settings settings, JsonNode provenance, DenseResult dense, List<SiteResult> curves) {
        this(version, model, data, settings, provenance, dense, curves, Optional.empty());
    }

    /** The curve at a set of sites, if it was measured. */
    public Optional<SiteResult> curve(SiteSet sites) {
        return curves.stream().filter(curve -> curve.sites() == sites).findFirst();
    }

    /**
     * Dead neurons over all layers: elements of the layers' intermediate vectors that are 0 for every one of the windows' tokens / elements. Empty for a
     * model with experts: one that few of so few tokens were sent to may seem dead and is not.
     */
    public OptionalDouble deadShare() {
        double elements = (double) model.layers() * model.intermediate();
        return model.experts() ? OptionalDouble.empty() : OptionalDouble.of(dense.deadNeurons().stream().mapToLong(Integer::longValue).sum() / elements);
    }

    /** The same with critical sparsity at another bar, which the windows' sums give without measuring again. */
    public RobustnessResult withBar(double bar) {
        if (bar == settings.bar()) {
            return this;
        }
        Settings other = settings.withBar(bar);
        return new RobustnessResult(version, model, data, other, provenance, dense, curves.stream().map(curve -> withSettings(curve, other)).toList(),
                joint.map(grid -> JointResult.of(grid.windowOperations(), grid.points(), data.windowLength(), dense, other)), calibration);
    }

    private SiteResult withSettings(SiteResult curve, Settings other) {
        List<MeasuredPoint> points = curve.points().stream()
                .map(point -> new MeasuredPoint(point.p(), doubles(point.windowLossSums()), longs(point.windowKept()), point.layerSparsity())).toList();
        return MeasuredPoint.curve(curve.sites(), curve.windowElements(), data.windowLength(), points, dense, other);
    }

    /** What a curve holds by window, for pooling over draws. */
    public WindowedCurve windowed(SiteResult curve) {
        long[] tokens = filled(data.windowLength());
        long[] elements = filled(curve.windowElements());
        double[] denseSums = doubles(dense.windowLossSums());
        return new WindowedCurve(tokens, elements, denseSums, curve.points().stream()
                .map(point -> new WindowedCurve.Point(point.p(), doubles(point.windowLossSums()), longs(point.windowKept())))
                .toList());
    }

    private long[] filled(long value) {
        long[] values = new long[data.windows()];
        Arrays.fill(values, value);
        return values;
    }

    private static long[] longs(List<Long> values) {
        return values.stream().mapToLong(Long::longValue).toArray();
    }

    private static double[] doubles(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).toArray();
    }
}
