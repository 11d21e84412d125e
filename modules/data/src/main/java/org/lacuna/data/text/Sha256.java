package org.lacuna.data.text;

import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256, which every Java has. */
public final class Sha256 {

    private Sha256() {
    }

    /**
     * A hash of nothing yet.
     *
     * @return to be updated with the content
     */
    public static MessageDigest start() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Ends a hash.
     *
     * @param hash updated with all content
     * @return 64 lower-case hexadecimal digits
     */
    public static String hexadecimal(MessageDigest hash) {
        return HexFormat.of().formatHex(hash.digest());
    }

    /**
     * The hash of a file.
     *
     * @param file a small one: it is read whole
     * @return 64 lower-case hexadecimal digits
     * @throws org.lacuna.run.InputException when it can't be read
     */
    public static String file(Path file) {
        MessageDigest hash = start();
        hash.update(TextCorpus.read(file));
        return hexadecimal(hash);
    }
}
