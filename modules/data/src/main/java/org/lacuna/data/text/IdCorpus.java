package org.lacuna.data.text;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.OptionalDouble;
import org.lacuna.data.Corpus;
import org.lacuna.data.IdTokens;
import org.lacuna.run.InputException;

/**
 * Token ids as they are, from a file of little-endian 32-bit integers and nothing else (NumPy:
 * {@code ids.astype("<i4").tofile(path)}). Training is the first ⌊tokens · (1 − validation fraction)⌋ ids, validation the
 * rest.
 */
public final class IdCorpus {

    private IdCorpus() {
    }

    /**
     * Reads the ids. The corpus's hash is that of the file.
     *
     * @param path               the file
     * @param vocabularySize     every id is 0 to this − 1
     * @param validationFraction above 0 and at most 1
     * @return the corpus, named after the file
     * @throws InputException when it can't be read, is empty, no whole number of ids, too short to split, or holds an id
     *                        outside the vocabulary
     */
    public static Corpus open(Path path, int vocabularySize, double validationFraction) {
        if (Files.isDirectory(path)) {
            throw new InputException(path + ": is a folder; expected a file of token ids");
        }
        byte[] bytes = TextCorpus.read(path);
        if (bytes.length == 0 || bytes.length % Integer.BYTES != 0) {
            throw new InputException(path + ": " + bytes.length
                    + " bytes; expected token ids of 4 bytes each (little-endian 32-bit integers)");
        }
        MessageDigest hash = Sha256.start();
        hash.update(bytes);
        int[] ids = new int[bytes.length / Integer.BYTES];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(ids);
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] < 0 || ids[i] >= vocabularySize) {
                throw new InputException(path + ": id " + ids[i] + " at position " + i + "; expected 0 to "
                        + (vocabularySize - 1) + " (data.vocabularySize = " + vocabularySize + ")");
            }
        }
        int split = (int) (ids.length * (1 - validationFraction));
        if (split == 0 && validationFraction < 1 || split == ids.length) {
            throw new InputException(path + ": " + ids.length + " ids are too few to keep " + validationFraction
                    + " of them for validation");
        }
        return new Corpus(TextCorpus.name(path), Sha256.hexadecimal(hash), vocabularySize, Optional.empty(),
                new IdTokens(ids, 0, split), new IdTokens(ids, split, ids.length), 0, OptionalDouble.empty());
    }
}
