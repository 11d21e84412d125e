package org.lacuna.data.task;

import java.util.List;
import java.util.OptionalDouble;

/**
 * A metric of a task, with what it was pooled from, so that documents can be drawn again, in pairs with another model's.
 *
 * @param kind          which
 * @param value         the pooled value
 * @param standardError of a mean; empty for other metrics and for one document
 * @param values        each document's, in the order of the documents; where a document counts more or less than 1 in an accuracy, times as much
 * @param weights       each document's: 1, or its words or bytes; where subtasks count alike, less than 1 for those of a large one, more for those of a small one
 */
public record Metric(MetricKind kind, double value, OptionalDouble standardError, List<Double> values, List<Double> weights) {

    /** Copies the lists. */
    public Metric {
        values = List.copyOf(values);
        weights = List.copyOf(weights);
    }

    static Metric of(MetricKind kind, List<Double> values, List<Double> weights) {
        return of(kind, values, weights, kind.standardError(values));
    }

    static Metric of(MetricKind kind, List<Double> values, List<Double> weights, OptionalDouble standardError) {
        return new Metric(kind, kind.pool(values, weights), standardError, values, weights);
    }

    /**
     * Its name.
     *
     * @return as in the task file
     */
    public String name() {
        return kind.key();
    }
}
