package org.lacuna.data.text;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/** How a text is cut into training and validation. */
public enum Split {
    /** The first ⌊characters · (1 − validation fraction)⌋ characters are training, the rest validation. */
    POSITION,
    /**
     * A document belongs to validation if the first 8 bytes of the SHA-256 of its UTF-8, as an unsigned number / 2⁶⁴, are below the
     * validation fraction: other documents, and their order, have no say in it.
     */
    HASH;

    private static final int STRETCH = 1 << 14;

    /**
     * Whether a document belongs to validation by its hash.
     *
     * @param document           the document
     * @param validationFraction above 0 and at most 1
     * @return true for validation
     * @throws org.lacuna.run.InputException when it can't be read
     */
    public static boolean inValidation(Document document, double validationFraction) {
        MessageDigest hash = Sha256.start();
        CharsetEncoder encoder = StandardCharsets.UTF_8.newEncoder().onMalformedInput(CodingErrorAction.REPLACE);
        char[] stretch = new char[STRETCH];
        ByteBuffer bytes = ByteBuffer.allocate(STRETCH * 3);
        try (Characters text = document.open()) {
            for (int read = text.read(stretch, 0, STRETCH); read >= 0; read = text.read(stretch, 0, STRETCH)) {
                encoder.reset().encode(CharBuffer.wrap(stretch, 0, read), bytes.clear(), true);
                hash.update(bytes.flip());
            }
        }
        long first = ByteBuffer.wrap(hash.digest()).getLong();
        return (first >>> 11) * 0x1p-53 < validationFraction;
    }
}
