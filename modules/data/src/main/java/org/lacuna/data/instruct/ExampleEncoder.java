package org.lacuna.data.instruct;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.lacuna.data.Examples;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.run.InputException;

/** Turns lines into the tokens of examples. Each piece is encoded by itself, so that the borders of what is scored are borders of tokens. */
final class ExampleEncoder {
    private final Tokenizer tokenizer;
    /** Read when the first conversation comes; null before. */
    private ChatTemplate template;

    ExampleEncoder(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /**
     * The tokens, {@link Examples#SCORED} set in those that are scored; the last one is.
     *
     * @throws InputException when nothing of it would be scored, or it can't be spelled out or encoded
     */
    int[] encode(Instruction line) {
        int[] tokens = line instanceof Instruction.Completion completion ? completion(completion) : conversation((Instruction.Conversation) line);
        // The first token has none before it that could predict it.
        if (IntStream.range(1, tokens.length).noneMatch(i -> tokens[i] < 0)) {
            throw new InputException("none of its tokens would be scored; expected an answer of at least one");
        }
        int end = tokens.length;
        while (tokens[end - 1] >= 0) {
            end--;
        }
        return Arrays.copyOf(tokens, end);
    }

    /** A prompt, as a text that the model goes on with begins, its completion, end of text. */
    private int[] completion(Instruction.Completion line) {
        int end = tokenizer.endOfText().orElseThrow(() -> new InputException("the tokenizer names no token that ends a text, and each completion is to be followed"
                + " by one; name it as eos_token in a tokenizer_config.json beside tokenizer.json"));
        int[] begin = line.prompt().isEmpty() ? tokenizer.prefix() : tokenizer.leading();
        return joined(begin, tokenizer.encode(line.prompt()), scored(tokenizer.encode(line.completion())), scored(new int[] {end}));
    }

    private int[] conversation(Instruction.Conversation line) {
        if (template == null) {
            template = ChatTemplate.of(tokenizer);
        }
        List<ChatTemplate.Piece> pieces = template.pieces(line.messages());
        return joined(pieces.stream().filter(piece -> !piece.text().isEmpty()).map(piece -> piece.scored() ? scored(tokenizer.encode(piece.text())) : tokenizer.encode(piece.text())).toArray(int[][]::new));
    }

    private static int[] scored(int[] ids) {
        return IntStream.of(ids).map(id -> id | Examples.SCORED).toArray();
    }

    private static int[] joined(int[]... parts) {
        return Arrays.stream(parts).flatMapToInt(IntStream::of).toArray();
    }
}
