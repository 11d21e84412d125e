package org.lacuna.graph.op;

import org.lacuna.sparsity.rule.NonFiniteException;

/** A token's vector holds NaN or an infinity, so that no rule can say what to keep. The caller, who knows layer and site, names them. */
public final class NonFiniteRowException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int row;
    private final int index;

    /** @param row of the op's input, counted over sequences and tokens: sequence · T + token */
    public NonFiniteRowException(int row, NonFiniteException cause) {
        super("row " + row + ": " + cause.getMessage(), cause);
        this.row = row;
        index = cause.index();
    }

    /** Which row of the op's input: sequence · T + token. */
    public int row() {
        return row;
    }

    /** The first entry of the row that is not finite. */
    public int index() {
        return index;
    }
}
