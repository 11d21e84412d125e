package org.lacuna.training.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import org.lacuna.run.folder.Json;

/**
 * Measurements of one thing, taken one after the other.
 *
 * @param ascending at least one; not to be modified
 */
record Sample(double[] ascending) {

    /** Those values, in any order. */
    static Sample of(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return new Sample(sorted);
    }

    /** The measurement below which the share {@code q} of them lies. */
    double quantile(double q) {
        return ascending[(int) Math.round(q * (ascending.length - 1))];
    }

    double median() {
        return quantile(0.5);
    }

    double mean() {
        return Arrays.stream(ascending).average().orElseThrow();
    }

    /** The shortest of times. */
    double best() {
        return ascending[0];
    }

    /** Median, best, 5 % and 95 % of times. */
    ObjectNode toJson() {
        return Json.object().put("median", median()).put("best", best()).put("p05", quantile(0.05)).put("p95", quantile(0.95));
    }
}
