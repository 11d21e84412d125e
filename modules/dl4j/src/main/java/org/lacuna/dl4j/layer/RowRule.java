package org.lacuna.dl4j.layer;

import org.lacuna.sparsity.rule.RowScratch;
import org.lacuna.sparsity.rule.Rule;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A rule with its parameter, on the rows of a matrix.
 *
 * @param rule  which
 * @param value its parameter
 */
public record RowRule(Rule rule, double value) {
    /**
     * What a rule left.
     *
     * @param rows the matrix with zeros for what was not kept
     * @param kept in each row, how many values are not 0
     */
    public record Masked(INDArray rows, int[] kept) {}

    /**
     * Applies the rule; magnitudes are compared as floats, whatever the matrix' type.
     *
     * @param rows [rows, n], not modified
     * @throws org.lacuna.sparsity.rule.NonFiniteException if a value is not finite
     */
    public Masked apply(INDArray rows) {
        int count = Math.toIntExact(rows.size(0));
        int n = Math.toIntExact(rows.size(1));
        float[] values = rows.dup('c').data().asFloat();
        double[] mask = new double[values.length];
        float[] row = new float[n];
        long[] bits = new long[(n + 63) / 64];
        int[] kept = new int[count];
        double[] parameters = {value};
        RowScratch scratch = new RowScratch(n);
        for (int r = 0; r < count; r++) {
            System.arraycopy(values, r * n, row, 0, n);
            kept[r] = rule.keep(row, n, parameters, 0, bits, scratch);
            for (int j = 0; j < n; j++) {
                mask[r * n + j] = bits[j >> 6] >>> j & 1;
            }
        }
        return new Masked(rows.mul(Nd4j.createFromArray(mask).reshape(count, n).castTo(rows.dataType())), kept);
    }
}
