package org.lacuna.data;

import java.util.Objects;
import org.lacuna.data.tokenize.ByteTokenizer;

/**
 * Byte-level tokens, one byte of memory each: the ids 0 to 255 of the bytes of UTF-8 text and
 * {@link ByteTokenizer#END_OF_TEXT}. The end of a text is kept as the byte {@link #END}, which
 * UTF-8 never contains.
 */
public final class ByteTokens implements TokenSequence {

    /** The byte that stands for end-of-text in the array. */
    public static final byte END = (byte) 0xFF;

    private static final int END_OF_TEXT = ByteTokenizer.END_OF_TEXT;

    private final byte[] bytes;
    private final int from;
    private final int length;

    /**
     * A stretch of an array, which is not copied: nobody may change it afterwards.
     *
     * @param bytes UTF-8 and {@link #END}
     * @param from  the first token
     * @param to    the one after the last
     */
    public ByteTokens(byte[] bytes, int from, int to) {
        Objects.checkFromToIndex(from, to, bytes.length);
        this.bytes = bytes;
        this.from = from;
        this.length = to - from;
    }

    @Override
    public long length() {
        return length;
    }

    @Override
    public int at(long index) {
        return id(bytes[from + (int) Objects.checkIndex(index, (long) length)]);
    }

    @Override
    public void copy(long start, int[] into, int offset, int count) {
        Objects.checkFromIndexSize(start, (long) count, (long) length);
        Objects.checkFromIndexSize(offset, count, into.length);
        int first = from + (int) start;
        for (int i = 0; i < count; i++) {
            into[offset + i] = id(bytes[first + i]);
        }
    }

    /**
     * How many of the tokens are bytes of text, that is not end-of-text.
     *
     * @return the count
     */
    public long textBytes() {
        long count = 0;
        for (int i = from; i < from + length; i++) {
            if (bytes[i] != END) {
                count++;
            }
        }
        return count;
    }

    private static int id(byte value) {
        return value == END ? END_OF_TEXT : value & 0xFF;
    }
}
