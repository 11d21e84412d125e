package org.lacuna.data.tokenize;

import java.nio.file.Files;
import java.nio.file.Path;
import org.lacuna.run.InputException;

/** Reads tokenizers of any kind. */
public final class Tokenizers {
    private Tokenizers() {
    }

    /**
     * Reads a {@code tokenizer.json}: the byte-level one that Lacuna writes as {@link ByteTokenizer}, any other by Hugging Face's library.
     *
     * @param tokenizerJson the file; what lies beside it tells the special tokens, see {@link Tokenizer}
     * @return what it describes
     * @throws InputException if there is none, it is damaged, larger than 128 MB, or asks for what Lacuna does not let through to native code
     * @throws org.lacuna.run.RunException if the library can't be loaded
     */
    public static Tokenizer load(Path tokenizerJson) {
        if (!Files.isRegularFile(tokenizerJson)) {
            throw new InputException(tokenizerJson + ": no such file; a model without a tokenizer can't read or write text");
        }
        return ByteTokenizer.read(tokenizerJson).<Tokenizer>map(tokenizer -> tokenizer).orElseGet(() -> LibraryTokenizer.load(tokenizerJson));
    }
}
