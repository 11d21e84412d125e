package org.lacuna.training.optimizer;

/**
 * Linear warm-up, then a schedule: at step s, counted from 1, {@code highest · s / warmup} up to {@code warmup}, then
 * from {@code highest} down to {@code highest · lastRatio} at step {@code steps}, but for a constant one.
 *
 * @param schedule how it falls
 * @param highest the rate at the end of the warm-up
 * @param lastRatio last rate / highest
 * @param warmup steps of warm-up
 * @param decaySteps last steps, in which {@link Schedule#WSD} falls; not more than there are after the warm-up
 * @param steps of the whole run
 */
public record LearningRate(Schedule schedule, double highest, double lastRatio, int warmup, int decaySteps, int steps) {

    /** The rate of a step, from 1 to {@code steps}. */
    public double at(long step) {
        if (step < warmup) {
            return highest * step / warmup;
        }
        if (steps == warmup) {
            return highest;
        }
        return highest * schedule.ratio(step - warmup, steps - warmup, decaySteps, lastRatio);
    }
}
