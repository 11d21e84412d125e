package org.lacuna.training.progress;

import java.io.PrintWriter;
import java.util.Optional;
import org.lacuna.training.StepMetrics;
import org.lacuna.training.Validation;

/** Lines of validations only, for one of so many runs that all lines would be too many. */
public final class ValidationProgress implements Progress {
    private final PlainProgress lines;

    /**
     * Tells nothing yet.
     *
     * @param prefix stands in front of each line
     * @param steps  of the whole run
     */
    public ValidationProgress(PrintWriter out, String prefix, int steps) {
        lines = new PlainProgress(out, prefix, steps);
    }

    @Override
    public void stepped(long step) {
        // Validations only.
    }

    @Override
    public void report(StepMetrics metrics, Pace pace) {
        // Validations only.
    }

    @Override
    public void validated(long step, Validation.Result result, Optional<Validation.Result> average) {
        lines.validated(step, result, average);
    }

    @Override
    public void noted(String line) {
        lines.noted(line);
    }

    @Override
    public void close() {
        lines.close();
    }
}
