package org.lacuna.graph.op;

/**
 * Which keys a query sees: those at positions {@code first(t)} to {@code end(t, length) - 1} of its own sequence.
 *
 * @param kind of mask
 * @param window how many positions a query sees under a sliding window, itself among them; 0 otherwise
 */
public record AttentionMask(Kind kind, int window) {

    /** The kinds, in the order of the numbers by which graphs name them. */
    public enum Kind { CAUSAL, BIDIRECTIONAL, SLIDING_WINDOW }

    public AttentionMask {
        if (kind == Kind.SLIDING_WINDOW ? window < 1 : window != 0) {
            throw new IllegalArgumentException(kind == Kind.SLIDING_WINDOW
                    ? "a sliding window must have at least 1 position, not " + window
                    : "a " + kind + " mask has no window, " + window + " was given");
        }
    }

    /** A position sees itself and all before it. */
    public static AttentionMask causal() {
        return new AttentionMask(Kind.CAUSAL, 0);
    }

    /** A position sees all. */
    public static AttentionMask bidirectional() {
        return new AttentionMask(Kind.BIDIRECTIONAL, 0);
    }

    /** A position sees itself and the {@code window - 1} before it. */
    public static AttentionMask slidingWindow(int window) {
        return new AttentionMask(Kind.SLIDING_WINDOW, window);
    }

    /** The first key that position {@code t} sees; never falls as {@code t} grows. */
    public int first(int t) {
        return kind == Kind.SLIDING_WINDOW ? Math.max(0, t - window + 1) : 0;
    }

    /** One after the last key that position {@code t} of {@code length} sees; never falls as {@code t} grows. */
    public int end(int t, int length) {
        return kind == Kind.BIDIRECTIONAL ? length : t + 1;
    }
}
