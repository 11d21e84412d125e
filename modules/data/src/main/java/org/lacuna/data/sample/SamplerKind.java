package org.lacuna.data.sample;

import org.lacuna.data.Examples;
import org.lacuna.data.TokenSequence;

/** The samplers that a recipe can name. */
public enum SamplerKind {
    /** Each window once an epoch: {@link WindowSampler}; of examples, each of them: {@link ExampleSampler}. */
    WINDOWS {
        @Override
        public Sampler over(TokenSequence tokens, int rows, int length, long seed) {
            return tokens instanceof Examples examples ? new ExampleSampler(examples, rows, length, seed) : new WindowSampler(tokens, rows, length, seed);
        }
    },
    /** Random offsets: {@link CropSampler}. */
    CROPS {
        @Override
        public Sampler over(TokenSequence tokens, int rows, int length, long seed) {
            return new CropSampler(tokens, rows, length, seed);
        }
    };

    /**
     * A sampler at its start.
     *
     * @param tokens what to draw from
     * @param rows   windows in a batch
     * @param length tokens in a window (T)
     * @param seed   of what is random
     * @return the sampler
     * @throws org.lacuna.run.InputException when the tokens are fewer than T + 1, or examples are longer than T
     */
    public abstract Sampler over(TokenSequence tokens, int rows, int length, long seed);
}
