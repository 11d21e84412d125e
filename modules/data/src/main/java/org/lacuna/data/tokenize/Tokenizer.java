package org.lacuna.data.tokenize;

import java.nio.file.Path;

/** Text to token ids and back. */
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
     * @throws org.lacuna.run.InputException when it holds an unpaired surrogate
     */
    int[] encode(String text);

    /**
     * Decodes ids, special tokens spelled out. Bytes that are no UTF-8 become U+FFFD.
     *
     * @param ids token ids
     * @return the text
     * @throws org.lacuna.run.InputException when an id is outside the vocabulary
     */
    String decode(int[] ids);

    /**
     * The id that ends a text.
     *
     * @return an id
     */
    int endOfText();

    /**
     * Writes the tokenizer in the format of Hugging Face's {@code tokenizers}, which reads it to the same ids.
     *
     * @param tokenizerJson the file; there whole or not at all
     * @throws org.lacuna.run.RunException when it can't be written
     */
    void save(Path tokenizerJson);
}
