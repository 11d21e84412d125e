package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.Gemm.Matrix;
import org.lacuna.graph.op.LacunaOp;
import org.lacuna.graph.op.LmHeadLossGrad;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * For each block: logits, losses, derivative by the logits in place, then dx = g · W and dW += gᵀ · x by GEMM. Panels share a
 * block's rows for all but dW, and then the rows of dW. dx stays fp32: the bits of its long sums, ended in bf16, would depend on
 * how many rows a panel has.
 */
final class LmHeadLossGradKernel implements Kernel {
    private final GemmLibrary gemms;

    LmHeadLossGradKernel(GemmLibrary gemms) {
        this.gemms = gemms;
    }

    @Override
    public Format input(LacunaOp op, int index) {
        return index < 2 ? Format.BF16 : Format.FP32;
    }

    @Override
    public long scratchBytes(LacunaOp op, TensorSpec[] in, TensorSpec[] out, int panels) {
        Pieces pieces = new Pieces(null);
        int shared = LogitBlocks.cut(pieces, gemms, in[0], in[1], panels).length;
        VocabularyPanel.cut(pieces, gemms, in[0], in[1], panels, shared);
        return pieces.bytes();
    }

    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        Tensor x = in[0];
        Tensor table = in[1];
        ByteBuffer upstream = in[2].bytes();
        Pieces pieces = new Pieces(scratch);
        Tensor[] logits = LogitBlocks.cut(pieces, gemms, x.spec(), table.spec(), panels);
        Tensor[] slices = VocabularyPanel.cut(pieces, gemms, x.spec(), table.spec(), panels, logits.length);
        int vocabulary = table.spec().size(0);
        int width = table.spec().size(1);
        int rows = x.spec().rows();
        int blockRows = LogitBlocks.blockRows(gemms);
        double[] losses = new double[rows];
        LogitBlocks[] blocks = new LogitBlocks[logits.length];
        Gemm[] dx = new Gemm[logits.length];
        for (int p = 0; p < blocks.length; p++) {
            blocks[p] = new LogitBlocks(gemms, LmHeadLossGrad.NAME, x, table, in[3], in[4], out[3], losses, logits[p], p);
            dx[p] = gemms.bind(false, false, 0, width, vocabulary, blocks[p].gradient(), Matrix.of(table), false, Matrix.of(out[0]));
        }
        VocabularyPanel[] dw = new VocabularyPanel[slices.length];
        for (int p = 0; p < dw.length; p++) {
            dw[p] = new VocabularyPanel(gemms, x, out[1], blocks, logits, slices[p], p * VocabularyPanel.height(gemms, x.spec(), vocabulary, panels));
        }
        List<Runnable[]> phases = new ArrayList<>();
        phases.add(new Runnable[] {blocks[0]::check});
        for (int from = 0; from < rows; from += blockRows) {
            int block = from;
            Runnable[] byRows = new Runnable[blocks.length];
            for (int p = 0; p < byRows.length; p++) {
                LogitBlocks panel = blocks[p];
                Gemm toDx = dx[p];
                int n = panel.size(block, blockRows);
                int first = panel.from(block);
                byRows[p] = () -> {
                    if (n > 0) {
                        panel.gradients(first, n, Lanes.get(upstream, 0));
                        toDx.run(n, width, vocabulary, 0, 0, (long) first * width);
                    }
                };
            }
            phases.add(byRows);
            Runnable[] byVocabulary = new Runnable[dw.length];
            for (int p = 0; p < dw.length; p++) {
                VocabularyPanel panel = dw[p];
                byVocabulary[p] = () -> panel.run(block, blockRows);
            }
            phases.add(byVocabulary);
        }
        ByteBuffer loss = out[2].bytes();
        phases.add(new Runnable[] {() -> Lanes.put(loss, 0, LogitBlocks.total(losses))});
        return phases.toArray(Runnable[][]::new);
    }

    /** Some rows of dW: from as many columns of the derivative, which lie with the panels of rows and are first brought together. */
    private static final class VocabularyPanel {
        private final LogitBlocks[] blocks;
        private final Tensor[] gradients;
        private final Tensor slice;
        private final int from;
        private final int rows;
        private final int height;
        private final int width;
        private final Gemm first;
        private final Gemm further;

        VocabularyPanel(GemmLibrary gemms, Tensor x, Tensor dw, LogitBlocks[] blocks, Tensor[] logits, Tensor slice, int from) {
            this.blocks = blocks;
            this.slice = slice;
            this.from = from;
            rows = x.spec().rows();
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

        private static int height(GemmLibrary gemms, TensorSpec x, int vocabulary, int panels) {
            return gemms.panelHeight(true, x.dataType(), DataType.FLOAT, vocabulary, x.rows(), panels);
        }

        void run(int block, int blockRows) {
            int n = Math.min(blockRows, rows - block);
            if (slice != null) {
                for (int p = 0; p < blocks.length; p++) {
                    int to = blocks[p].from(block) - block;
                    HeadRows.gather(gradients[p], from, blocks[p].size(block, blockRows), slice, to);
                }
            }
            (block == 0 ? first : further).run(height, width, n, 0, (long) block * width, 0);
        }
    }
}
