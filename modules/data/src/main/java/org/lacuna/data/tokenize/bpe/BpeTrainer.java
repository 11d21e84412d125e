package org.lacuna.data.tokenize.bpe;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.function.IntConsumer;
import org.lacuna.data.tokenize.ByteAlphabet;
import org.lacuna.run.InputException;

/**
 * Trains a byte-level BPE (Sennrich et al. 2016, on bytes as Radford et al. 2019): the pair of neighbouring tokens that occurs most often becomes
 * a token, again and again. The merges are those of Hugging Face's {@code BpeTrainer} with the alphabet of {@code ByteLevel}: ids are special
 * tokens, then the 256 bytes in the order of their characters, then merges as they come; of pairs that occur equally often the one with the
 * lower ids is first, that of the left token before that of the right one.
 *
 * <p>A merge changes counts only in the words that it occurs in, and of those only next to it. A queue holds counts as they were when they last
 * rose; an entry that has become wrong is put right when it comes to the top. Nothing depends on the order of words.
 */
public final class BpeTrainer {
    private static final int BYTES = 256;

    private final int vocabulary;
    private final long minFrequency;
    private final List<String> special;

    private final List<String> tokens = new ArrayList<>();
    private final Map<String, Integer> ids = new HashMap<>();
    private final List<BpeVocabulary.Merge> merges = new ArrayList<>();
    private final Map<Long, Pair> pairs = new HashMap<>();
    private final PriorityQueue<Entry> queue = new PriorityQueue<>();
    private int[][] words;
    private long[] counts;

    /** A pair of tokens, the number of its occurrences, and words that it stands or once stood in. */
    private static final class Pair {
        private final int left;
        private final int right;
        private long count;
        private int[] words = new int[2];
        private int wordCount;
        private boolean merged;

        Pair(int left, int right) {
            this.left = left;
            this.right = right;
        }

        void standsIn(int word) {
            if (wordCount > 0 && words[wordCount - 1] == word) {
                return;
            }
            if (wordCount == words.length) {
                words = Arrays.copyOf(words, 2 * wordCount);
            }
            words[wordCount++] = word;
        }

        int[] takeWords() {
            int[] taken = Arrays.stream(words, 0, wordCount).sorted().distinct().toArray();
            words = new int[2];
            wordCount = 0;
            return taken;
        }
    }

    private record Entry(long count, Pair pair) implements Comparable<Entry> {
        @Override
        public int compareTo(Entry other) {
            if (count != other.count) {
                return Long.compare(other.count, count);
            }
            return pair.left != other.pair.left ? Integer.compare(pair.left, other.pair.left) : Integer.compare(pair.right, other.pair.right);
        }
    }

    private BpeTrainer(int vocabulary, long minFrequency, List<String> special) {
        this.vocabulary = vocabulary;
        this.minFrequency = minFrequency;
        this.special = special;
    }

    /**
     * Trains.
     *
     * @param counts       how often each word occurs
     * @param vocabulary   tokens to end with, all counted; fewer where no pair is left that occurs often enough
     * @param minFrequency the least occurrences of a pair that is merged, at least 1
     * @param special      spellings of special tokens, different and not empty
     * @param progress     is given the number of tokens after each merge; what it throws ends the training
     * @return the tokenizer
     * @throws InputException if the special tokens and the 256 bytes are more than {@code vocabulary}, or a setting can't be
     */
    public static BpeVocabulary train(Map<String, Long> counts, int vocabulary, long minFrequency, List<String> special, IntConsumer progress) {
        check(vocabulary, minFrequency, special);
        BpeTrainer trainer = new BpeTrainer(vocabulary, minFrequency, List.copyOf(special));
        trainer.begin(counts);
        trainer.merge(progress);
        return trainer.result();
    }

    /**
     * Checks settings before anything is read.
     *
     * @param vocabulary   as {@link #train} takes it
     * @param minFrequency as {@link #train} takes it
     * @param special      as {@link #train} takes them
     * @throws InputException as {@link #train} does
     */
    public static void check(int vocabulary, long minFrequency, List<String> special) {
        if (vocabulary < BYTES + special.size()) {
            throw new InputException("a vocabulary of " + vocabulary + " tokens is too small: the 256 bytes and " + special.size()
                    + " special tokens are in it, so it is at least " + (BYTES + special.size()));
        }
        if (minFrequency < 1) {
            throw new InputException("the least frequency of a merge must be at least 1, not " + minFrequency);
        }
        if (special.stream().distinct().count() < special.size() || special.stream().anyMatch(token -> token.codePointCount(0, token.length()) < 2)) {
            throw new InputException("special tokens must be different, and of two characters at least, not " + special);
        }
    }

    private void begin(Map<String, Long> wordCounts) {
        special.forEach(this::token);
        int[] byteIds = new int[BYTES];
        for (char character = 0; character <= ByteAlphabet.character(BYTES - 1) + BYTES; character++) {
            for (int value = 0; value < BYTES; value++) {
                if (ByteAlphabet.character(value) == character) {
                    byteIds[value] = token(String.valueOf(character));
                }
            }
        }
        words = new int[wordCounts.size()][];
        counts = new long[wordCounts.size()];
        int index = 0;
        for (Map.Entry<String, Long> word : wordCounts.entrySet()) {
            byte[] bytes = word.getKey().getBytes(StandardCharsets.UTF_8);
            words[index] = new int[bytes.length];
            for (int i = 0; i < bytes.length; i++) {
                words[index][i] = byteIds[bytes[i] & 0xFF];
            }
            counts[index] = word.getValue();
            for (int i = 0; i + 1 < bytes.length; i++) {
                change(words[index][i], words[index][i + 1], counts[index], index);
            }
            index++;
        }
        pairs.values().forEach(pair -> queue.add(new Entry(pair.count, pair)));
    }

    private void merge(IntConsumer progress) {
        while (tokens.size() < vocabulary && !queue.isEmpty()) {
            Entry top = queue.remove();
            Pair pair = top.pair;
            if (top.count != pair.count) {
                // It fell since; where it rose, another entry says so.
                if (top.count > pair.count && pair.count > 0) {
                    queue.add(new Entry(pair.count, pair));
                }
                continue;
            }
            if (pair.count < minFrequency) {
                break;
            }
            int merged = token(tokens.get(pair.left) + tokens.get(pair.right));
            // Other merges can spell one of a pair's tokens anew, so that a pair comes back; it is in the list already.
            if (!pair.merged) {
                merges.add(new BpeVocabulary.Merge(pair.left, pair.right));
                pair.merged = true;
            }
            Map<Long, Pair> risen = new HashMap<>();
            for (int word : pair.takeWords()) {
                merge(word, pair, merged, risen);
            }
            risen.values().stream().filter(other -> other.count > 0).forEach(other -> queue.add(new Entry(other.count, other)));
            progress.accept(tokens.size());
        }
    }

    /** Merges a pair wherever it stands in a word, from left to right. */
    private void merge(int word, Pair pair, int merged, Map<Long, Pair> risen) {
        int[] old = words[word];
        int[] fresh = new int[old.length];
        long count = counts[word];
        int length = 0;
        for (int i = 0; i < old.length; i++) {
            if (i + 1 == old.length || old[i] != pair.left || old[i + 1] != pair.right) {
                fresh[length++] = old[i];
                continue;
            }
            pair.count -= count;
            if (length > 0) {
                change(fresh[length - 1], pair.left, -count, word);
                rise(risen, change(fresh[length - 1], merged, count, word));
            }
            if (i + 2 < old.length) {
                change(pair.right, old[i + 2], -count, word);
                rise(risen, change(merged, old[i + 2], count, word));
            }
            fresh[length++] = merged;
            i++;
        }
        words[word] = Arrays.copyOf(fresh, length);
    }

    private static void rise(Map<Long, Pair> risen, Pair pair) {
        risen.put(key(pair.left, pair.right), pair);
    }

    private Pair change(int left, int right, long count, int word) {
        Pair pair = pairs.computeIfAbsent(key(left, right), key -> new Pair(left, right));
        pair.count += count;
        if (count > 0) {
            pair.standsIn(word);
        }
        return pair;
    }

    private static long key(int left, int right) {
        return (long) left << Integer.SIZE | right;
    }

    /** The id of a spelling, a new one if it is new. */
    private int token(String spelling) {
        Integer known = ids.putIfAbsent(spelling, tokens.size());
        if (known != null) {
            return known;
        }
        tokens.add(spelling);
        return tokens.size() - 1;
    }

    private BpeVocabulary result() {
        long count = 0;
        for (int word = 0; word < words.length; word++) {
            count += counts[word] * words[word].length;
        }
        return new BpeVocabulary(tokens, merges, special, count);
    }
}
