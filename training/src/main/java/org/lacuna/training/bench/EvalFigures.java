package org.lacuna.training.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import org.lacuna.run.folder.Json;
import org.lacuna.training.Flops;

/**
 * What {@code bench eval} found.
 *
 * @param shape what was measured
 * @param warmUp passes of each kind before the measured ones
 * @param runs measured ones
 * @param grid values of p
 * @param dense seconds of a pass without a rule
 * @param together seconds of all points in one pass
 * @param apart seconds of the same points, a pass for each
 * @param peak what the machine can do
 */
record EvalFigures(Shape shape, int warmUp, int runs, List<Double> grid, Sample dense, Sample together, Sample apart, MachinePeak peak) implements Figures {
    private static final double GIGA = 1e9;
    private static final int MILLI = 1000;
    /** Of the operations of a training step, a third are the forward pass. */
    private static final int PASSES_IN_A_STEP = 3;

    /** Tokens a second at the median, a token counted once for each point. */
    private double tokensPerSecond(Sample seconds, int points) {
        return (double) shape.tokens() * points / seconds.median();
    }

    private double denseGflops() {
        return tokensPerSecond(dense, 1) * Flops.perToken(shape.config(), shape.window()) / PASSES_IN_A_STEP / GIGA;
    }

    /** Time of the passes apart / together. */
    double ratio() {
        return apart.median() / together.median();
    }

    @Override
    public void print(PrintWriter out) {
        out.println(shape);
        out.printf("%d passes of each kind after %d of warm-up; top-p at the intermediate vector of every layer%n", runs, warmUp);
        out.printf("%-28s %12s %12s %10s %10s %10s%n", "", "tokens/s", "ms: median", "best", "5 %", "95 %");
        row(out, "dense", dense, 1);
        row(out, "grid of " + grid.size() + ", together", together, grid.size());
        row(out, "grid of " + grid.size() + ", one by one", apart, grid.size());
        out.printf(Locale.ROOT, "together is × %.2f as fast as one by one; tokens are counted once for each point%n", ratio());
        out.printf(Locale.ROOT, "dense     %.1f GFLOPS%n", denseGflops());
        peak.print(out, denseGflops());
        out.flush();
    }

    private void row(PrintWriter out, String name, Sample s, int points) {
        out.printf(Locale.ROOT, "%-28s %,12.0f %12.1f %10.1f %10.1f %10.1f%n", name, tokensPerSecond(s, points), s.median() * MILLI, s.best() * MILLI,
                s.quantile(0.05) * MILLI, s.quantile(0.95) * MILLI);
    }

    @Override
    public ObjectNode toJson() {
        ObjectNode json = Json.object();
        json.set("setup", shape.toJson().put("warmUp", warmUp).put("runs", runs));
        grid.forEach(json.putArray("grid")::add);
        json.set("dense", toJson(dense, 1).put("gflops", denseGflops()));
        json.set("gridTogether", toJson(together, grid.size()));
        json.set("gridOneByOne", toJson(apart, grid.size()));
        json.put("ratio", ratio());
        peak.toJson(json);
        return json;
    }

    private ObjectNode toJson(Sample seconds, int points) {
        ObjectNode json = Json.object().put("tokensPerSecond", tokensPerSecond(seconds, points));
        json.set("passSeconds", seconds.toJson());
        return json;
    }
}
