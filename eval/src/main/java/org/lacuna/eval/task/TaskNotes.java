package org.lacuna.eval.task;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
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

    /**
     * Whether a metric without a rule is such that how much can be left out before it gets worse says something: no accuracy that is 0, or no higher than chance has it, and
     * no perplexity as high as if all tokens were equally likely.
     */
    static boolean tellsLevel(TaskSummary task, Score dense) {
        return !dense.metric().higherIsBetter() ? -dense.values().stream().mapToDouble(Double::doubleValue).sum() < task.evenOdds()
                : (task.chance().isPresent() ? isAboveChance(dense, task.chance().getAsDouble()) : dense.value() > 0);
    }

    /**
     * A sentence where subtasks are missing, and for each metric without a rule that is no higher than chance has it, or 0: it can't fall, so no critical sparsity of it
     * says anything.
     */
    public static List<String> of(TaskSummary task, List<Score> dense) {
        List<String> notes = new ArrayList<>();
        int all = task.subtasksOfAll().orElse(0);
        if (task.subtasks().size() < all) {
            notes.add(String.format(Locale.ROOT, "%,d of %,d subtasks are there, each a file of data: the numbers are theirs alone, and not to be held against those of all",
                    task.subtasks().size(), all));
        }
        for (Score score : dense) {
            if (!tellsLevel(task, score)) {
                notes.add(!score.metric().higherIsBetter() ? score.metric().key() + " is no better than if all tokens were equally likely: how much can be left out says nothing"
                        : task.chance().isEmpty() ? score.metric().key() + " is 0 without a rule, so nothing can fall: how much can be left out says nothing"
                        : String.format(Locale.ROOT, "%s is not above chance (%.4f) by two standard errors of chance: how much can be left out before it falls says nothing",
                                score.metric().key(), task.chance().getAsDouble()));
            }
        }
        return notes;
    }

    /**
     * The subtasks' spread of each metric without a rule: {@code "17 subtasks: acc 0.4200 (blimp_passive_1) to 0.9800 (blimp_wh_island)"}; none where the task has no two.
     */
    public static Optional<String> subtasks(TaskSummary task, List<Score> dense) {
        List<SubtaskScores> all = SubtaskScores.of(task, dense);
        if (all.size() < 2) {
            return Optional.empty();
        }
        List<String> spreads = new ArrayList<>();
        for (int metric = 0; metric < dense.size(); metric++) {
            int place = metric;
            List<SubtaskScores> rising = all.stream().sorted(Comparator.comparingDouble(subtask -> subtask.scores().get(place).value())).toList();
            spreads.add(dense.get(metric).metric().key() + " " + shown(rising.get(0), metric) + " to " + shown(rising.get(rising.size() - 1), metric));
        }
        return Optional.of(String.format(Locale.ROOT, "%,d subtasks: %s", all.size(), String.join(", ", spreads)));
    }

    private static String shown(SubtaskScores subtask, int metric) {
        return String.format(Locale.ROOT, "%.4f (%s)", subtask.scores().get(metric).value(), subtask.subtask().name());
    }

    /** By the standard error that choosing blindly has: that of what was measured is 0 where all is right. */
    private static boolean isAboveChance(Score score, double chance) {
        double sum = 0;
        double squares = 0;
        for (double weight : score.weights()) {
            sum += weight;
            squares += weight * weight;
        }
        return score.value() - chance > 2 * Math.sqrt(chance * (1 - chance) * squares) / sum;
    }
}
