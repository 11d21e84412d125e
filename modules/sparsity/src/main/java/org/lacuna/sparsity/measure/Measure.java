package org.lacuna.sparsity.measure;

/** How sparse one token's vector is: one number. Stateless: one instance serves all threads. */
public interface Measure {
    /** The name in reports, {@code gini} say. */
    String name();

    /** What its values count and which way they go, in a few words for a table. */
    String unit();

    /**
     * Measures one row. Everything is computed in double, in which no product of up to four floats overflows or underflows, so that the scale of the
     * row does not matter. Nothing is allocated.
     *
     * @param values  the row is {@code values[0..n)}; not modified
     * @param n       entries in the row, 1 to the scratch's size
     * @param scratch the caller's buffers; one per thread
     * @return the measure; NaN where it isn't defined, which each measure states
     * @throws org.lacuna.sparsity.rule.NonFiniteException if an entry is NaN or infinite
     * @throws IllegalArgumentException                    if the row is empty, longer than its array, or longer than the scratch
     */
    double of(float[] values, int n, MeasureScratch scratch);
}
