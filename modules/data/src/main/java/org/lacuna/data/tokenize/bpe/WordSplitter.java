package org.lacuna.data.tokenize.bpe;

import java.io.IOException;
import java.io.Reader;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts a text into words as GPT-2 does (Radford et al. 2019), reading it piece by piece: a word is letters, digits, or other characters, with
 * the blank in front; English contractions, and white space but for the last blank before a word, are words of their own. Special tokens
 * spelled out in the text divide it, and are no words.
 *
 * <p>Letters and digits are those of this JVM's Unicode; Hugging Face's library may have a newer one, with more of them.
 */
final class WordSplitter {
    private static final Pattern WORD = Pattern.compile("'(?:[sdmt]|re|ve|ll)| ?\\p{L}+| ?\\p{N}+| ?[^\\p{IsWhite_Space}\\p{L}\\p{N}]+"
            + "|\\p{IsWhite_Space}+(?!\\P{IsWhite_Space})|\\p{IsWhite_Space}+");

    private static final int PIECE = 1 << 16;
    private static final int LONGEST = 1 << 20;

    /** A contraction shows itself by its third character. */
    private static final int CONTRACTION = 3;

    /** What stands behind white space tells how much of it is one word, so a special token must be seen that begins one character on. */
    private static final int BEHIND_BLANK = 1;

    private final List<String> special;
    private final Consumer<String> words;
    private final StringBuilder text = new StringBuilder();
    private final int margin;
    private int at;

    /**
     * Of one text.
     *
     * @param special spellings, none empty
     * @param words   is given each word
     */
    WordSplitter(List<String> special, Consumer<String> words) {
        this.special = special;
        this.words = words;
        margin = Math.max(CONTRACTION, BEHIND_BLANK + special.stream().mapToInt(String::length).max().orElse(0));
    }

    /**
     * Reads a text to its end.
     *
     * @throws WordTooLongException if it holds a word of more than a million characters
     */
    void split(Reader reader) throws IOException {
        char[] piece = new char[PIECE];
        for (int count = reader.read(piece); count >= 0; count = reader.read(piece)) {
            text.append(piece, 0, count);
            // What is left over grows only where a word is longer than a piece; to look at it again for each would take the square of its length.
            if (text.length() >= 2 * at || text.length() > LONGEST) {
                split(false);
            }
        }
        split(true);
    }

    private void split(boolean complete) {
        at = 0;
        boolean more = true;
        while (more) {
            String next = nextSpecial();
            int end = next.isEmpty() ? text.length() : text.indexOf(next, at);
            at = words(at, end, complete || !next.isEmpty());
            more = !next.isEmpty();
            at += more ? next.length() : 0;
        }
        text.delete(0, at);
        at = text.length();
        if (at > LONGEST) {
            throw new WordTooLongException();
        }
    }

    /** The special token that is spelled out next, the longest of those at one place; empty if there is none. */
    private String nextSpecial() {
        String next = "";
        int place = Integer.MAX_VALUE;
        for (String token : special) {
            int found = text.indexOf(token, at);
            if (found >= 0 && (found < place || found == place && token.length() > next.length())) {
                next = token;
                place = found;
            }
        }
        return next;
    }

    /** Hands out words from a place on; where the text goes on behind {@code end}, only those that what follows can't change. */
    private int words(int from, int end, boolean complete) {
        Matcher matcher = WORD.matcher(text).region(from, end);
        int done = from;
        while (matcher.find() && (complete || matcher.end() + margin <= end)) {
            words.accept(matcher.group());
            done = matcher.end();
        }
        return complete ? end : done;
    }

    /** A word that no text has. */
    static final class WordTooLongException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        WordTooLongException() {
            super("more than " + LONGEST + " characters without a word's end");
        }
    }
}
