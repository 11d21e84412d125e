package org.lacuna.eval.generate;

import java.util.Arrays;
import java.util.Optional;
import org.lacuna.data.tokenize.Tokenizer;

/**
 * Text out of tokens as they come. A character may be spread over several tokens, so those that may be the beginning of one are held
 * back until it is whole: all that comes out, put together, is what decoding all tokens at once gives behind the text that was there before.
 *
 * <p>A decoder may treat the first token differently (Llama 2's takes a space off it), so what a token adds is seen behind those shown last.
 */
public final class TextStream {
    private static final String UNFINISHED = "\uFFFD";
    /** A token is a byte at least, and UTF-8 spells a character in four at most. */
    private static final int LONGEST = 4;

    private final Tokenizer tokenizer;
    private int[] shown;
    private int[] held = {};

    /** Nothing yet; {@code before} are the tokens that what comes is to stand behind, none for a text of its own. */
    public TextStream(Tokenizer tokenizer, int[] before) {
        this.tokenizer = tokenizer;
        shown = before.clone();
    }

    /** What can be shown now that this token came. */
    public String add(int token) {
        held = joined(held, new int[] {token});
        Optional<String> text = behindShown(held);
        if (text.isEmpty()) {
            // A run of byte tokens that is not whole yet can change the look of those before it.
            return "";
        }
        if (!text.get().endsWith(UNFINISHED)) {
            return show(text.get(), held.length);
        }
        // Some of it can't be text: what may still become a character is behind the first place where cutting changes nothing.
        for (int cut = 1; held.length >= LONGEST && cut < held.length; cut++) {
            Optional<String> before = behindShown(Arrays.copyOf(held, cut));
            Optional<String> rest = behindShown(Arrays.copyOfRange(held, cut, held.length));
            if (before.isPresent() && rest.isPresent() && text.get().equals(before.get() + rest.get())) {
                return show(before.get(), cut);
            }
        }
        return "";
    }

    /** What is left when no token comes any more. */
    public String end() {
        return show(behindShown(held).orElseGet(() -> tokenizer.decode(held)), held.length);
    }

    private String show(String text, int tokens) {
        // Bytes that are no text are no context: with others behind them they could look like some.
        if (tokens > 0 && !text.endsWith(UNFINISHED)) {
            shown = Arrays.copyOf(held, tokens);
        }
        held = Arrays.copyOfRange(held, tokens, held.length);
        return text;
    }

    /** What tokens add to the text of those that were shown. */
    private Optional<String> behindShown(int[] tokens) {
        String before = tokenizer.decode(shown);
        String all = tokenizer.decode(joined(shown, tokens));
        return all.startsWith(before) ? Optional.of(all.substring(before.length())) : Optional.empty();
    }

    private static int[] joined(int[] first, int[] second) {
        int[] all = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        return all;
    }
}
