package org.lacuna.data.task;

/** What a model answers to a {@link Request}. */
public sealed interface Answer {

    /**
     * To a request with a continuation.
     *
     * @param logLikelihood sum over the continuation's tokens of ln p, nats; −∞ where one has no probability, never NaN
     * @param greedy        whether each of them is the most likely one at its place
     */
    record Scored(double logLikelihood, boolean greedy) implements Answer {
        /** Refuses NaN, of which no choice can be made. */
        public Scored {
            if (Double.isNaN(logLikelihood)) {
                throw new IllegalArgumentException("a log-likelihood that is no number");
            }
        }
    }

    /**
     * To a request for a text.
     *
     * @param text what was generated; what stands from a stop text on is dropped when it is scored
     */
    record Generated(String text) implements Answer { }
}
