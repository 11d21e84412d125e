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
}
