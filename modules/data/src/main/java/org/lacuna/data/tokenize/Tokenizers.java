package org.lacuna.data.tokenize;

import java.nio.file.Files;
import java.nio.file.Path;
import org.lacuna.run.InputException;

/** Reads tokenizers of any kind. */
public final class Tokenizers {
    private Tokenizers() {
    }

    /**
     * Reads a {@code tokenizer.json}.
     *
     * @param tokenizerJson the file
     * @return what it describes
     * @throws InputException if there is none, or it is of a kind that Lacuna does not read
     */
    public static Tokenizer load(Path tokenizerJson) {
        if (!Files.isRegularFile(tokenizerJson)) {
            throw new InputException(tokenizerJson + ": no such file; a model without a tokenizer can't read or write text");
        }
        return ByteTokenizer.load(tokenizerJson);
    }
}
