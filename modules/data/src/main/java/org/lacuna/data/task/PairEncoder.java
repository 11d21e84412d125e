package org.lacuna.data.task;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.lacuna.data.task.TaskDocument.Prompt;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.run.InputException;

/**
 * Texts to token ids as lm-evaluation-harness 0.4.13 encodes them for a causal model of Hugging Face:
 * <ul>
 *   <li>White space at a context's end moves to the continuation. Context and continuation are encoded as one text, which is cut at the length of
 *       the context alone.
 *   <li>A context begins with what the tokenizer puts in front of a text, unless it spells that out itself.
 *   <li>An empty context (here also one of white space alone) is {@link Tokenizer#prefix()}, unless the continuation begins with it; then that
 *       becomes the context.
 *   <li>A whole text is scored in windows: the first begins with the prefix, later ones see one token before what they score, the last as much as
 *       fits. A begin-of-text that the tokenizer adds is that prefix, and not scored a second time, as the harness does.
 * </ul>
 */
final class PairEncoder {
    private final Tokenizer tokenizer;
    private final int[] prefix;
    private final String prefixText;
    /** The last context, of several choices mostly the same. */
    private String encoded = "";
    private int[] encodedIds = {};

    /** Context and continuation in ids. */
    record Pair(int[] context, int[] continuation) { }

    PairEncoder(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
        prefix = tokenizer.prefix();
        prefixText = prefix.length == 0 ? "" : tokenizer.decode(prefix);
    }

    /** What stands before a text whose every token is scored. */
    private int[] prefix() {
        if (prefix.length == 0) {
            throw new InputException("the tokenizer names no token that begins or ends a text, after which a text without a context could be scored;"
                    + " expected bos_token or eos_token in tokenizer_config.json");
        }
        return prefix;
    }

    Pair pair(Prompt prompt) {
        int end = Space.trailing(prompt.context());
        String context = prompt.context().substring(0, end);
        String continuation = prompt.context().substring(end) + prompt.continuation();
        if (context.isEmpty()) {
            int[] ids = tokenizer.encode(continuation);
            int[] before = prefix();
            boolean begins = ids.length >= before.length && Arrays.equals(before, Arrays.copyOf(ids, before.length));
            return new Pair(before, begins ? Arrays.copyOfRange(ids, before.length, ids.length) : ids);
        }
        if (!context.equals(encoded)) {
            encodedIds = withLeading(context);
            encoded = context;
        }
        int[] whole = withLeading(context + continuation);
        return new Pair(encodedIds, Arrays.copyOfRange(whole, Math.min(encodedIds.length, whole.length), whole.length));
    }

    /** A text to go on with. */
    int[] context(String text) {
        int[] ids = withLeading(text);
        return ids.length == 0 ? prefix() : ids;
    }

    private int[] withLeading(String text) {
        int[] ids = tokenizer.encode(text);
        int[] leading = tokenizer.leading();
        if (leading.length == 0 || text.startsWith(prefixText)) {
            return ids;
        }
        int[] all = Arrays.copyOf(leading, leading.length + ids.length);
        System.arraycopy(ids, 0, all, leading.length, ids.length);
        return all;
    }

    /**
     * Windows of a whole text; each token is the continuation of one.
     *
     * @param maxLength tokens that a model reads at once
     */
    List<Pair> windows(String text, int maxLength) {
        return windows(tokenizer.encode(text), prefix(), maxLength);
    }

    static List<Pair> windows(int[] ids, int[] prefix, int maxLength) {
        List<Pair> windows = new ArrayList<>();
        int done = Math.min(ids.length, Math.max(1, maxLength - prefix.length + 1));
        if (done > 0) {
            windows.add(new Pair(prefix, Arrays.copyOf(ids, done)));
        }
        while (done < ids.length) {
            int end = Math.min(ids.length, done + maxLength);
            // Of the maxLength ids before the window's last one, those that are not scored.
            windows.add(new Pair(Arrays.copyOfRange(ids, Math.max(0, end - maxLength - 1), done), Arrays.copyOfRange(ids, done, end)));
            done = end;
        }
        return windows;
    }
}
