package org.lacuna.graph.cpu;

import org.lacuna.graph.Tensor;
import org.lacuna.graph.cpu.Gemm.Matrix;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * A product whose left factor and result have a row for each token. oneDNN sums long rows of bf16 in another order for other
 * numbers of them if the result is bf16 too: such a product goes in blocks of rows, of which panels are made.
 */
final class RowProduct implements Runnable {
    private static final int BLOCK = 512;
    /** The shortest sums for which that was seen are of 512 terms. */
    private static final int LONG = 256;

    private final Gemm product;
    private final int rows;
    private final int inner;
    private final int width;
    private final int block;

    /**
     * @param tb whether the weights lie transposed
     * @param add whether the product is added to what y holds
     */
    RowProduct(GemmLibrary gemms, boolean tb, Tensor x, Tensor weights, boolean add, Tensor y) {
        rows = x.spec().rows();
        inner = x.spec().size(-1);
        width = y.spec().size(-1);
        block = inBlocks(y.dataType(), inner) ? BLOCK : rows;
        product = gemms.bind(false, tb, rows, width, inner, Matrix.of(x), Matrix.of(weights), add, Matrix.of(y));
    }

    private static boolean inBlocks(DataType result, int inner) {
        return result == DataType.BFLOAT16 && inner > LONG;
    }

    /** As {@link GemmLibrary#panelHeight}. */
    static int panelHeight(GemmLibrary gemms, DataType factors, DataType result, int rows, int inner, int panels) {
        int each = (rows + panels - 1) / panels;
        return inBlocks(result, inner) ? (each + BLOCK - 1) / BLOCK * BLOCK : gemms.panelHeight(false, factors, rows, inner, panels);
    }

    @Override
    public void run() {
        for (int from = 0; from < rows; from += block) {
            product.run(Math.min(block, rows - from), width, inner, (long) from * inner, 0, (long) from * width);
        }
    }
}
