package org.lacuna.sparsity.rule;

/**
 * A row holds NaN or an infinity, so that no rule can say what to keep and no measure how sparse it is. The caller, who knows token, layer and site,
 * names them.
 */
public final class NonFiniteException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int index;

    /** Entry {@code index} of the row is that value. */
    public NonFiniteException(int index, float value) {
        super("entry " + index + " of the row is " + value + ": rules and measures need finite values");
        this.index = index;
    }

    /** The first entry of the row that is not finite. */
    public int index() {
        return index;
    }
}
