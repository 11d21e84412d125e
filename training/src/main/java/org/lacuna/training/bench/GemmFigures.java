package org.lacuna.training.bench;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.lacuna.graph.Precision;
import org.lacuna.run.folder.Json;

/**
 * What {@code bench gemm} found.
 *
 * @param shape whose products were measured
 * @param warmUp runs before the measured ones
 * @param runs measured ones
 * @param measured the products in each precision
 * @param gemms what multiplies in each precision
 * @param copyBytesPerSecond read plus written
 */
record GemmFigures(Shape shape, int warmUp, int runs, Map<Precision, List<Row>> measured, Map<Precision, String> gemms,
        double copyBytesPerSecond) implements Figures {
    private static final double GIGA = 1e9;

    /** One product's times. */
    record Row(MatrixProduct product, Sample seconds) {
        private double gflops(double time) {
            return product.flops() / time / GIGA;
        }

        double best() {
            return gflops(seconds.best());
        }
    }

    private static double peak(List<Row> rows) {
        return rows.stream().mapToDouble(Row::best).max().orElseThrow();
    }

    @Override
    public void print(PrintWriter out) {
        out.printf(Locale.ROOT, "matrix products of %d workers, %d runs of each after %d of warm-up; rows are those of all workers%n", shape.workers(), runs, warmUp);
        measured.forEach((precision, rows) -> {
            out.printf("%n%-11s %-8s %8s %7s %7s   GFLOPS: %8s %8s %8s %8s%n", Shape.name(precision), "", "rows", "in", "out", "median", "best", "5 %", "95 %");
            rows.forEach(row -> print(out, row));
            out.printf("by          %s%n", gemms.get(precision));
            out.printf(Locale.ROOT, "peak        %.1f GFLOPS%n", peak(rows));
        });
        out.printf(Locale.ROOT, "%ncopies      %.1f GB/s, read plus written%n", copyBytesPerSecond / GIGA);
        out.flush();
    }

    private static void print(PrintWriter out, Row row) {
        MatrixProduct p = row.product;
        Sample s = row.seconds;
        out.printf(Locale.ROOT, "%-11s %-8s %8d %7d %7d           %8.1f %8.1f %8.1f %8.1f%n", p.layer(), pass(p), p.rows(), p.in(), p.out(),
                row.gflops(s.median()), row.best(), row.gflops(s.quantile(0.95)), row.gflops(s.quantile(0.05)));
    }

    private static String pass(MatrixProduct p) {
        return p.pass().name().toLowerCase(Locale.ROOT);
    }

    @Override
    public ObjectNode toJson() {
        ObjectNode json = Json.object();
        ObjectNode setup = shape.toJson().put("warmUp", warmUp).put("runs", runs);
        setup.remove("precision"); // each has its own below
        json.set("setup", setup);
        ArrayNode precisions = json.putArray("precisions");
        measured.forEach((precision, rows) -> {
            ObjectNode one = precisions.addObject().put("precision", Shape.name(precision)).put("gemm", gemms.get(precision)).put("peakGflops", peak(rows));
            ArrayNode products = one.putArray("products");
            rows.forEach(row -> products.add(toJson(row)));
        });
        return json.put("copyBytesPerSecond", copyBytesPerSecond);
    }

    private static ObjectNode toJson(Row row) {
        MatrixProduct p = row.product;
        ObjectNode json = Json.object().put("layer", p.layer()).put("pass", pass(p)).put("rows", p.rows()).put("in", p.in()).put("out", p.out());
        json.putObject("gflops").put("median", row.gflops(row.seconds.median())).put("best", row.best())
                .put("p05", row.gflops(row.seconds.quantile(0.95))).put("p95", row.gflops(row.seconds.quantile(0.05)));
        return json;
    }
}
