package org.lacuna.model.config;

/**
 * The norms of a model.
 *
 * @param kind which formula
 * @param epsilon added to the mean square or the variance
 */
public record Norm(Kind kind, double epsilon) {

    /** Kinds of norms. */
    public enum Kind {
        /** Root mean square; fresh weights are 1. */
        RMS,
        /** Root mean square with weights that are stored less 1, as in Gemma; fresh ones are 0. */
        RMS_LESS_ONE,
        /** Mean and variance, with a bias. */
        LAYER
    }

    /** Llama's. */
    public static Norm rms(double epsilon) {
        return new Norm(Kind.RMS, epsilon);
    }

    /** Whether there is a bias beside each weight. */
    public boolean biased() {
        return kind == Kind.LAYER;
    }

    /** What is added to each stored weight. */
    public double shift() {
        return kind == Kind.RMS_LESS_ONE ? 1 : 0;
    }
}
