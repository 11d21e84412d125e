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
     * @param pieces that there are
     */
    default void begin(String what, int pieces) {}

    /** One more piece is there, computed or found. Called from several threads. */
    default void piece() {}

    /** The part is done, or was given up. */
    default void end() {}
}
