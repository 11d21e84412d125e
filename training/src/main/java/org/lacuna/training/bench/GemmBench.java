package org.lacuna.training.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lacuna.graph.Device;
import org.lacuna.graph.Precision;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.config.ModelConfig;

/** Measures the matrix products of a model's training step, and a square one. */
public final class GemmBench {
    /** A worker's rows, and the columns, of the square product. */
    private static final int SQUARE = 1024;
    /** Rows of a worker for which the output layer makes logits at a time. */
    private static final int LOGIT_ROWS = 256;

    private GemmBench() {}

    /**
     * Measures.
     *
     * @param shape whose products are measured, in {@code precisions} instead of its own
     * @param warmUp runs of each product before the measured ones
     * @param runs measured ones
     */
    public static Figures run(Shape shape, List<Precision> precisions, int warmUp, int runs, Device device) {
        Map<Precision, List<GemmFigures.Row>> measured = new LinkedHashMap<>();
        Map<Precision, String> gemms = new LinkedHashMap<>();
        try (Workers workers = new Workers(shape.workers())) {
            for (Precision precision : precisions) {
                Device multiplying = device.in(precision);
                List<GemmFigures.Row> rows = new ArrayList<>();
                for (MatrixProduct product : products(shape)) {
                    rows.add(new GemmFigures.Row(product, product.time(multiplying, workers, precision, warmUp, runs)));
                }
                measured.put(precision, rows);
                gemms.put(precision, multiplying.gemm());
            }
            return new GemmFigures(shape, warmUp, runs, measured, gemms, CopyBandwidth.measure(device, workers));
        }
    }

    /** Those of the layers of different shape, forward and backward. */
    static List<MatrixProduct> products(Shape shape) {
        ModelConfig c = shape.config();
        int headWidth = c.heads() * c.headSize();
        int tokens = shape.tokens();
        List<MatrixProduct> all = new ArrayList<>();
        for (MatrixProduct.Pass pass : MatrixProduct.Pass.values()) {
            all.add(new MatrixProduct("attention", pass, tokens, c.hidden(), headWidth));
            all.add(new MatrixProduct("gate, up", pass, tokens, c.hidden(), c.intermediate()));
            all.add(new MatrixProduct("down", pass, tokens, c.intermediate(), c.hidden()));
            all.add(new MatrixProduct("LM head", pass, Math.min(tokens, LOGIT_ROWS * shape.workers()), c.hidden(), c.vocabulary()));
        }
        all.add(new MatrixProduct("square", MatrixProduct.Pass.FORWARD, SQUARE * shape.workers(), SQUARE, SQUARE));
        return all;
    }
}
