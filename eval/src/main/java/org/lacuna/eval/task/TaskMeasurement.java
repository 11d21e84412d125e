package org.lacuna.eval.task;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.lacuna.data.task.MetricKind;
import org.lacuna.data.task.Task;
import org.lacuna.eval.robustness.Calibration;
import org.lacuna.eval.robustness.Estimate;
import org.lacuna.eval.robustness.ModelSummary;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.run.folder.Json;
import org.lacuna.sparsity.critical.PairedBootstrap.Interval;
import org.lacuna.sparsity.critical.WindowedCurve;

/**
 * What one model reached on one task, without a rule and at every p: all documents' values, so that intervals and comparisons can be computed
 * from the file alone.
 *
 * @param version    of this format, {@link #VERSION}
 * @param model      which model
 * @param task       which task
 * @param settings   how
 * @param provenance version, commit, machine, time
 * @param dense      the metrics without a rule, in the task's order
 * @param curves     one for each set of sites
 * @param calibration the curves' thresholds, where the rule takes them from other text
 */
public record TaskMeasurement(int version, ModelSummary model, TaskSummary task, TaskSettings settings, JsonNode provenance, List<Score> dense, List<Curve> curves,
        Optional<Calibration> calibration) {
    /** The format that this build writes and reads. */
    public static final int VERSION = 4;

    /** Copies the lists, and takes the provenance as it reads back. */
    public TaskMeasurement {
        provenance = Json.parse("provenance", Json.line(provenance));
        dense = List.copyOf(dense);
        curves = List.copyOf(curves);
    }

    /**
     * A metric of a curve as sums over documents, log-likelihoods as losses, for {@link TaskSettings#bar} to read.
     *
     * @param dense  the metric without a rule
     * @param metric its place
     */
    public static WindowedCurve windowed(List<Point> points, Score dense, int metric) {
        double sign = dense.metric().higherIsBetter() ? 1 : -1;
        long[] once = new long[dense.values().size()];
        Arrays.fill(once, 1);
        return new WindowedCurve(once, points.stream().map(point -> longs(point.elements())).toArray(long[][]::new), signed(dense, sign), points.stream()
                .map(point -> new WindowedCurve.Point(point.p(), signed(point.scores().get(metric), sign), longs(point.kept())))
                .toList()).over(dense.weights().stream().mapToDouble(Double::doubleValue).toArray());
    }

    private static long[] longs(List<Long> values) {
        return values.stream().mapToLong(Long::longValue).toArray();
    }

    private static double[] signed(Score score, double sign) {
        return score.values().stream().mapToDouble(value -> sign * value).toArray();
    }

    /**
     * The task as it was asked.
     *
     * @param name      its name
     * @param config    what its task file says, with what that leaves out and what was overridden
     * @param original  how many documents its data hold
     * @param limit     of how many documents, of each subtask where there are any, at most the first were asked; below 1 the share of them; empty for all
     * @param subtasks  in the order of the documents, with how many of each were scored; none where the task has none
     * @param documents how many were scored
     * @param leftOut   how many were not, since their choices are longer than the model reads
     * @param requests  how many there were
     * @param truncated of which so many had their context cut on the left
     * @param maxLength tokens that the model read at once, at most
     * @param chance    the accuracy of choosing blindly; empty where nothing is chosen from
     * @param evenOdds  −ln p of all that is scored, nats, if all tokens were equally likely
     * @param sha256    of all requests' token ids, and of how long a text goes on that is written
     * @param documentsSha256 of the documents' texts: what is asked whatever the tokens are
     */
    public record TaskSummary(String name, JsonNode config, int original, OptionalDouble limit, List<Task.Subtask> subtasks, int documents, int leftOut, int requests,
            int truncated, int maxLength, OptionalDouble chance, double evenOdds, String sha256, String documentsSha256) {
        /** Copies the list, and takes the configuration as it reads back. */
        public TaskSummary {
            config = Json.parse("config", Json.line(config));
            subtasks = List.copyOf(subtasks);
        }

        /** How many subtasks there are where the data are whole; empty where the task file does not say. */
        public OptionalInt subtasksOfAll() {
            JsonNode files = config.at("/subtasks/files");
            return files.isInt() ? OptionalInt.of(files.intValue()) : OptionalInt.empty();
        }
    }

    /**
     * A metric.
     *
     * @param metric        its name in the task file
     * @param value         over all documents
     * @param standardError of a mean, as lm-evaluation-harness gives it; empty for others
     * @param values        each document's, times its weight where it is an accuracy
     * @param weights       each document's: 1, or words or bytes; of an accuracy 1, or where subtasks of unequal size count alike, more in a small one
     */
    public record Score(MetricKind metric, double value, OptionalDouble standardError, List<Double> values, List<Double> weights) {
        /** Copies the lists. */
        public Score {
            values = List.copyOf(values);
            weights = List.copyOf(weights);
        }

        /**
         * The same of the documents from one place to another, as lm-evaluation-harness has it of a subtask.
         *
         * @param from the first
         * @param to   behind the last
         */
        public Score of(int from, int to) {
            List<Double> own = new ArrayList<>();
            for (int d = from; d < to; d++) {
                // Of an accuracy the weight is how much the subtask counts.
                own.add(metric.higherIsBetter() ? values.get(d) / weights.get(d) : values.get(d));
            }
            List<Double> weight = metric.higherIsBetter() ? Collections.nCopies(to - from, 1.0) : weights.subList(from, to);
            return new Score(metric, metric.pool(own, weight), metric.standardError(own), own, weight);
        }

        /** The metric of a draw of documents. */
        public double pooled(int[] times) {
            double sum = 0;
            double weight = 0;
            for (int d = 0; d < times.length; d++) {
                // One that is not drawn may be infinite.
                if (times[d] > 0) {
                    sum += times[d] * values.get(d);
                    weight += times[d] * weights.get(d);
                }
            }
            // What a metric makes of one document that is the mean of all.
            return metric.pool(List.of(sum / weight), List.of(1.0));
        }
    }

    /**
     * The rule at one p.
     *
     * @param sparsity exact zeros after the rule / elements, of all requests, layers and covered tokens
     * @param kept     elements that are not 0, by document
     * @param elements that the rule saw, by document: where a text is written other ones at every p
     * @param scores   the metrics, in the task's order
     * @param change   by metric, the interval of its value − the dense value, both on the same draw of documents
     * @param needed   by metric that is an accuracy, about how many documents it would take to tell on which side of the bar it is; none where it is on the bar
     */
    public record Point(double p, double sparsity, List<Long> kept, List<Long> elements, List<Score> scores, Map<String, Interval> change,
            Map<String, OptionalLong> needed) {
        /** Copies the lists. */
        public Point {
            kept = List.copyOf(kept);
            elements = List.copyOf(elements);
            scores = List.copyOf(scores);
        }
    }

    /**
     * The rule at one set of sites.
     *
     * @param points   in the order of the grid
     * @param critical critical sparsity by metric, one for each estimator; none where the metric without a rule is 0 or not above chance, so that it can't be told
     */
    public record Curve(SiteSet sites, List<Point> points, Map<String, List<Estimate>> critical) {
        /** Copies the lists. */
        public Curve {
            points = List.copyOf(points);
        }
    }
}
