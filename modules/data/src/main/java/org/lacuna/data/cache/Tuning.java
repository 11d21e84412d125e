package org.lacuna.data.cache;

/**
 * Sizes that the tokens do not depend on, the two of a piece apart where a text has no good place to be cut at.
 *
 * @param atLeast UTF-16 units of a piece, the last of a text apart
 * @param brief the same for a tokenizer that is indifferent to cuts
 * @param atMost  UTF-16 units of any piece
 * @param chunk   UTF-16 units that a thread takes at a time, at least
 * @param commit  UTF-16 units after which what is done is forced to the disk
 * @param threads that encode
 * @param mapBits log₂ of the bytes in a mapping
 */
record Tuning(int atLeast, int brief, int atMost, int chunk, long commit, int threads, int mapBits) {

    private static final long COMMIT = 1 << 22;
    private static final int MOST_THREADS = 16;

    /** For this machine. Chunks are held as text, ids and bytes, so their number is bounded. */
    static Tuning here() {
        return new Tuning(PieceCutter.AT_LEAST, PieceCutter.AT_LEAST_IF_INDIFFERENT, PieceCutter.AT_MOST, PieceCutter.AT_LEAST, COMMIT,
                Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors()), MappedTokens.PIECE_BITS);
    }
}
