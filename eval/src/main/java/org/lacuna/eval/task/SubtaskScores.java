package org.lacuna.eval.task;

import java.util.ArrayList;
import java.util.List;
import org.lacuna.data.task.Task;
import org.lacuna.eval.task.TaskMeasurement.Point;
import org.lacuna.eval.task.TaskMeasurement.Score;
import org.lacuna.eval.task.TaskMeasurement.TaskSummary;

/**
 * What a model reached on one subtask, which is part of what it reached on the task.
 *
 * @param from   its first document
 * @param scores the metrics, in the task's order
 */
record SubtaskScores(Task.Subtask subtask, int from, List<Score> scores) {
    /** Copies the list. */
    SubtaskScores {
        scores = List.copyOf(scores);
    }

    /** Of each subtask that has documents. */
    static List<SubtaskScores> of(TaskSummary task, List<Score> whole) {
        List<SubtaskScores> all = new ArrayList<>();
        int from = 0;
        for (Task.Subtask subtask : task.subtasks()) {
            int begin = from;
            int end = from + subtask.documents();
            if (end > begin) {
                all.add(new SubtaskScores(subtask, begin, whole.stream().map(score -> score.of(begin, end)).toList()));
            }
            from = end;
        }
        return all;
    }

    /** Exact zeros after the rule / elements, of the subtask's documents; NaN where the rule saw none. */
    double sparsity(Point point) {
        long elements = sum(point.elements());
        return (elements - sum(point.kept())) / (double) elements;
    }

    private long sum(List<Long> ofDocuments) {
        return ofDocuments.subList(from, from + subtask.documents()).stream().mapToLong(Long::longValue).sum();
    }
}
