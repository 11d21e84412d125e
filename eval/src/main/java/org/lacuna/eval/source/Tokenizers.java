package org.lacuna.eval.source;

import java.nio.file.Files;
import java.nio.file.Path;
import org.lacuna.data.tokenize.ByteTokenizer;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.run.InputException;

/** The tokenizer that lies beside a model. */
public final class Tokenizers {
    private Tokenizers() {
    }

    /**
     * Reads a {@code tokenizer.json}.
     *
     * @throws InputException if there is none, or it is of a kind that Lacuna does not read
     */
    public static Tokenizer load(Path tokenizerJson) {
        if (!Files.isRegularFile(tokenizerJson)) {
            throw new InputException(tokenizerJson + ": no such file; a model without a tokenizer can't read or write text");
        }
        return ByteTokenizer.load(tokenizerJson);
    }
}
