package org.lacuna.eval.robustness;

import java.util.function.BooleanSupplier;

/** Who looks on while something is measured: says whether to stop, and is told how far it is. */
@FunctionalInterface
public interface Watch extends BooleanSupplier {
    /**
     * Whether to stop: asked between pieces of the work, which end within seconds, from several threads.
     */
    @Override
    boolean getAsBoolean();

    /**
     * A part of the work begins; parts follow one another.
     *
     * @param what   is measured
     * @param tokens that go through the model for it, at every point; for texts that are written as many as they may have
     */
    default void begin(String what, long tokens) {}

    /** So many of them are done, computed or found. Called from several threads. */
    default void done(long tokens) {}

    /** The part is done, or was given up. */
    default void end() {}
}
