package org.lacuna.data.sample;

import com.fasterxml.jackson.databind.JsonNode;
import org.lacuna.data.Batch;

/** Draws training batches without end. */
public interface Sampler {

    /**
     * The next batch. Every position is scored, but of examples those that they say.
     *
     * @return windows and their next tokens
     */
    Batch next();

    /**
     * The cursor: a small JSON object to be saved with a checkpoint.
     *
     * @return a copy
     */
    JsonNode state();

    /**
     * Takes up a saved cursor: the batches that follow are those that would have followed then, for the same tokens.
     *
     * @param state what {@link #state()} gave
     * @throws org.lacuna.run.InputException when it is no cursor, or one of another sampler, seed or corpus size
     */
    void restore(JsonNode state);
}
