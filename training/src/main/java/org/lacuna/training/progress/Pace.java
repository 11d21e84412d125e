package org.lacuna.training.progress;

/**
 * How fast a run goes.
 *
 * @param secondsPerStep mean over the steps since the last report
 * @param tokensPerSecond tokens that the model read
 * @param gflops billions of floating-point operations a second, by {@link org.lacuna.training.Flops}
 * @param secondsLeft until the last step, at the mean pace of this process
 */
public record Pace(double secondsPerStep, double tokensPerSecond, double gflops, double secondsLeft) {}
