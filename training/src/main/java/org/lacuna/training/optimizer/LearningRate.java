package org.lacuna.training.optimizer;

/**
 * Linear warm-up, then half a cosine: at step s, counted from 1, {@code highest · s / warmup} up to {@code warmup}, then
 * from {@code highest} down to {@code highest · lastRatio} at step {@code steps}.
 *
 * @param highest the rate at the end of the warm-up
 * @param lastRatio last rate / highest
 * @param warmup steps of warm-up
 * @param steps of the whole run
 */
public record LearningRate(double highest, double lastRatio, int warmup, int steps) {

    /** The rate of a step, from 1 to {@code steps}. */
    public double at(long step) {
        if (step < warmup) {
            return highest * step / warmup;
        }
        if (steps == warmup) {
            return highest;
        }
        double progress = (step - warmup) / (double) (steps - warmup);
        return highest * (lastRatio + (1 - lastRatio) * 0.5 * (1 + Math.cos(Math.PI * progress)));
    }
}
