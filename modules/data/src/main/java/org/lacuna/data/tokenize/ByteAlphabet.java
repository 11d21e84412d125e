package org.lacuna.data.tokenize;

/**
 * How a byte-level {@code tokenizer.json} spells bytes: each as one printable character (GPT-2's table, Radford et al. 2019). The printable
 * ones of Latin-1 stand for themselves, the others in rising order are U+0100, U+0101 and so on.
 */
public final class ByteAlphabet {
    private static final char[] CHARACTERS = characters();

    private ByteAlphabet() {
    }

    /**
     * The character of a byte.
     *
     * @param value 0 to 255
     * @return its character, U+0021 to U+0143
     */
    public static char character(int value) {
        return CHARACTERS[value];
    }

    /**
     * Spells bytes.
     *
     * @param bytes any
     * @return as many characters
     */
    public static String spell(byte[] bytes) {
        StringBuilder spelled = new StringBuilder(bytes.length);
        for (byte value : bytes) {
            spelled.append(CHARACTERS[value & 0xFF]);
        }
        return spelled.toString();
    }

    private static char[] characters() {
        char[] characters = new char[256];
        int unprintable = 0;
        for (int value = 0; value < characters.length; value++) {
            boolean printable = value >= '!' && value <= '~' || value >= 0xA1 && value <= 0xAC || value >= 0xAE;
            characters[value] = (char) (printable ? value : 0x100 + unprintable++);
        }
        return characters;
    }
}
