package org.lacuna.eval.robustness;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Program;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.graph.DecoderGraph;
import org.lacuna.model.graph.LowRank;
import org.lacuna.sparsity.Site;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * What computes some points of a grid for some windows in one call, compiled; it takes no memory yet. How many are computed together follows
 * from the model, the grid and the windows, never from the workers, so neither do the bits.
 */
final class GridProgram {
    /** Rows (points × windows × tokens) that are computed together where a window and the grid are small enough for it to be a choice. */
    private static final int ROWS = 4096;
    /** An instance's memory; with more, fewer points, then fewer windows are computed together. */
    private static final long ARENA_BYTES = 64L << 20;
    /** Numbers that are fed for each token, INPUT_IDS, POSITIONS and TOKEN_MASK, and for each of its points, TARGETS and TOKEN_WEIGHT. */
    private static final int FED = 3;
    private static final int FED_POINT = 2;

    private final ModelConfig config;
    private final Set<Site> sites;
    private final LayerSet in;
    private final List<Integer> layers;
    private final int windows;
    private final int grid;
    private final int length;
    private final int channelRows;
    private final boolean branched;
    private final int points;
    private final int rows;
    private final Program program;
    private Instance[] held = {};

    /** The same with a text in each window. */
    GridProgram(ModelConfig config, LowRank adapters, Device device, Set<Site> sites, LayerSet layers, int grid, int windows, int length, boolean observe,
            int channelRows) {
        this(config, adapters, device, sites, layers, grid, windows, length, observe, channelRows, false);
    }

    /**
     * Compiles.
     *
     * @param adapters of the model
     * @param sites   with a rule each
     * @param layers  in which
     * @param grid    points
     * @param windows how many
     * @param length  tokens in each
     * @param observe whether the intermediate vectors can be read
     * @param channelRows {@link Treatment#channelRows}
     * @param branched whether windows hold texts that share what they begin with
     */
    GridProgram(ModelConfig config, LowRank adapters, Device device, Set<Site> sites, LayerSet layers, int grid, int windows, int length, boolean observe,
            int channelRows, boolean branched) {
        this.branched = branched;
        this.config = config;
        this.sites = sites;
        in = layers;
        this.layers = layers.of(config.layers());
        this.grid = grid;
        this.windows = windows;
        this.length = length;
        this.channelRows = channelRows;
        SameDiff graph = branched ? DecoderGraph.branchedGrid(config, adapters, sites, Set.copyOf(this.layers), channelRows > 0)
                : DecoderGraph.grid(config, adapters, sites, Set.copyOf(this.layers), channelRows > 0);
        int p = grid;
        int b = windowsTogether(device, ROWS / (p * length));
        Program fitting = compile(graph, device, p, b, observe);
        while (fitting.arenaBytes() > ARENA_BYTES && (p > 1 || b > windowsTogether(device, 1))) {
            b = p > 1 ? b : windowsTogether(device, b / 2);
            p = (p + 1) / 2;
            fitting = compile(graph, device, p, b, observe);
        }
        points = p;
        rows = b;
        program = fitting;
    }

    /** The number of windows nearest to the one wanted, from below, that fills matrices; at least what one matrix takes. */
    private int windowsTogether(Device device, int wanted) {
        int alike = device.rowsAlike();
        int step = alike / BigInteger.valueOf(alike).gcd(BigInteger.valueOf(length)).intValue();
        return Math.max(1, Math.min(windows, wanted) / step) * step;
    }

    private Program compile(SameDiff graph, Device device, int p, int b, boolean observe) {
        Program.Builder builder = Program.of(graph, device)
                .placeholder(DecoderGraph.INPUT_IDS, b, length)
                .placeholder(DecoderGraph.POSITIONS, b, length)
                .placeholder(DecoderGraph.TOKEN_MASK, b, length)
                .placeholder(DecoderGraph.TARGETS, (long) p * b, length)
                .placeholder(DecoderGraph.TOKEN_WEIGHT, (long) p * b, length);
        if (branched) {
            builder.placeholder(DecoderGraph.SPANS, b, length, 2);
        }
        List<String> outputs = new ArrayList<>(List.of(DecoderGraph.NLL, DecoderGraph.GREEDY));
        for (int layer = 0; layer < config.layers(); layer++) {
            for (Site site : layers.contains(layer) ? sites : Set.<Site>of()) {
                builder.placeholder(DecoderGraph.rule(layer, site), p).placeholder(DecoderGraph.parameters(layer, site), p, 1);
                if (channelRows > 0) {
                    builder.placeholder(DecoderGraph.channels(layer, site), channelRows == 1 ? 1 : b, config.width(site));
                }
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

    /** In which layers rules are. */
    LayerSet in() {
        return in;
    }

    /** Rows of channels. */
    int channelRows() {
        return channelRows;
    }

    /** Points of a call. */
    int points() {
        return points;
    }

    /** Windows of a call. */
    int rows() {
        return rows;
    }

    /** Calls for all windows at all points. */
    int chunks() {
        return pointChunks() * ((windows + rows - 1) / rows);
    }

    /** Calls for all points of some windows. */
    int pointChunks() {
        return (grid + points - 1) / points;
    }

    /** How many of a team find work. */
    int workers(int team) {
        return Math.min(team, chunks());
    }

    /** Makes the memory of all workers of a team that find work now; each sweep then computes in it. */
    void hold(ParameterStore parameters, int team) {
        held = new Instance[workers(team)];
        Arrays.setAll(held, part -> program.instance(parameters.values(), null));
    }

    /** Whether memory is held. */
    boolean holds() {
        return held.length > 0;
    }

    /** Memory for a worker: what is held for it, else new. */
    Instance instance(ParameterStore parameters, int part) {
        return part < held.length ? held[part] : program.instance(parameters.values(), null);
    }

    /** Bytes of an instance. */
    long bytes() {
        long tokens = (long) rows * length;
        long rules = (long) layers.size() * sites.size() * points * (Integer.BYTES + Double.BYTES);
        long channels = sites.stream().mapToLong(config::width).sum() * layers.size() * (channelRows > 1 ? rows : channelRows) * Float.BYTES;
        return program.arenaBytes() + tokens * (FED + (branched ? 2 : 0) + FED_POINT * points) * Float.BYTES + rules + channels;
    }
}
