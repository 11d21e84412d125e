package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.Linear;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * {@link Linear} on so few rows that a call takes as long as its weights take to come from memory: panels are of outputs, so that
 * all workers read weights. A panel's call.
 */
final class FewRows implements Runnable {
    /** Rows up to which this is faster than a library's product, and fewer than {@link GemmLibrary#rowsAlike}. */
    static final int MOST = 4;
    /** Outputs that all rows are multiplied by before the next ones: their weights stay in the cache meanwhile. */
    private static final int BLOCK = 16;

    private final DataType factors;
    private final ByteBuffer x;
    private final int rows;
    private final int inner;
    private final Layer[] layers;
    private final float[] lanes = new float[Gemv.LANES];

    /**
     * The panel's share of one layer.
     *
     * @param bias null where there is none
     * @param width of a row of y
     * @param from the first output
     * @param to one after the last
     */
    private record Layer(ByteBuffer weight, ByteBuffer bias, Elements y, int width, int from, int to) {
        static Layer of(Tensor weight, Tensor bias, Tensor y, int panel, int panels) {
            int width = y.spec().size(-1);
            return new Layer(weight.bytes(), bias == null ? null : bias.bytes(), new Elements(y, BLOCK), width, start(width, panel, panels), start(width, panel + 1, panels));
        }

        /** Whole blocks, so that no two panels write to one line of the cache. */
        private static int start(int width, int panel, int panels) {
            int blocks = (width + BLOCK - 1) / BLOCK;
            return Math.min(width, (int) ((long) blocks * panel / panels) * BLOCK);
        }
    }

    private FewRows(Linear op, Tensor[] in, Tensor[] out, int panel, int panels) {
        factors = in[0].dataType();
        x = in[0].bytes();
        rows = in[0].spec().rows();
        inner = in[0].spec().size(-1);
        int k = op.layers();
        layers = new Layer[k];
        for (int j = 0; j < k; j++) {
            layers[j] = Layer.of(in[1 + j], op.biased() ? in[1 + k + j] : null, out[j], panel, panels);
        }
    }

    static Runnable[][] bind(Linear op, Tensor[] in, Tensor[] out, int panels) {
        Runnable[] calls = new Runnable[panels];
        Arrays.setAll(calls, p -> new FewRows(op, in, out, p, panels));
        return new Runnable[][] {calls};
    }

    @Override
    public void run() {
        for (Layer layer : layers) {
            for (int o = layer.from; o < layer.to; o += BLOCK) {
                int n = Math.min(BLOCK, layer.to - o);
                for (int r = 0; r < rows; r++) {
                    block(layer, r, o, n);
                }
            }
        }
    }

    private void block(Layer layer, int row, int o, int n) {
        int at = row * layer.width + o;
        ByteBuffer y = layer.y.floats();
        int to = layer.y.place(at);
        Gemv.dots(factors, x, row * inner, inner, layer.weight, o * inner, inner, n, y, to, lanes);
        if (layer.bias != null) {
            add(layer.bias, o, y, to, n);
        }
        layer.y.written(at, n);
    }

    private static void add(ByteBuffer bias, int from, ByteBuffer y, int to, int n) {
        for (int i = 0; i < n; i++) {
            Lanes.put(y, to + i, Lanes.get(y, to + i) + Lanes.get(bias, from + i));
        }
    }
}
