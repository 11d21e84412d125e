package org.lacuna.data.cache;

import java.util.Arrays;
import org.lacuna.data.text.Characters;

/**
 * Cuts a text that may be too long for a tokenizer into pieces whose tokens, one after the other, are those of the whole wherever
 * that can be had.
 *
 * <p>A piece has at least 2¹⁹ UTF-16 units (2¹⁴ where {@link SafeCuts} sees that it makes no difference), the last one of a text
 * apart, and ends at the first place from there on that is the
 * beginning of a line: before a letter or digit, after a line feed that follows anything but white space. Byte-level BPE tokenizers
 * split a text by a pattern before they merge, and neither GPT-2's pattern nor Llama 3's lets a match go across such a place or
 * depend on what follows it. Where 10⁶ units (any tokenizer of a published model takes so many at once) hold no such place, the piece ends at the first single space between letters or digits
 * (that is exact for these patterns too), else at the first white space, else between two characters.
 */
final class PieceCutter {

    static final int AT_LEAST = 1 << 19;
    static final int AT_LEAST_IF_INDIFFERENT = 1 << 14;
    static final int AT_MOST = 1_000_000;

    private static final int STEP = 1 << 14;

    private final int atLeast;
    private final int atMost;
    private char[] buffer = new char[STEP];
    private Characters text;
    private int length;
    private boolean ended;

    PieceCutter(int atLeast, int atMost) {
        this.atLeast = atLeast;
        this.atMost = atMost;
    }

    /** Begins another text. */
    void start(Characters another) {
        text = another;
        length = 0;
        ended = false;
    }

    /** The text's next piece, at least one character; null at its end. */
    String next() {
        int searched = atLeast;
        int seen = Math.min(atMost, atLeast + STEP);
        while (true) {
            fill(seen);
            for (int limit = Math.min(length, atMost); searched < limit; searched++) {
                if (beginsLine(searched)) {
                    return take(searched);
                }
            }
            if (ended && length <= atMost) {
                return length == 0 ? null : take(length);
            }
            if (length >= atMost) {
                return take(secondBest());
            }
            seen = Math.min(atMost, seen + STEP);
        }
    }

    /** Reads on until so much is there, or one unit more, since half of a pair is never read. */
    private void fill(int wanted) {
        if (wanted >= buffer.length) {
            buffer = Arrays.copyOf(buffer, (int) Math.min(atMost + 1L, Math.max(wanted + 1L, 2L * buffer.length)));
        }
        while (!ended && length < wanted) {
            int read = text.read(buffer, length, wanted + 1 - length);
            ended = read < 0;
            length += Math.max(0, read);
        }
    }

    private boolean beginsLine(int place) {
        return place >= 2 && buffer[place - 1] == '\n' && !isSpace(buffer[place - 2]) && Character.isLetterOrDigit(buffer[place]);
    }

    private int secondBest() {
        for (int place = atLeast; place < atMost - 1; place++) {
            if (buffer[place] == ' ' && Character.isLetterOrDigit(buffer[place - 1]) && Character.isLetterOrDigit(buffer[place + 1])) {
                return place;
            }
        }
        for (int place = atLeast; place < atMost; place++) {
            if (isSpace(buffer[place])) {
                return place;
            }
        }
        return Character.isHighSurrogate(buffer[atMost - 1]) ? atMost - 1 : atMost;
    }

    private static boolean isSpace(char unit) {
        return Character.isWhitespace(unit) || Character.isSpaceChar(unit) || unit == '\u0085';
    }

    private String take(int end) {
        String piece = new String(buffer, 0, end);
        System.arraycopy(buffer, end, buffer, 0, length - end);
        length -= end;
        return piece;
    }
}
