package org.lacuna.eval.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.lacuna.data.task.MetricKind;
import org.lacuna.eval.compare.TaskComparing.Results;
import org.lacuna.eval.compare.TaskComparison.CriticalDifference;
import org.lacuna.eval.compare.TaskComparison.DifferenceAt;
import org.lacuna.eval.compare.TaskComparison.ValueDifference;
import org.lacuna.eval.robustness.ModelSummary;
import org.lacuna.eval.robustness.ModelSummary.Training;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.eval.task.TaskMeasurement;
import org.lacuna.eval.task.TaskMeasurement.Score;
import org.lacuna.eval.task.TaskSamples;
import org.lacuna.run.InputException;
import org.lacuna.sparsity.critical.Estimator;

class TaskComparingTest {
    private static final List<Double> NONE = List.of(0.0, 0.0, 0.0, 0.0);
    private static final List<Double> THREE = List.of(1.0, 1.0, 0.0, 1.0);
    private static final List<Double> ONE = List.of(1.0, 0.0, 0.0, 0.0);
    private static final ModelSummary SILU = TaskSamples.model("silu", Training.NATURAL, 24);
    private static final ModelSummary RELU = TaskSamples.model("relu", Training.INDUCED, 24);

    /** Three right of four, up to a sparsity of 0.6; nothing right where nothing is kept. */
    private static TaskMeasurement natural(ModelSummary model, String task, String documents) {
        return TaskSamples.result(model, task, documents, THREE, new int[] {100, 40, 0}, List.of(THREE, THREE, NONE));
    }

    /** One right of four, from 0.2 up to a sparsity of 0.8. */
    private static TaskMeasurement induced(ModelSummary model, String task, String documents) {
        return TaskSamples.result(model, task, documents, ONE, new int[] {80, 20, 0}, List.of(ONE, ONE, NONE));
    }

    private static TaskComparison compare(TaskMeasurement one, TaskMeasurement other) {
        return TaskComparing.of(List.of(new Results("A", List.of(one)), new Results("B", List.of(other))));
    }

    /** The second and the fourth document differ, both the same way: of the four signs that chance gives them, two are as far from 0. */
    @Test
    void differencesWithoutARuleByHand() {
        TaskComparison comparison = compare(induced(RELU, "t", "d"), natural(SILU, "t", "d"));
        assertEquals(1, comparison.control(), "the natural one");
        assertEquals(List.of("relu", "silu"), comparison.labels());
        assertEquals(List.of(), comparison.notes());
        assertEquals(1, comparison.tasks().get(0).dense().size());
        ValueDifference d = comparison.tasks().get(0).dense().get(0);
        assertEquals(List.of(MetricKind.ACC, 0, 1, 0.25, 0.75, -0.5), List.of(d.metric(), d.model(), d.against(), d.value(), d.otherValue(), d.difference()));
        assertEquals(OptionalDouble.of(0.5), d.exchanged());
        // A draw of four of the documents differs by −1 at the most, if all are of the second and the fourth, and by 0 at the least.
        assertTrue(d.interval().low() >= -1 && d.interval().low() < -0.5 && d.interval().high() > -0.5 && d.interval().high() <= 0, d.interval().toString());
    }

    /** The control falls below 0.99 · 0.75 at 1 % of the way from 0.6 to 1, the other below 0.99 · 0.25 at 1 % of that from 0.8 to 1. */
    @Test
    void differencesOfCriticalSparsityAndThereByHand() {
        TaskComparison comparison = compare(natural(SILU, "t", "d"), induced(RELU, "t", "d"));
        assertEquals(0, comparison.control());
        CriticalDifference critical = comparison.tasks().get(0).critical().stream().filter(each -> each.difference().estimator() == Estimator.LINEAR)
                .findFirst().orElseThrow();
        assertEquals(3, comparison.tasks().get(0).critical().size());
        assertEquals(0.604, critical.difference().otherLevel().sparsity(), 1e-12);
        assertEquals(0.802, critical.difference().level().sparsity(), 1e-12);
        assertEquals(0.198, critical.difference().difference(), 1e-12);
        assertTrue(critical.difference().exchanged().isPresent());
        DifferenceAt at = comparison.tasks().get(0).atControlsCritical().get(0);
        assertEquals(SiteSet.INTERMEDIATE, at.sites());
        assertEquals(0.604, at.sparsity(), 1e-12);
        assertEquals(0.25, at.difference().value(), 1e-12);
        assertEquals(0.75 * 0.99, at.difference().otherValue(), 1e-12);
        assertEquals(0.25 - 0.7425, at.difference().difference(), 1e-12);
        assertTrue(at.difference().exchanged().isPresent());
    }

    private static TaskMeasurement untold(TaskMeasurement result) {
        return new TaskMeasurement(result.version(), result.model(), result.task(), result.settings(), result.provenance(), result.dense(),
                result.curves().stream().map(curve -> new TaskMeasurement.Curve(curve.sites(), curve.points(), Map.of("acc", List.of()))).toList(), result.calibration());
    }

    /** Of a level that can't be told there is no difference; where the control's is told, there can be one of the accuracies there. */
    @Test
    void levelsThatCantBeToldAreNotCompared() {
        TaskComparison comparison = compare(natural(SILU, "t", "d"), untold(induced(RELU, "t", "d")));
        assertEquals(List.of(), comparison.tasks().get(0).critical());
        assertEquals(0.604, comparison.tasks().get(0).atControlsCritical().get(0).sparsity(), 1e-12);
        comparison = compare(untold(natural(SILU, "t", "d")), induced(RELU, "t", "d"));
        assertEquals(List.of(), comparison.tasks().get(0).critical());
        assertEquals(List.of(), comparison.tasks().get(0).atControlsCritical());
        assertEquals(1, comparison.tasks().get(0).dense().size());
    }

    @Test
    void modelsOfOtherWidthsExchangeNoDocumentsUnderARule() {
        TaskComparison comparison = compare(natural(SILU, "t", "d"), induced(TaskSamples.model("wide", Training.INDUCED, 48), "t", "d"));
        assertTrue(comparison.tasks().get(0).dense().get(0).exchanged().isPresent());
        assertTrue(comparison.tasks().get(0).critical().stream().allMatch(each -> each.difference().exchanged().isEmpty()));
        assertTrue(comparison.tasks().get(0).atControlsCritical().get(0).difference().exchanged().isEmpty());
    }

    private static void assertRefused(List<Results> models, String... parts) {
        String message = assertThrows(InputException.class, () -> TaskComparing.of(models)).getMessage();
        for (String part : parts) {
            assertTrue(message.contains(part), message);
        }
    }

    @Test
    void otherDocumentsAreRefusedAndWhatNotAllHaveIsLeftOut() {
        Results mine = new Results("A", List.of(natural(SILU, "t", "d"), natural(SILU, "u", "e")));
        assertRefused(List.of(mine), "at least two models");
        assertRefused(List.of(mine, new Results("B", List.of(induced(RELU, "t", "other"), induced(RELU, "u", "e")))),
                "t: B (4 documents, sha256 other0000000…) was measured on other documents than A (4 documents, sha256 d00000000000…)");
        TaskMeasurement other = induced(RELU, "t", "d");
        List<Score> weighted = other.dense().stream().map(score -> new Score(score.metric(), score.value(), score.standardError(), score.values(), List.of(2.0, 1.0, 0.5, 0.5))).toList();
        assertRefused(List.of(mine, new Results("B", List.of(new TaskMeasurement(other.version(), other.model(), other.task(), other.settings(), other.provenance(), weighted, other.curves(),
                other.calibration()), induced(RELU, "u", "e")))), "t: B weighs documents otherwise than A; expected the same subtasks.weight_by_size for both");
        assertRefused(List.of(mine, new Results("B", List.of(induced(RELU, "v", "d")))), "no task was measured for all: A has t, u; B has v");
        TaskComparison shared = TaskComparing.of(List.of(mine, new Results("B", List.of(induced(RELU, "u", "e")))));
        assertEquals(List.of("u"), shared.tasks().stream().map(TaskComparison.ComparedTask::name).toList());
        assertEquals(List.of("t was not measured for all and is left out."), shared.notes());
    }

    @Test
    void theSameModelIsToldApartByItsFolderAndNoted() {
        TaskComparison comparison = compare(natural(SILU, "t", "d"), natural(SILU, "t", "d"));
        assertEquals(List.of("silu (A)", "silu (B)"), comparison.labels());
        assertEquals(List.of("\"silu (B)\" and \"silu (A)\" are the same model."), comparison.notes());
        assertEquals(0, comparison.tasks().get(0).dense().get(0).difference());
        assertEquals(OptionalDouble.of(1), comparison.tasks().get(0).dense().get(0).exchanged());
    }
}
