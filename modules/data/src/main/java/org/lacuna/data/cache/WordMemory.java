package org.lacuna.data.cache;

import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLongArray;
import org.lacuna.data.random.SplitMix;
import org.lacuna.data.tokenize.ByteTokenizer;
import org.lacuna.data.tokenize.Tokenizer;

/**
 * Encodes a text word by word, remembering words, where {@link SafeCuts} lets it: most words of a text were there before, and looking
 * one up takes a tenth of the time of encoding it. A word is encoded alone, and kept, when it comes for the second time; what comes
 * for the first, or when there is no more room, is encoded together with its neighbours. Several threads share it.
 */
final class WordMemory {

    private static final int MOST = 1 << 17;
    private static final int LONGEST = 64;
    private static final int SEEN_BITS = 22;

    private final Tokenizer tokenizer;
    private final boolean words;
    private final Map<String, int[]> known = new ConcurrentHashMap<>();
    /** A bit for each hash of a word that was there. */
    private final AtomicLongArray seen;

    /** {@code words}: whether the tokenizer may be asked for each word alone. */
    WordMemory(Tokenizer tokenizer, boolean words) {
        this.tokenizer = tokenizer;
        this.words = words && !(tokenizer instanceof ByteTokenizer);
        this.seen = new AtomicLongArray(this.words ? 1 << SEEN_BITS - 6 : 0);
    }

    /** The same ids as the tokenizer gives. */
    int[] encode(String text) {
        return words ? new OneText(text).ids() : tokenizer.encode(text);
    }

    /** The ids of a word if they are known, or are worth to be. */
    private int[] known(String word) {
        int[] ids = known.get(word);
        if (ids == null && isSeen(word) && known.size() < MOST) {
            ids = tokenizer.encode(word);
            known.put(word, ids);
        }
        return ids;
    }

    private boolean isSeen(String word) {
        int hash = (int) (SplitMix.mix(word.hashCode()) >>> Long.SIZE - SEEN_BITS);
        long bit = 1L << hash;
        return (seen.getAndAccumulate(hash >>> 6, bit, (bits, more) -> bits | more) & bit) != 0;
    }

    private final class OneText {

        private final String text;
        private int[] ids;
        private int length;

        OneText(String text) {
            this.text = text;
            this.ids = new int[text.length() / 2 + 1];
        }

        int[] ids() {
            int waiting = 0;
            int begin = 0;
            while (begin < text.length()) {
                int end = SafeCuts.endOfWord(text, begin);
                int[] word = end - begin > LONGEST ? null : known(text.substring(begin, end));
                if (word != null) {
                    add(waiting, begin);
                    add(word);
                    waiting = end;
                }
                begin = end;
            }
            add(waiting, text.length());
            return Arrays.copyOf(ids, length);
        }

        private void add(int from, int to) {
            if (from < to) {
                add(tokenizer.encode(text.substring(from, to)));
            }
        }

        private void add(int[] more) {
            if (length + more.length > ids.length) {
                ids = Arrays.copyOf(ids, Math.max(length + more.length, 2 * ids.length));
            }
            System.arraycopy(more, 0, ids, length, more.length);
            length += more.length;
        }
    }
}
