package org.lacuna.sparsity.rule;

import java.util.List;
import org.lacuna.sparsity.critical.Curve;

/** Which entries of one token's vector are kept; the others are taken as zero. Stateless: one instance serves all threads. */
public interface Rule {
    /** The name in recipes and reports, {@code top_p} say. */
    String name();

    /** The number that a graph carries for this rule. It never changes, since saved graphs hold it. */
    int code();

    /** Values of its parameter at which a curve is measured unless others are asked for, densest first; empty where they depend on the model. */
    default List<Double> grid() {
        return Curve.PAPER_GRID;
    }

    /** Whether it keeps every non-zero of any row, at a value of its parameter. */
    default boolean keepsAll(double parameter) {
        return parameter >= 1;
    }

    /** Whether it decides on an entry by that entry alone, so that the others need not be known. */
    default boolean elementwise() {
        return false;
    }

    /**
     * Decides on one row.
     *
     * @param values     the row is {@code values[0..n)}; not modified
     * @param n          entries in the row, at most the scratch's size
     * @param parameters the rule's parameters begin at {@code parameters[offset]}; see the rule
     * @param offset     where they begin
     * @param kept       result: bit j, {@code kept[j >> 6] & 1L << j}, is set if entry j is kept. The {@code (n + 63) / 64} words of the
     *                   row are overwritten whole, with zeros beyond n
     * @param scratch    the caller's buffers; one per thread
     * @return how many entries are kept
     * @throws NonFiniteException       if an entry is NaN or infinite; the content of {@code kept} is then undefined
     * @throws IllegalArgumentException if a parameter is outside its range, or the row is longer than the scratch
     */
    int keep(float[] values, int n, double[] parameters, int offset, long[] kept, RowScratch scratch);
}
