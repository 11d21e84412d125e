package org.lacuna.eval.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collections;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.lacuna.data.task.MetricKind;
import org.lacuna.eval.task.TaskMeasurement.Score;
import org.lacuna.eval.task.TaskMeasurement.TaskSummary;
import org.lacuna.run.folder.Json;

class TaskNotesTest {
    private static TaskSummary task(int leftOut, OptionalDouble chance) {
        return new TaskSummary("t", Json.object(), 100, OptionalDouble.empty(), List.of(), 100, leftOut, 1200, 7, 64, chance, 700, "", "");
    }

    private static List<String> notes(MetricKind metric, double value, OptionalDouble chance) {
        return TaskNotes.of(task(0, chance), List.of(new Score(metric, value, OptionalDouble.empty(), Collections.nCopies(100, value), Collections.nCopies(100, 1.0))));
    }

    @Test
    void whatWasAskedIsTold() {
        assertEquals("1,200 requests, 7 with a context cut to 64 tokens", TaskNotes.asked(task(0, OptionalDouble.empty())));
        assertEquals("1,200 requests, 7 with a context cut to 64 tokens; left out, since a choice is longer: 3", TaskNotes.asked(task(3, OptionalDouble.empty())));
    }

    /** Chance of a half among 100 documents has a standard error of 0.05. */
    @Test
    void anAccuracyIsAboveChanceByTwoOfItsStandardErrors() {
        OptionalDouble half = OptionalDouble.of(0.5);
        assertTrue(notes(MetricKind.ACC, 0.599, half).get(0).startsWith("acc is not above chance (0.5000)"));
        assertEquals(List.of(), notes(MetricKind.ACC, 0.601, half));
        assertTrue(notes(MetricKind.EXACT_MATCH, 0, OptionalDouble.empty()).get(0).startsWith("exact_match is 0 without a rule"));
        assertEquals(List.of(), notes(MetricKind.EXACT_MATCH, 0.01, OptionalDouble.empty()));
    }

    /** 100 log-likelihoods of −7 are the 700 nats that equal odds have. */
    @Test
    void aPerplexityIsBetterThanEqualOdds() {
        assertEquals(List.of(), notes(MetricKind.PERPLEXITY, -6.99, OptionalDouble.empty()));
        assertEquals(List.of("perplexity is no better than if all tokens were equally likely: how much can be left out says nothing"), notes(MetricKind.PERPLEXITY, -7, OptionalDouble.empty()));
    }
}
