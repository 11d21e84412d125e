package org.lacuna.eval.generate;

import java.util.Arrays;
import org.lacuna.data.tokenize.Tokenizer;

/**
 * Text out of tokens as they come. A character may be spread over several tokens, so those that may be the beginning of one are held
 * back until it is whole: all that comes out, put together, is what decoding all tokens at once gives.
 */
public final class TextStream {
    private static final String UNFINISHED = "\uFFFD";
    /** A token is a byte at least, and UTF-8 spells a character in four at most. */
    private static final int LONGEST = 4;

    private final Tokenizer tokenizer;
    private int[] held = {};

    /** Nothing yet. */
    public TextStream(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /** What can be shown now that this token came. */
    public String add(int token) {
        held = Arrays.copyOf(held, held.length + 1);
        held[held.length - 1] = token;
        String text = tokenizer.decode(held);
        if (!text.endsWith(UNFINISHED)) {
            held = new int[0];
            return text;
        }
        // Some of it can't be text: what may still become a character is behind the first place where cutting changes nothing.
        for (int cut = 1; held.length >= LONGEST && cut < held.length; cut++) {
            String before = tokenizer.decode(Arrays.copyOf(held, cut));
            int[] rest = Arrays.copyOfRange(held, cut, held.length);
            if (text.equals(before + tokenizer.decode(rest))) {
                held = rest;
                return before;
            }
        }
        return "";
    }

    /** What is left when no token comes any more. */
    public String end() {
        String text = tokenizer.decode(held);
        held = new int[0];
        return text;
    }
}
