package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;

/** The derivative g of a loss by logits x · Wᵀ, in double, with how far floats may be off: what dx = g · W and dW = gᵀ · x are held against. */
final class LogitGradient {
    private final OpCheck.Input x;
    private final OpCheck.Input table;
    private final int rows;
    private final int width;
    private final int vocabulary;
    private final double[][] g;
    private final double[][] bound;

    LogitGradient(OpCheck.Input x, OpCheck.Input table) {
        this.x = x;
        this.table = table;
        vocabulary = (int) table.shape()[0];
        width = (int) table.shape()[1];
        rows = x.values().length / width;
        g = new double[rows][vocabulary];
        bound = new double[rows][vocabulary];
    }

    void set(int row, int v, double value, double off) {
        g[row][v] = value;
        bound[row][v] = off;
    }

    /**
     * Checks outputs 0 and 1, dx and dW, of the reference and of the kernel.
     *
     * @param rounding what rounding adds to g before it is multiplied, relative to it: 0 for fp32. Products of bf16s take what is below
     *     the smallest normal number as 0
     */
    void check(List<OpCheck.Outcome> outcomes, double rounding) {
        double tiny = rounding == 0 ? Float.MIN_VALUE : Float.MIN_NORMAL;
        double[] dw = new double[vocabulary * width];
        double[] dwBound = new double[vocabulary * width];
        for (int r = 0; r < rows; r++) {
            double[] dx = new double[width];
            double[] dxBound = new double[width];
            for (int v = 0; v < vocabulary; v++) {
                double off = bound[r][v] + tiny;
                off += rounding * (Math.abs(g[r][v]) + off);
                for (int i = 0; i < width; i++) {
                    double w = table.values()[v * width + i];
                    double a = x.values()[r * width + i];
                    dx[i] += g[r][v] * w;
                    dxBound[i] += off * Math.abs(w) + OpCheck.sumError(vocabulary) * Math.abs(g[r][v] * w) + tiny;
                    dw[v * width + i] += g[r][v] * a;
                    dwBound[v * width + i] += off * Math.abs(a) + OpCheck.sumError(rows) * Math.abs(g[r][v] * a) + tiny;
                }
            }
            check(outcomes, 0, r * width, dx, dxBound, 1e-12);
        }
        check(outcomes, 1, 0, dw, dwBound, 1e-11);
    }

    private static void check(List<OpCheck.Outcome> outcomes, int output, int from, double[] expected, double[] bounds, double referenceBound) {
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], outcomes.get(0).reference().get(output)[from + i], referenceBound);
            for (OpCheck.Outcome o : outcomes) {
                o.assertWithin(expected[i], bounds[i], output, from + i);
            }
        }
    }
}
