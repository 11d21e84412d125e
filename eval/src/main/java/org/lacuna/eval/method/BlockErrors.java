package org.lacuna.eval.method;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Set;
import org.lacuna.data.Batch;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Program;
import org.lacuna.model.graph.DecoderGraph;
import org.lacuna.run.InterruptedRunException;
import org.lacuna.run.RunException;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.rule.Rules;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * What it costs one layer's feed-forward block, or its attention, that the vectors at one of its sites lose what lies below a threshold.
 *
 * <pre>
 * error of a token:  ‖f'(x) − f(x)‖₂ / ‖f(x)‖₂     f the block or attention, x in the model without a rule
 * </pre>
 * Of a threshold it is the mean over the calibration text's tokens, all of which lose what lies below it. A token whose f(x) is the zero vector counts 0
 * where that stays so, else 1. Sums are in double, texts one after the other.
 */
final class BlockErrors {
    /** An instance's memory; with more, fewer thresholds are computed together. */
    private static final long ARENA_BYTES = 64L << 20;

    private final Look look;
    private final int layer;
    private final Site site;
    private final int length;
    private final int hidden;
    /** What the block gives. */
    private final String output;
    private int points;
    private final Program program;

    /**
     * Compiles.
     *
     * @param thresholds how many will be asked for
     */
    BlockErrors(Look look, int layer, Site site, int thresholds) {
        this.look = look;
        this.layer = layer;
        this.site = site;
        length = look.calibration().length();
        hidden = look.model().config().hidden();
        output = site.inAttention() ? DecoderGraph.attention(layer) : DecoderGraph.feedForward(layer);
        SameDiff graph = DecoderGraph.grid(look.model().config(), look.model().adapters(), Set.of(site), Set.of(layer), false);
        points = thresholds + 1;
        Program fitting = compile(graph);
        while (fitting.arenaBytes() > ARENA_BYTES && points > 2) {
            points = points / 2 + 1;
            fitting = compile(graph);
        }
        program = fitting;
    }

    private Program compile(SameDiff graph) {
        return Program.of(graph, look.device()).placeholder(DecoderGraph.INPUT_IDS, 1, length).placeholder(DecoderGraph.POSITIONS, 1, length)
                .placeholder(DecoderGraph.TOKEN_MASK, 1, length).placeholder(DecoderGraph.rule(layer, site), points)
                .placeholder(DecoderGraph.parameters(layer, site), points, 1).outputs(output).build();
    }

    /**
     * The errors.
     *
     * @param thresholds θ of each, 0 or more; infinite leaves out all
     * @throws InterruptedRunException if it was asked to stop
     * @throws RunException if the block's numbers are not finite
     */
    double[] of(double[] thresholds) {
        Instance run = program.instance(look.model().parameters().values(), null);
        int[] codes = new int[points];
        Arrays.fill(codes, Rules.byName("threshold").code());
        float[] ones = new float[length];
        Arrays.fill(ones, 1);
        run.tensor(DecoderGraph.rule(layer, site)).set(codes);
        run.tensor(DecoderGraph.TOKEN_MASK).set(ones);
        for (int t = 0; t < length; t++) {
            run.tensor(DecoderGraph.POSITIONS).ints().put(t, t);
        }
        Batch texts = look.calibration();
        double[] sums = new double[thresholds.length];
        look.watch().begin("errors at " + site.key() + " of layer " + layer, texts.inputs().length);
        try {
            for (int text = 0; text < texts.rows(); text++) {
                look.askToStop();
                run.tensor(DecoderGraph.INPUT_IDS).ints().put(0, texts.inputs(), text * length, length);
                for (int first = 0; first < thresholds.length; first += points - 1) {
                    // A threshold of 0 keeps all: the first point is the block without a rule, and the last one stands in for those that are not there.
                    double[] here = new double[points];
                    for (int p = 1; p < points; p++) {
                        here[p] = thresholds[Math.min(first + p, thresholds.length) - 1];
                    }
                    run.tensor(DecoderGraph.parameters(layer, site)).set(here);
                    run.run();
                    add(run.tensor(output).floats(), text, first, sums);
                }
                look.watch().done(length);
            }
        } finally {
            look.watch().end();
        }
        return Arrays.stream(sums).map(sum -> sum / texts.inputs().length).toArray();
    }

    private void add(FloatBuffer outputs, int text, int first, double[] sums) {
        for (int p = 1; p < points && first + p <= sums.length; p++) {
            for (int t = 0; t < length; t++) {
                double off = 0;
                double whole = 0;
                for (int d = 0; d < hidden; d++) {
                    double dense = outputs.get(t * hidden + d);
                    double difference = outputs.get((p * length + t) * hidden + d) - dense;
                    off += difference * difference;
                    whole += dense * dense;
                }
                if (!Double.isFinite(off) || !Double.isFinite(whole)) {
                    throw new RunException(look.name() + ": the model's numbers overflow: " + output + " is not finite at token " + t
                            + " of window " + text);
                }
                sums[first + p - 1] += off == 0 ? 0 : whole == 0 ? 1 : Math.sqrt(off / whole);
            }
        }
    }
}
