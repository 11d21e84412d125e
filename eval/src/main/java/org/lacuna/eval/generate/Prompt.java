package org.lacuna.eval.generate;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.run.InputException;

/** What a model goes on with, in its tokens, and how what it adds becomes text. */
public final class Prompt {
    private final Tokenizer tokenizer;
    private final int[] ids;
    private final boolean empty;
    private final Set<Integer> ends;

    /**
     * Encodes.
     *
     * @param text empty for a text from its beginning
     * @throws InputException if the tokenizer can't encode it, or has nothing for an empty text to begin with, or the model has not a token of it
     */
    public Prompt(String text, Tokenizer tokenizer, ModelConfig config) {
        this.tokenizer = tokenizer;
        empty = text.isEmpty();
        ids = empty ? tokenizer.prefix() : IntStream.concat(Arrays.stream(tokenizer.leading()), Arrays.stream(tokenizer.encode(text))).toArray();
        int largest = Arrays.stream(ids).max().orElseThrow(() -> new InputException("its tokenizer names no token that begins or ends a text; give a prompt to begin with"));
        if (largest >= config.vocabulary()) {
            throw new InputException("the prompt has the token " + largest + " of its tokenizer, and the model only " + config.vocabulary() + " token ids; is that tokenizer the model's?");
        }
        ends = new HashSet<>(config.eos());
        tokenizer.endOfText().ifPresent(ends::add);
    }

    /** The tokens, at least one. */
    public int[] ids() {
        return ids.clone();
    }

    /** Whether a token ends a text: by the tokenizer, or by the model's config, which may name several. */
    public boolean isEnd(int token) {
        return ends.contains(token);
    }

    /** For the text of the tokens that are added. */
    public TextStream stream() {
        return new TextStream(tokenizer, empty ? new int[0] : ids);
    }

    /** What a new token adds to the text: nothing where it is an end, or one of the ids that a model has beyond its tokenizer's, to fill up a size that multiplies well. */
    public String text(TextStream stream, int token) {
        return isEnd(token) || token >= tokenizer.vocabularySize() ? "" : stream.add(token);
    }
}
