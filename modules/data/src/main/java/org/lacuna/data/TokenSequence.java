package org.lacuna.data;

/** A long row of token ids that never changes. */
public interface TokenSequence {

    /**
     * Number of tokens.
     *
     * @return the length
     */
    long length();

    /**
     * One token.
     *
     * @param index 0 to length − 1
     * @return its id
     * @throws IndexOutOfBoundsException outside of that
     */
    int at(long index);

    /**
     * Copies tokens out.
     *
     * @param from   index of the first token
     * @param into   where to
     * @param offset place of the first one in {@code into}
     * @param count  how many
     * @throws IndexOutOfBoundsException when either side is too short
     */
    void copy(long from, int[] into, int offset, int count);

    /**
     * The largest id. Reads all of it.
     *
     * @return an id; −1 where there is none
     */
    default int largest() {
        int[] piece = new int[1 << 16];
        int largest = -1;
        for (long from = 0; from < length(); from += piece.length) {
            int count = (int) Math.min(piece.length, length() - from);
            copy(from, piece, 0, count);
            for (int i = 0; i < count; i++) {
                largest = Math.max(largest, piece[i]);
            }
        }
        return largest;
    }
}
