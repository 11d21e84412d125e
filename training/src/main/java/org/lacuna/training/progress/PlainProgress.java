package org.lacuna.training.progress;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.Optional;
import org.lacuna.training.StepMetrics;
import org.lacuna.training.Validation;

/** Lines, for a file or a pipe. */
public final class PlainProgress implements Progress {
    private final PrintWriter out;
    private final int steps;
    private final String prefix;

    /** {@code steps}: of the whole run. */
    public PlainProgress(PrintWriter out, int steps) {
        this(out, "", steps);
    }

    /** The same for one of several runs: {@code prefix} stands in front of each line. */
    public PlainProgress(PrintWriter out, String prefix, int steps) {
        this.out = out;
        this.prefix = prefix;
        this.steps = steps;
    }

    @Override
    public void stepped(long step) {
        // Only every so many steps are worth a line: see report.
    }

    @Override
    public void report(StepMetrics metrics, Pace pace) {
        say(StepLine.of(metrics, steps, pace));
    }

    @Override
    public void validated(long step, Validation.Result result, Optional<Validation.Result> average) {
        say(line(step, steps, result, average));
    }

    @Override
    public void noted(String line) {
        say(line);
    }

    static String line(long step, int steps, Validation.Result r, Optional<Validation.Result> average) {
        return String.format(Locale.ROOT, "step %05d/%05d | validation loss: %.4f | zeros: %.3f | dead: %.3f | tokens: %,d", step, steps, r.loss(), r.zeros(), r.dead(), r.tokens())
                + average.map(a -> String.format(Locale.ROOT, " | ema loss: %.4f | ema zeros: %.3f", a.loss(), a.zeros())).orElse("");
    }

    private void say(String line) {
        out.println(prefix + line);
        out.flush();
    }

    @Override
    public void close() {
        out.flush();
    }
}
