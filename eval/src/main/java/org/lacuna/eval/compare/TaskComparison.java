package org.lacuna.eval.compare;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.OptionalDouble;
import org.lacuna.data.task.MetricKind;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.eval.task.TaskMeasurement;
import org.lacuna.run.folder.Json;
import org.lacuna.sparsity.critical.PairedBootstrap.Interval;

/**
 * Several models on the same documents of tasks. Models are named by their place. Every interval comes from the same draws of a task's documents; it covers the
 * choice of documents, not that of training seeds.
 *
 * @param version    of this format, {@link #VERSION}
 * @param labels     the models' names, told apart where several have one
 * @param control    what the others are held against: the first natural model, else the first. Its settings are those of the comparison
 * @param notes      what makes the models less than comparable, in full sentences; empty if nothing does
 * @param tasks      those that all were measured on
 * @param provenance what compared them, as {@link org.lacuna.run.provenance.Provenance#toJson}
 */
public record TaskComparison(int version, List<String> labels, int control, List<String> notes, List<ComparedTask> tasks, JsonNode provenance) {
    /** The format that this build writes. */
    public static final int VERSION = 1;

    /** Copies the lists, and takes the provenance as it reads back. */
    public TaskComparison {
        labels = List.copyOf(labels);
        notes = List.copyOf(notes);
        tasks = List.copyOf(tasks);
        provenance = Json.parse("provenance", Json.line(provenance));
    }

    /**
     * One task.
     *
     * @param name     its name
     * @param results  one for each model
     * @param dense    differences without a rule, one for each model but the control and each metric
     * @param critical differences of critical sparsity, by each estimator, where both have a curve
     * @param atControlsCritical differences where as much is left out as the control's critical sparsity (linear), where it has one and the curves reach it
     */
    public record ComparedTask(String name, List<TaskMeasurement> results, List<ValueDifference> dense, List<CriticalDifference> critical,
            List<DifferenceAt> atControlsCritical) {
        /** Copies the lists. */
        public ComparedTask {
            results = List.copyOf(results);
            dense = List.copyOf(dense);
            critical = List.copyOf(critical);
            atControlsCritical = List.copyOf(atControlsCritical);
        }
    }

    /**
     * A metric of a model − that of another.
     *
     * @param metric     which
     * @param model      the one
     * @param against    the other
     * @param value      the one's
     * @param otherValue the other's
     * @param difference of both
     * @param interval   over draws of documents
     * @param exchanged  the two-sided p-value of a permutation test of "they are not alike": how often a difference as large, either way, comes about
     *                   where each document is exchanged between the two or not; empty where they can't exchange documents, for models of other widths
     */
    public record ValueDifference(MetricKind metric, int model, int against, double value, double otherValue, double difference, Interval interval,
            OptionalDouble exchanged) {}

    /**
     * A difference of critical sparsity.
     *
     * @param metric     whose bar is held
     * @param difference with the one-sided p-value of "the one's is larger"
     */
    public record CriticalDifference(MetricKind metric, Comparison.Difference difference) {}

    /**
     * A difference under the rule.
     *
     * @param sites      where the rule is applied
     * @param sparsity   at which both are read off the lines between their measured points; a model whose densest point is sparser is read off that
     * @param difference of the two values there
     */
    public record DifferenceAt(SiteSet sites, double sparsity, ValueDifference difference) {}
}
