package org.lacuna.graph.cpu;

import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.Gemm.Matrix;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Some rows of dW = gᵀ · x, added up block by block: from as many columns of g, the derivative by the logits, which lie with the
 * panels of rows and are first brought together.
 */
final class TablePanel {
    private final LogitBlocks[] blocks;
    private final Tensor[] gradients;
    private final Tensor slice;
    private final int from;
    private final int height;
    private final int width;
    private final Gemm first;
    private final Gemm further;

    private TablePanel(GemmLibrary gemms, Tensor x, Tensor dw, LogitBlocks[] blocks, Tensor[] logits, Tensor slice, int from) {
        this.blocks = blocks;
        this.slice = slice;
        this.from = from;
        width = x.spec().size(-1);
        int vocabulary = dw.spec().size(0);
        height = slice == null ? vocabulary : slice.spec().size(1);
        gradients = new Tensor[logits.length];
        for (int p = 0; p < gradients.length; p++) {
            gradients[p] = logits[p].view(new TensorSpec("g", x.dataType(), logits[p].spec().size(0), vocabulary), 0);
        }
        Matrix g = slice == null ? blocks[0].gradient() : Matrix.of(slice);
        Matrix into = new Matrix(dw.address() + (long) from * width * Float.BYTES, DataType.FLOAT, width);
        first = gemms.bind(true, false, height, width, 0, g, Matrix.of(x), false, into);
        further = gemms.bind(true, false, height, width, 0, g, Matrix.of(x), true, into);
    }

    /** Room for each panel's columns of a block; none if the block's rows lie in one place and all of their columns are wanted. */
    static Tensor[] cut(Pieces pieces, GemmLibrary gemms, TensorSpec x, TensorSpec table, int panels, int rowPanels) {
        int vocabulary = table.size(0);
        int height = height(gemms, x, vocabulary, panels);
        Tensor[] slices = new Tensor[(vocabulary + height - 1) / height];
        for (int p = 0; (slices.length > 1 || rowPanels > 1) && p < slices.length; p++) {
            slices[p] = pieces.take("slice", x.dataType(), Math.min(LogitBlocks.blockRows(gemms), x.rows()), Math.min(height, vocabulary - p * height));
        }
        return slices;
    }

    /**
     * The panels that {@code slices} were cut for.
     *
     * @param logits the panels of rows, by their working memory
     */
    static TablePanel[] bind(GemmLibrary gemms, Tensor x, Tensor dw, LogitBlocks[] blocks, Tensor[] logits, Tensor[] slices, int panels) {
        TablePanel[] all = new TablePanel[slices.length];
        for (int p = 0; p < all.length; p++) {
            all[p] = new TablePanel(gemms, x, dw, blocks, logits, slices[p], p * height(gemms, x.spec(), dw.spec().size(0), panels));
        }
        return all;
    }

    private static int height(GemmLibrary gemms, TensorSpec x, int vocabulary, int panels) {
        return gemms.panelHeight(true, x.dataType(), DataType.FLOAT, vocabulary, x.rows(), panels);
    }

    /**
     * Adds a block's part, or writes it where it is the first.
     *
     * @param n rows of the block, from row {@code row} of x on
     */
    void run(int row, int n, boolean isFirst) {
        if (slice != null) {
            for (int p = 0; p < blocks.length; p++) {
                HeadRows.gather(gradients[p], from, blocks[p].size(n), slice, blocks[p].start());
            }
        }
        (isFirst ? first : further).run(height, width, n, 0, (long) row * width, 0);
    }
}
