package org.lacuna.data;

import org.lacuna.data.tokenize.ByteTokenizer;

/**
 * Byte-level tokens, one byte of memory each: the ids 0 to 255 of the bytes of UTF-8 text and
 * {@link ByteTokenizer#END_OF_TEXT}. The end of a text is kept as the byte {@link #END}, which
 * UTF-8 never contains.
 */
public final class ByteTokens extends ArrayTokens {

    /** The byte that stands for end-of-text in the array. */
    public static final byte END = (byte) 0xFF;

    private static final int END_OF_TEXT = ByteTokenizer.END_OF_TEXT;

    private final byte[] bytes;

    /**
     * A stretch of an array, which is not copied: nobody may change it afterwards.
     *
     * @param bytes UTF-8 and {@link #END}
     * @param from  the first token
     * @param to    the one after the last
     */
    public ByteTokens(byte[] bytes, int from, int to) {
        super(from, to, bytes.length);
        this.bytes = bytes;
    }

    @Override
    int id(int place) {
        return bytes[place] == END ? END_OF_TEXT : bytes[place] & 0xFF;
    }

    @Override
    void fill(int place, int[] into, int offset, int count) {
        for (int i = 0; i < count; i++) {
            into[offset + i] = id(place + i);
        }
    }

    /**
     * How many of the tokens are bytes of text, that is not end-of-text.
     *
     * @return the count
     */
    public long textBytes() {
        long count = 0;
        for (int i = from(); i < from() + length(); i++) {
            if (bytes[i] != END) {
                count++;
            }
        }
        return count;
    }
}
