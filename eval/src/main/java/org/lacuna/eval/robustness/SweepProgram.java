package org.lacuna.eval.robustness;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.lacuna.graph.Device;
import org.lacuna.graph.program.Program;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.graph.DecoderGraph;
import org.lacuna.sparsity.Site;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * What a {@link Sweep} computes at a time, compiled: it takes no memory yet.
 *
 * @param points of the grid
 * @param windows through all of them
 * @param length tokens in a window
 * @param sites where each layer has a rule
 * @param layers of the model
 */
record SweepProgram(int points, int windows, int length, int sites, int layers, Program program) {
    /** Rows (points × windows × tokens) that are computed together where a window and the grid are small enough for it to be a choice. */
    private static final int ROWS = 4096;
    /** An instance's memory; with more, fewer points, then fewer windows are computed together. */
    private static final long ARENA_BYTES = 64L << 20;

    /**
     * Compiles for as many points and windows as are fast together.
     *
     * @param windows  how many there are
     * @param length   tokens in each
     * @param grid     how many points there are
     * @param observe  whether the vectors that the down projections read are to be looked at
     */
    static SweepProgram fitting(ModelConfig config, Device device, int windows, int length, Set<Site> sites, int grid, boolean observe) {
        SameDiff graph = DecoderGraph.grid(config, sites);
        int p = grid;
        int b = together(device, windows, length, ROWS / (p * length));
        Program fitting = compile(graph, config, device, p, b, length, sites, observe);
        while (fitting.arenaBytes() > ARENA_BYTES && (p > 1 || b > together(device, windows, length, 1))) {
            b = p > 1 ? b : together(device, windows, length, b / 2);
            p = (p + 1) / 2;
            fitting = compile(graph, config, device, p, b, length, sites, observe);
        }
        return new SweepProgram(p, b, length, sites.size(), config.layers(), fitting);
    }

    /** The number of windows nearest to the one wanted, from below, that fills matrices; at least what one matrix takes. */
    private static int together(Device device, int windows, int length, int wanted) {
        int rows = device.rowsAlike();
        int step = rows / BigInteger.valueOf(rows).gcd(BigInteger.valueOf(length)).intValue();
        return Math.max(1, Math.min(windows, wanted) / step) * step;
    }

    private static Program compile(SameDiff graph, ModelConfig config, Device device, int p, int b, int length, Set<Site> sites, boolean observe) {
        Program.Builder builder = Program.of(graph, device)
                .placeholder(DecoderGraph.INPUT_IDS, b, length)
                .placeholder(DecoderGraph.POSITIONS, b, length)
                .placeholder(DecoderGraph.TOKEN_MASK, b, length)
                .placeholder(DecoderGraph.TARGETS, (long) p * b, length)
                .placeholder(DecoderGraph.TOKEN_WEIGHT, (long) p * b, length);
        List<String> outputs = new ArrayList<>(List.of(DecoderGraph.NLL));
        for (int layer = 0; layer < config.layers(); layer++) {
            for (Site site : sites) {
                builder.placeholder(DecoderGraph.rule(layer, site), p).placeholder(DecoderGraph.parameters(layer, site), p, 1);
                outputs.add(DecoderGraph.kept(layer, site));
            }
            if (observe) {
                outputs.add(DecoderGraph.site(layer, Site.INTERMEDIATE));
                if (config.feedForward().experts().isPresent()) {
                    outputs.add(DecoderGraph.experts(layer));
                }
            }
        }
        return builder.outputs(outputs.toArray(String[]::new)).build();
    }

    /** How many calls so many windows and points of a grid take. */
    static int chunks(int windows, int windowsTogether, int grid, int pointsTogether) {
        return (windows + windowsTogether - 1) / windowsTogether * ((grid + pointsTogether - 1) / pointsTogether);
    }

    /** Bytes that an instance holds: its arena and what it is fed. */
    long instanceBytes() {
        long narrow = (long) windows * length;
        long numbers = 3 * narrow + 2 * points * narrow + (long) layers * sites * points;
        return program.arenaBytes() + numbers * Float.BYTES + (long) layers * sites * points * Double.BYTES;
    }
}
