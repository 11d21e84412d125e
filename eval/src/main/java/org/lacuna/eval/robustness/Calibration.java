package org.lacuna.eval.robustness;

import java.util.List;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.lacuna.sparsity.Site;

/**
 * What came of a rule that is calibrated: on which text, and the thresholds that it found there.
 *
 * @param text       the first consecutive windows of a corpus' training part
 * @param thresholds of each curve, site and layer with the rule
 */
public record Calibration(DataSummary text, List<Threshold> thresholds) {

    /** Copies the list. */
    public Calibration {
        thresholds = List.copyOf(thresholds);
    }

    /**
     * The thresholds θ of one layer and site: kept is |v| ≥ θ, of what the rule weighs v by where it does.
     *
     * @param curve  whose
     * @param values at each p of the grid, in its order
     */
    public record Threshold(SiteSet curve, Site site, int layer, List<Double> values) {
        /** Copies the list. */
        public Threshold {
            values = List.copyOf(values);
        }
    }

    /**
     * Those of a curve.
     *
     * @param layers of the model
     */
    public static List<Threshold> thresholds(SiteSet curve, Treatment treatment, int layers) {
        return new TreeSet<>(curve.sites()).stream()
                .flatMap(site -> treatment.layers().of(layers).stream().map(layer -> new Threshold(curve, site, layer,
                        IntStream.range(0, treatment.points()).mapToObj(point -> treatment.parameter(layer, site, point)).toList())))
                .toList();
    }

    /** Adds what is wrong with one that was read. */
    public void check(FoundProblems problems, int points) {
        for (int t = 0; t < thresholds.size(); t++) {
            problems.all("calibration/thresholds/" + t + "/values", thresholds.get(t).values, points, 0, Double.POSITIVE_INFINITY);
        }
    }
}
