package org.lacuna.training.progress;

import java.util.Locale;
import org.lacuna.training.StepMetrics;

/** A step on one line. */
public final class StepLine {
    private StepLine() {}

    /**
     * The line.
     *
     * @param m what the step measured
     * @param steps of the whole run
     * @param pace how fast it goes
     */
    public static String of(StepMetrics m, int steps, Pace pace) {
        return String.format(Locale.ROOT,
                "step %05d/%05d (%.2f%%) | loss: %.4f | penalty: %.4g | lambda: %.4g | zeros: %.3f | lr: %.3e | norm: %.4f"
                        + " | dt: %.2fms | tok/sec: %,d | gflops: %.1f | eta: %s",
                m.step(), steps, 100.0 * m.step() / steps, m.loss(), m.penalty(), m.lambda(), m.zeros(), m.learningRate(), m.gradientNorm(),
                pace.secondsPerStep() * 1e3, Math.round(pace.tokensPerSecond()), pace.gflops(), eta(pace.secondsLeft()));
    }

    private static String eta(double seconds) {
        if (seconds < 60) {
            return String.format(Locale.ROOT, "%.0fs", seconds);
        }
        return seconds < 3600 ? String.format(Locale.ROOT, "%.1fm", seconds / 60) : String.format(Locale.ROOT, "%.1fh", seconds / 3600);
    }
}
