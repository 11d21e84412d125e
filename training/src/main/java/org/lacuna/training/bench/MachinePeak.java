package org.lacuna.training.bench;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.lacuna.graph.Device;
import org.lacuna.graph.Precision;
import org.lacuna.graph.program.Workers;

/**
 * The fastest that this machine multiplies matrices and copies memory, by all workers together.
 *
 * @param products for shapes as they occur in a model and for a square
 * @param copyBytesPerSecond read plus written
 */
record MachinePeak(List<Product> products, double copyBytesPerSecond) {
    private static final double GIGA = 1e9;
    private static final int WARM_UPS = 3;
    private static final int RUNS = 50;
    /** Rows of a worker. */
    private static final int ROWS = 1024;
    /** Columns of X, columns of Y. */
    private static final int[][] SHAPES = {{256, 688}, {688, 256}, {ROWS, ROWS}};

    /**
     * One shape's best run.
     *
     * @param gflops operations over the shortest time
     */
    record Product(MatrixProduct shape, double gflops) {}

    /** Measures; takes about a second. */
    static MachinePeak measure(Device device, int workers, Precision precision) {
        try (Workers team = new Workers(workers)) {
            List<Product> products = new ArrayList<>();
            for (int[] shape : SHAPES) {
                MatrixProduct product = new MatrixProduct("peak", MatrixProduct.Pass.FORWARD, ROWS * workers, shape[0], shape[1]);
                products.add(new Product(product, product.flops() / product.time(device, team, precision, WARM_UPS, RUNS).best() / GIGA));
            }
            return new MachinePeak(products, CopyBandwidth.measure(device, team));
        }
    }

    /** The best of the matrix products, GFLOPS. */
    double gflops() {
        return products.stream().mapToDouble(Product::gflops).max().orElseThrow();
    }

    /** The least seconds that so many operations and so many bytes from memory take. */
    double limit(double flops, double bytes) {
        return Math.max(flops / (gflops() * GIGA), bytes / copyBytesPerSecond);
    }

    /**
     * Prints both, and how much of the products' peak was reached.
     *
     * @param reached GFLOPS
     */
    void print(PrintWriter out, double reached) {
        out.printf(Locale.ROOT, "peak      %.1f GFLOPS by this machine's matrix product, of which %.1f %% is reached; copies %.1f GB/s%n", gflops(),
                100 * reached / gflops(), copyBytesPerSecond / GIGA);
        for (Product p : products) {
            out.printf(Locale.ROOT, "          %d × %d × %d: %.1f GFLOPS%n", p.shape.rows(), p.shape.in(), p.shape.out(), p.gflops);
        }
    }

    /** Adds them to a report. */
    void toJson(ObjectNode json) {
        json.put("peakGflops", gflops()).put("copyBytesPerSecond", copyBytesPerSecond);
        ArrayNode shapes = json.putArray("peakProducts");
        products.forEach(p -> shapes.addObject().put("rows", p.shape.rows()).put("in", p.shape.in()).put("out", p.shape.out()).put("gflops", p.gflops));
    }
}
