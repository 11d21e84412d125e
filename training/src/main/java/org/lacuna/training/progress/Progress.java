package org.lacuna.training.progress;

import java.util.Optional;
import org.lacuna.training.StepMetrics;
import org.lacuna.training.Validation;

/** Where a run reports. Called on the thread that trains. */
public interface Progress extends AutoCloseable {

    /** After each step; cheap where there is nothing to show. */
    void stepped(long step);

    /** After every so many steps, and after the last. */
    void report(StepMetrics metrics, Pace pace);

    /**
     * After a validation.
     *
     * @param average of the weights' moving average, where there is one
     */
    void validated(long step, Validation.Result result, Optional<Validation.Result> average);

    /** Something that happens seldom: {@code line} says it. */
    void noted(String line);

    @Override
    void close();
}
