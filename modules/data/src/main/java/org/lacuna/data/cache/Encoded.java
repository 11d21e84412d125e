package org.lacuna.data.cache;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.run.InputException;

/**
 * A chunk's tokens as bytes.
 *
 * @param train               ids for training
 * @param validation          ids for validation
 * @param trainDocuments      ends of documents among the first
 * @param validationDocuments ends of documents among the second
 * @param validationBytes     bytes of text behind the validation ids; an end-of-text spelled out is none
 * @param characters          UTF-16 units of the chunk
 */
record Encoded(byte[] train, byte[] validation, long trainDocuments, long validationDocuments, long validationBytes, long characters) {

    private static final int BYTE = 8;
    private static final int NONE = -1;

    static Encoded of(List<Piece> chunk, TokenizedText text, WordMemory words) {
        Tokenizer tokenizer = text.tokenizer();
        int end = tokenizer.endOfText().orElse(NONE);
        int spelled = end == NONE ? 0 : utf8Length(tokenizer.decode(new int[] {end}));
        Ids train = new Ids(tokenizer.vocabularySize(), text.idBytes());
        Ids validation = new Ids(tokenizer.vocabularySize(), text.idBytes());
        long trainDocuments = 0;
        long validationDocuments = 0;
        long validationBytes = 0;
        long characters = 0;
        for (Piece piece : chunk) {
            Ids ids = piece.validation() ? validation : train;
            characters += piece.text().length();
            if (piece.end()) {
                ids.add(end);
                trainDocuments += piece.validation() ? 0 : 1;
                validationDocuments += piece.validation() ? 1 : 0;
            } else {
                int[] encoded = words.encode(piece.text());
                validationBytes += piece.validation() ? utf8Length(piece.text()) : 0;
                for (int id : encoded) {
                    ids.add(id);
                    validationBytes -= piece.validation() && id == end ? spelled : 0;
                }
            }
        }
        return new Encoded(train.toArray(), validation.toArray(), trainDocuments, validationDocuments, validationBytes, characters);
    }

    private static int utf8Length(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    /** Ids as little-endian bytes. */
    private static final class Ids {

        private final int vocabularySize;
        private final int idBytes;
        private byte[] bytes = new byte[1 << 12];
        private int length;

        Ids(int vocabularySize, int idBytes) {
            this.vocabularySize = vocabularySize;
            this.idBytes = idBytes;
        }

        void add(int id) {
            if (id < 0 || id >= vocabularySize) {
                throw new InputException("data.tokenizer: gives the id " + id + "; its vocabulary is 0 to " + (vocabularySize - 1));
            }
            if (length + idBytes > bytes.length) {
                bytes = Arrays.copyOf(bytes, 2 * bytes.length);
            }
            for (int i = 0; i < idBytes; i++) {
                bytes[length++] = (byte) (id >>> BYTE * i);
            }
        }

        byte[] toArray() {
            return Arrays.copyOf(bytes, length);
        }
    }
}
