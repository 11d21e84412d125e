package org.lacuna.data.cache;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import org.lacuna.data.text.Sha256;
import org.lacuna.data.text.Split;
import org.lacuna.data.text.TextSource;
import org.lacuna.data.tokenize.Tokenizer;

/**
 * Text and everything that its tokens and its two parts depend on.
 *
 * @param source             the files
 * @param field              the field or column that holds a text, where there are files that have such
 * @param tokenizer          what makes tokens of it; it is asked by several threads at once
 * @param tokenizerSha256    hash of the tokenizer's file, or its name where it has none
 * @param split              how it is cut into training and validation
 * @param validationFraction above 0 and at most 1
 */
public record TokenizedText(TextSource source, String field, Tokenizer tokenizer, String tokenizerSha256, Split split,
        double validationFraction) {

    /** Raised whenever the same text would be cut into other pieces, or be laid down in another way. */
    static final int VERSION = 1;

    private static final int LARGEST_SHORT = 1 << 16;

    /** Bytes that an id takes in a file: 2 if every id of the vocabulary fits, else 4. */
    int idBytes() {
        return tokenizer.vocabularySize() <= LARGEST_SHORT ? Short.BYTES : Integer.BYTES;
    }

    /** Hash of all that the tokens depend on: equal hashes, equal files. */
    String key(String sourceSha256) {
        MessageDigest hash = Sha256.start();
        hash.update(String.join("\n", "lacuna tokens " + VERSION, "text " + sourceSha256, "tokenizer " + tokenizerSha256,
                "vocabulary " + tokenizer.vocabularySize(), "end of text " + tokenizer.endOfText().orElse(-1), "split " + split,
                "validation " + validationFraction, source.hasFields() ? "field " + field : "no field").getBytes(StandardCharsets.UTF_8));
        return Sha256.hexadecimal(hash);
    }
}
