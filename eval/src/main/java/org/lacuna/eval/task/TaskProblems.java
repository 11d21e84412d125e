package org.lacuna.eval.task;

import java.util.List;
import java.util.Set;
import org.lacuna.data.task.Task;
import org.lacuna.eval.robustness.FoundProblems;
import org.lacuna.eval.task.TaskMeasurement.Curve;
import org.lacuna.eval.task.TaskMeasurement.Point;
import org.lacuna.eval.task.TaskMeasurement.Score;

/** What is wrong with a task's result that was read: numbers that nothing measured can have, and lists that do not go together. */
public final class TaskProblems {
    private final TaskMeasurement result;
    private final FoundProblems problems = new FoundProblems();

    private TaskProblems(TaskMeasurement result) {
        this.result = result;
    }

    /** A sentence for each, which begins with the key; none if nothing is wrong. */
    public static List<String> of(TaskMeasurement result) {
        TaskProblems found = new TaskProblems(result);
        found.settings();
        if (result.dense().isEmpty()) {
            found.problems.problem("dense", "empty", "the task's metrics");
        }
        for (int m = 0; m < result.dense().size(); m++) {
            found.score("dense/" + m, result.dense().get(m));
        }
        for (int c = 0; c < result.curves().size(); c++) {
            found.curve("curves/" + c + "/", result.curves().get(c));
        }
        if (!result.curves().stream().map(Curve::sites).toList().equals(result.settings().sites())) {
            found.problems.problem("curves", "at " + result.curves().stream().map(Curve::sites).toList(), "one for each of settings/sites " + result.settings().sites());
        }
        result.calibration().ifPresent(calibration -> calibration.check(found.problems, result.settings().grid().size()));
        return found.problems.sentences();
    }

    private void settings() {
        TaskSettings settings = result.settings();
        problems.confidence("settings/confidence", settings.confidence());
        problems.replicates("settings/replicates", settings.replicates());
        problems.check(settings.accuracy() > 0 && settings.accuracy() <= 1, "settings/accuracy", settings.accuracy(), "a number above 0 and at most 1");
        problems.check(settings.perplexity() >= 1 && settings.perplexity() < Double.POSITIVE_INFINITY, "settings/perplexity", settings.perplexity(), "a number of at least 1");
        problems.check(!settings.grid().isEmpty() && settings.grid().stream().allMatch(p -> p >= 0 && p < Double.POSITIVE_INFINITY),
                "settings/grid", settings.grid(), "numbers of at least 0");
        problems.check(result.task().documents() >= 1, "task/documents", result.task().documents(), "at least 1");
        List<Task.Subtask> subtasks = result.task().subtasks();
        subtasks.forEach(subtask -> problems.check(subtask.documents() >= 0 && subtask.documents() <= subtask.original(), "task/subtasks", subtask.documents() + " of " + subtask.original()
                + " documents", "from none to all"));
        long ofSubtasks = subtasks.stream().mapToLong(Task.Subtask::documents).sum();
        problems.check(subtasks.isEmpty() || ofSubtasks == result.task().documents(), "task/subtasks", "of " + ofSubtasks + " documents", "task/documents of them");
    }

    private void score(String where, Score score) {
        int documents = result.task().documents();
        problems.check(score.values().size() == documents, where + "/values", "of " + score.values().size() + " values", "a list of " + documents + ", as task/documents has it");
        problems.check(score.weights().size() == documents, where + "/weights", "of " + score.weights().size() + " values", "a list of " + documents);
        problems.check(score.values().stream().noneMatch(value -> Double.isNaN(value)), where + "/values", "NaN somewhere", "numbers");
        problems.check(score.weights().stream().allMatch(weight -> weight > 0 && weight < Double.POSITIVE_INFINITY), where + "/weights", "not above 0 everywhere", "numbers above 0");
    }

    private void curve(String where, Curve curve) {
        List<Double> grid = curve.points().stream().map(Point::p).toList();
        problems.check(grid.equals(result.settings().grid()), where + "points", "of p " + grid, "a point for each p of settings/grid, in its order");
        for (int p = 0; p < curve.points().size(); p++) {
            point(where + "points/" + p + "/", curve.points().get(p));
        }
        problems.check(curve.critical().keySet().equals(Set.copyOf(result.dense().stream().map(score -> score.metric().key()).toList())), where + "critical",
                "of " + curve.critical().keySet(), "one for each metric");
    }

    private void point(String where, Point point) {
        int documents = result.task().documents();
        problems.check(point.sparsity() >= 0 && point.sparsity() <= 1, where + "sparsity", point.sparsity(), "a number from 0 to 1");
        problems.check(point.kept().size() == documents && point.elements().size() == documents, where + "kept and elements",
                "of " + point.kept().size() + " and " + point.elements().size() + " values", "lists of " + documents);
        for (int d = 0; d < Math.min(point.kept().size(), point.elements().size()); d++) {
            problems.check(point.elements().get(d) >= 0 && point.kept().get(d) >= 0 && point.kept().get(d) <= point.elements().get(d), where + "kept/" + d, point.kept().get(d) + " of "
                    + point.elements().get(d) + " elements", "from 0 to all of them");
        }
        problems.check(point.elements().stream().mapToLong(Long::longValue).sum() >= 1, where + "elements", "0 of all documents", "at least one");
        problems.check(point.scores().stream().map(Score::metric).toList().equals(result.dense().stream().map(Score::metric).toList()), where + "scores",
                "of " + point.scores().stream().map(score -> score.metric().key()).toList(), "the metrics of dense, in their order");
        problems.check(point.change().keySet().equals(Set.copyOf(result.dense().stream().map(score -> score.metric().key()).toList())), where + "change",
                "of " + point.change().keySet(), "one for each metric");
        for (int m = 0; m < point.scores().size(); m++) {
            score(where + "scores/" + m, point.scores().get(m));
        }
    }
}
