package org.lacuna.sparsity.cost;

/**
 * What a model computes at once: some sequences, some new tokens of each.
 *
 * @param sequences side by side, at least 1
 * @param tokens    new ones of each sequence, at least 1
 * @param before    tokens of each sequence whose keys and values are cached already, 0 or more
 * @param logits    of how many of a sequence's new tokens logits are wanted, 0 to {@code tokens}
 */
public record Step(int sequences, int tokens, int before, int logits) {
    /** Checks the ranges, and that all new tokens together are no more than an int holds. */
    public Step {
        if (sequences < 1 || tokens < 1 || before < 0 || logits < 0 || logits > tokens
                || (long) sequences * tokens > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("no step has " + sequences + " sequences of " + tokens + " tokens after " + before + " with logits of "
                    + logits);
        }
    }

    /**
     * One token, which attends to {@code context} positions, its own among them.
     *
     * @param context at least 1
     */
    public static Step decode(int context) {
        return batch(1, context);
    }

    /** The same of several sequences. */
    public static Step batch(int sequences, int context) {
        return new Step(sequences, 1, context - 1, 1);
    }

    /** A prompt, of whose last token alone logits are wanted. */
    public static Step prefill(int tokens) {
        return new Step(1, tokens, 0, 1);
    }

    /** Tokens that go through the feed-forward blocks together. */
    public int allTokens() {
        return sequences * tokens;
    }

    /** Positions attended to, summed over the new tokens: token i (from 1) of a sequence sees {@code before + i}. */
    double attended() {
        return sequences * (tokens * (double) before + tokens * (tokens + 1.0) / 2);
    }
}
