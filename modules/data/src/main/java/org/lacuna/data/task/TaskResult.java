package org.lacuna.data.task;

import java.util.List;

/**
 * What a model reached on a task.
 *
 * @param task      its name
 * @param documents how many were scored
 * @param leftOut   how many were not since they don't fit the model, see {@link Task#fitting}
 * @param requests  how many there were
 * @param truncated of which so many had their context cut on the left to fit the model
 * @param metrics   in the order of the task file
 */
public record TaskResult(String task, int documents, int leftOut, int requests, int truncated, List<Metric> metrics) {

    /** Copies the list. */
    public TaskResult {
        metrics = List.copyOf(metrics);
    }

    /**
     * A metric by its name.
     *
     * @param name as in the task file
     * @return the metric
     * @throws IllegalArgumentException if the task does not have it
     */
    public Metric metric(String name) {
        return metrics.stream().filter(metric -> metric.name().equals(name)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException(task + " has no metric " + name));
    }
}
