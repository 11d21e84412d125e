package org.lacuna.data.tokenize;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Text to token ids and back.
 *
 * <p>Which special tokens there are is read from the model's own files, the first that tells: beside {@code tokenizer.json} the spellings
 * {@code bos_token}, {@code eos_token}, {@code pad_token} and {@code unk_token} in {@code tokenizer_config.json}, then in
 * {@code special_tokens_map.json}; ids such as {@code eos_token_id} in {@code config.json}, then in {@code generation_config.json} (of several
 * the first); for unknown what the model in {@code tokenizer.json} itself names; then well-known spellings among its added tokens
 * ({@code <|endoftext|>}, {@code </s>}, {@code <eos>}, {@code <|end_of_text|>} for the end of a text). What names no token of the vocabulary
 * is passed over.
 *
 * <p>What is put around a text: windows cut out of running text get nothing. A text that a model goes on with begins with {@link #leading()}.
 * A text, or a choice without a context, whose every token is scored begins with {@link #prefix()}, so that its first token is predicted from
 * something.
 */
public interface Tokenizer {

    /**
     * Number of ids, special ones counted.
     *
     * @return ids are 0 to this − 1
     */
    int vocabularySize();

    /**
     * Encodes a text; nothing is added at either end. A special token spelled out in the text is that one token.
     *
     * @param text any text
     * @return ids
     * @throws org.lacuna.run.InputException when it holds an unpaired surrogate, the tokenizer has no token for a part of it, or it is longer
     *         than the tokenizer can take at once (a million characters at least for those of published models)
     */
    int[] encode(String text);

    /**
     * Encodes a text with the special tokens that the tokenizer itself puts around one.
     *
     * @param text any text
     * @return ids
     * @throws org.lacuna.run.InputException as {@link #encode} does
     */
    int[] encodeWithSpecial(String text);

    /**
     * What the tokenizer itself puts in front of a text.
     *
     * @return mostly nothing or the begin of a text
     */
    int[] leading();

    /**
     * What a text begins with whose first token is to be scored as well: {@link #leading()}; where that is nothing the begin of a text, else the
     * end of one (the rule of lm-evaluation-harness).
     *
     * @return ids, none if the tokenizer has neither
     */
    default int[] prefix() {
        int[] leading = leading();
        if (leading.length > 0) {
            return leading;
        }
        OptionalInt prefix = beginOfText().isPresent() ? beginOfText() : endOfText();
        return prefix.stream().toArray();
    }

    /**
     * Decodes ids, special tokens spelled out. Bytes that are no UTF-8 become U+FFFD.
     *
     * @param ids token ids
     * @return the text
     * @throws org.lacuna.run.InputException when an id is outside the vocabulary
     */
    String decode(int[] ids);

    /**
     * Decodes ids, special tokens left out.
     *
     * @param ids token ids
     * @return the text
     * @throws org.lacuna.run.InputException when an id is outside the vocabulary
     */
    String decodeWithoutSpecial(int[] ids);

    /**
     * The id that begins a text.
     *
     * @return an id, if there is one
     */
    OptionalInt beginOfText();

    /**
     * The id that ends a text.
     *
     * @return an id, if there is one
     */
    OptionalInt endOfText();

    /**
     * The id that fills up the rows of a batch.
     *
     * @return an id, if there is one
     */
    OptionalInt padding();

    /**
     * The id of what the vocabulary does not know.
     *
     * @return an id, if there is one
     */
    OptionalInt unknown();

    /**
     * The template that spells out conversations: {@code chat_template.jinja} beside {@code tokenizer.json}, else {@code chat_template} in
     * {@code tokenizer_config.json}, else in {@code chat_template.json}; of several named ones {@code default}.
     *
     * @return the template, if there is one
     * @throws org.lacuna.run.InputException when the file that should hold it is damaged
     */
    default Optional<ChatTemplateText> chatTemplate() {
        return Optional.empty();
    }

    /**
     * Writes the tokenizer in the format of Hugging Face's {@code tokenizers}, which reads it to the same ids. One that was read is written as
     * it was, byte for byte, with the {@code tokenizer_config.json}, {@code special_tokens_map.json} and files of its chat template that it came with
     * beside it.
     *
     * @param tokenizerJson the file; there whole or not at all
     * @throws org.lacuna.run.RunException when it can't be written
     */
    void save(Path tokenizerJson);
}
