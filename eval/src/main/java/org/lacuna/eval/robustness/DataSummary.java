package org.lacuna.eval.robustness;

import java.util.OptionalLong;

/**
 * What a model was measured on: the first consecutive windows of a corpus' validation part, every position scored.
 *
 * @param name          the corpus
 * @param sha256        the corpus' hash
 * @param windowsSha256 hash of the windows' token ids and targets: equal hashes, the same measurement
 * @param windows       how many
 * @param windowLength  tokens in each
 * @param bytes         bytes of text that the scored tokens stand for, as their tokenizer spells them out, special ones as none; empty for ids without a tokenizer
 */
public record DataSummary(String name, String sha256, String windowsSha256, int windows, int windowLength, OptionalLong bytes) {
    private static final int SHOWN_DIGITS = 12;

    /** What it is, for a sentence. */
    public String inWords() {
        return windows + " windows of " + windowLength + " tokens of " + name + ", sha256 " + windowsSha256.substring(0, Math.min(SHOWN_DIGITS, windowsSha256.length())) + "…";
    }

    /** Scored tokens of all windows. */
    public long tokens() {
        return (long) windows * windowLength;
    }
}
