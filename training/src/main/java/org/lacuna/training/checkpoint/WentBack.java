package org.lacuna.training.checkpoint;

/**
 * That a run went back to a checkpoint.
 *
 * @param diverged the step whose loss or gradient was no number
 * @param to the checkpoint's step
 */
public record WentBack(long diverged, long to) {}
