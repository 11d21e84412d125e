package org.lacuna.training.progress;

import java.util.Locale;
import java.util.stream.Collectors;
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
                "step %05d/%05d (%.2f%%) | loss: %.4f%s | zeros: %.3f | dead: %.3f | lr: %.3e | norm: %.4f"
                        + " | dt: %.2fms | tok/sec: %,d | gflops: %.1f | eta: %s",
                m.step(), steps, 100.0 * m.step() / steps, m.loss(), penalties(m) + distilled(m), m.zeros(), m.dead(), m.learningRate(), m.gradientNorm(),
                pace.secondsPerStep() * 1e3, Math.round(pace.tokensPerSecond()), pace.gflops(), eta(pace.secondsLeft()));
    }

    /** Zeros of its own stand with a penalty that is elsewhere than on the intermediate, whose are the line's. */
    private static String penalties(StepMetrics m) {
        return m.penalties().stream().map(p -> String.format(Locale.ROOT, " | %s: %.4g, lambda: %.4g", p.name(), p.value(), p.lambda())
                + (p.name().endsWith("@intermediate") ? "" : String.format(Locale.ROOT, ", zeros: %.3f", p.zeros()))).collect(Collectors.joining());
    }

    private static String distilled(StepMetrics m) {
        return m.distilled().map(d -> String.format(Locale.ROOT, " | distilled: %.4g, hidden: %.4g", d.logits(), d.hidden())).orElse("");
    }

    private static String eta(double seconds) {
        if (seconds < 60) {
            return String.format(Locale.ROOT, "%.0fs", seconds);
        }
        return seconds < 3600 ? String.format(Locale.ROOT, "%.1fm", seconds / 60) : String.format(Locale.ROOT, "%.1fh", seconds / 3600);
    }
}
