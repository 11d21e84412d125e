package org.lacuna.data.story;

import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalDouble;
import org.lacuna.data.ByteTokens;
import org.lacuna.data.Corpus;
import org.lacuna.data.random.SplitMix;
import org.lacuna.data.text.Sha256;
import org.lacuna.data.tokenize.ByteTokenizer;

/**
 * The stories as a corpus: two streams of one seed, one for training and one for validation, each story followed by
 * end-of-text.
 *
 * <p><strong>Split.</strong> A story belongs to validation if a hash of its text says so, whatever stream or seed it comes
 * from; each stream leaves out what belongs to the other. So for one validation fraction no story is ever in both, also
 * across seeds and amounts; and the validation stream of a seed begins alike whatever amount is asked for.
 *
 * <p><strong>The generator's loss</strong> is −ln p of the validation stories under the grammar: that of a reader who knows
 * everything but the hash. Knowing that all stories passed it would be worth another ln (1 / fraction) nats a story, some
 * 0.003 nats a token, which no model of text can learn. End-of-text costs nothing: a story's last words show its end.
 */
public final class StoryCorpus {

    /** What a report calls it. */
    public static final String NAME = "stories";

    private static final int TRAINING = 0;
    private static final int VALIDATION = 1;

    private final long threshold;
    private final StoryWriter writer;
    private byte[] tokens;
    private int length;
    private double nats;

    private StoryCorpus(long seed, int part, double validationFraction, long atLeast) {
        threshold = threshold(validationFraction);
        writer = new StoryWriter(SplitMix.stream(seed, part));
        tokens = new byte[Math.toIntExact(atLeast + 8192)];
        while (length < atLeast) {
            writer.next();
            if (inValidation(writer.text(), writer.length(), threshold) == (part == VALIDATION)) {
                append();
            }
        }
    }

    /**
     * Generates the corpus. Its hash is that of the training tokens and then the validation tokens, a byte each,
     * end-of-text as 0xFF.
     *
     * @param seed               any
     * @param trainingTokens     at least so many, up to a story's end
     * @param validationFraction validation tokens / all tokens, above 0 and below 1
     * @return the corpus
     */
    public static Corpus generate(long seed, long trainingTokens, double validationFraction) {
        long validationTokens = (long) Math.ceil(trainingTokens * validationFraction / (1 - validationFraction));
        StoryCorpus training = new StoryCorpus(seed, TRAINING, validationFraction, trainingTokens);
        StoryCorpus validation = new StoryCorpus(seed, VALIDATION, validationFraction, validationTokens);
        MessageDigest hash = Sha256.start();
        hash.update(training.tokens, 0, training.length);
        hash.update(validation.tokens, 0, validation.length);
        ByteTokenizer tokenizer = new ByteTokenizer();
        ByteTokens scored = new ByteTokens(validation.tokens, 0, validation.length);
        return new Corpus(NAME, Sha256.hexadecimal(hash), tokenizer.vocabularySize(), Optional.of(tokenizer),
                new ByteTokens(training.tokens, 0, training.length), scored, scored.textBytes(),
                OptionalDouble.of(validation.nats / validation.length));
    }

    /** Whether a story belongs to validation: 63 bits of a hash (FNV-1a, scattered) below the threshold. */
    static boolean inValidation(byte[] text, int length, long threshold) {
        long hash = 0xCBF29CE484222325L;
        for (int i = 0; i < length; i++) {
            hash = (hash ^ text[i]) * 0x100000001B3L;
        }
        return SplitMix.mix(hash) >>> 1 < threshold;
    }

    static long threshold(double validationFraction) {
        return (long) (validationFraction * 0x1p63);
    }

    private void append() {
        int after = length + writer.length() + 1;
        if (after > tokens.length) {
            tokens = Arrays.copyOf(tokens, after);
        }
        System.arraycopy(writer.text(), 0, tokens, length, writer.length());
        tokens[after - 1] = ByteTokens.END;
        length = after;
        nats += writer.nats();
    }
}
