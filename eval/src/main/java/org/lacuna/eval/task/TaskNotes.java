package org.lacuna.eval.task;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.lacuna.eval.task.TaskMeasurement.Score;
import org.lacuna.eval.task.TaskMeasurement.TaskSummary;

/** What has to be said of a task's numbers, in words. */
public final class TaskNotes {
    private TaskNotes() {
    }

    /** What was asked: {@code "80 requests, 12 with a context cut to 128 tokens"}, and how many documents were left out. */
    public static String asked(TaskSummary task) {
        return String.format(Locale.ROOT, "%,d requests, %,d with a context cut to %,d tokens%s", task.requests(), task.truncated(), task.maxLength(),
                task.leftOut() == 0 ? "" : String.format(Locale.ROOT, "; left out, since a choice is longer: %,d", task.leftOut()));
    }

    /** A sentence for each metric without a rule that is no higher than chance has it, or 0: it can't fall, so no critical sparsity of it says anything. */
    public static List<String> of(TaskSummary task, List<Score> dense) {
        List<String> notes = new ArrayList<>();
        for (Score score : dense) {
            if (!score.metric().higherIsBetter()) {
                continue;
            }
            if (task.chance().isPresent() && !isAboveChance(score.value(), task.chance().getAsDouble(), task.documents())) {
                notes.add(String.format(Locale.ROOT, "%s is not above chance (%.4f) by two standard errors of chance: how much can be left out before it falls says nothing",
                        score.metric().key(), task.chance().getAsDouble()));
            }
            if (task.chance().isEmpty() && score.value() == 0) {
                notes.add(score.metric().key() + " is 0 without a rule, so nothing can fall: how much can be left out says nothing");
            }
        }
        return notes;
    }

    /** By the standard error that choosing blindly has: that of what was measured is 0 where all is right. */
    private static boolean isAboveChance(double value, double chance, int documents) {
        return value - chance > 2 * Math.sqrt(chance * (1 - chance) / documents);
    }
}
