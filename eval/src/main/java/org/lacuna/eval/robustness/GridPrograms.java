package org.lacuna.eval.robustness;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.lacuna.eval.memory.ForwardMemory;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.graph.LowRank;
import org.lacuna.sparsity.Site;

/** All that is compiled to measure one model on some windows, each when it is first asked for. It takes no memory yet. */
public final class GridPrograms {
    private final ModelConfig config;
    private final LowRank adapters;
    private final Device device;
    private final int windows;
    private final int length;
    private final boolean branched;
    private final Map<SiteSet, GridProgram> curves = new EnumMap<>(SiteSet.class);
    private int grid;
    private int channels;
    private LayerSet layers = LayerSet.ALL;
    private final Map<Set<Site>, GridProgram> dense = new HashMap<>();
    private JointGrid jointGrid;
    private GridProgram joint;

    /**
     * Compiles nothing yet.
     *
     * @param windows how many
     * @param length  tokens in each
     */
    public GridPrograms(ModelConfig config, Device device, int windows, int length) {
        this(config, LowRank.none(), device, windows, length);
    }

    /** The same of a model with adapters. */
    public GridPrograms(ModelConfig config, LowRank adapters, Device device, int windows, int length) {
        this(config, adapters, device, windows, length, false);
    }

    /** The same where windows hold texts that share what they begin with. */
    public GridPrograms(ModelConfig config, LowRank adapters, Device device, int windows, int length, boolean branched) {
        this.branched = branched;
        this.config = config;
        this.adapters = adapters;
        this.device = device;
        this.windows = windows;
        this.length = length;
    }

    /** Without a rule, the intermediate vectors watched, zeros counted at {@link Robustness#observed}. */
    GridProgram dense(List<SiteSet> curves) {
        return dense.computeIfAbsent(Robustness.observed(config, curves), sites -> new GridProgram(config, adapters, device, sites, LayerSet.ALL, 1, windows, length, true, 0, branched));
    }

    /** With a rule at some sites in some layers, with {@link Treatment#channelRows}. */
    GridProgram curve(SiteSet sites, LayerSet in, int points, int channelRows) {
        if (points != grid || channelRows != channels || !in.equals(layers)) {
            curves.clear();
            grid = points;
            channels = channelRows;
            layers = in;
        }
        return curves.computeIfAbsent(sites, s -> new GridProgram(config, adapters, device, s.sites(), in, points, windows, length, false, channelRows, branched));
    }

    /** With a rule at each of a joint grid's sites. */
    GridProgram joint(JointGrid of, LayerSet in, int channelRows) {
        if (joint == null || !of.equals(jointGrid) || !in.equals(joint.in()) || channelRows != joint.channelRows()) {
            jointGrid = of;
            joint = new GridProgram(config, adapters, device, of.sites(), in, of.points().size(), windows, length, false, channelRows);
        }
        return joint;
    }

    /**
     * What the measurement holds: one curve after the other is measured, so the largest counts.
     *
     * @param settings with sites and layers that the model has
     * @param team how many workers there are
     */
    public ForwardMemory memory(Settings settings, int team) {
        return memory(settings, 0, team);
    }

    /** The same with {@link Treatment#channelRows}. */
    public ForwardMemory memory(Settings settings, int channelRows, int team) {
        GridProgram largest = dense(settings.sites());
        for (GridProgram program : all(settings, channelRows)) {
            largest = all(program, team) > all(largest, team) ? program : largest;
        }
        return ForwardMemory.of(config).with(largest.workers(team), all(largest, team));
    }

    /** What measuring without a rule alone holds. */
    public ForwardMemory denseMemory(int team) {
        GridProgram program = dense(List.of());
        return ForwardMemory.of(config).with(program.workers(team), all(program, team));
    }

    /**
     * Makes the memory of all programs now, to be computed in again and again: for a model that is measured while it changes.
     *
     * @param settings with sites and layers that the model has
     * @param team how many workers there are
     */
    public void hold(ParameterStore parameters, Settings settings, int team) {
        all(settings, 0).forEach(program -> program.hold(parameters, team));
    }

    /** What {@link #hold} makes, bytes beside the parameters. */
    public long heldBytes(Settings settings, int team) {
        return all(settings, 0).stream().mapToLong(program -> all(program, team)).sum();
    }

    private List<GridProgram> all(Settings settings, int channelRows) {
        List<GridProgram> all = new ArrayList<>(List.of(dense(settings.sites())));
        settings.sites().forEach(sites -> all.add(curve(sites, settings.layers(), settings.grid().size(), channelRows)));
        settings.joint().ifPresent(grid -> all.add(joint(grid, settings.layers(), channelRows)));
        return all;
    }

    private static long all(GridProgram program, int team) {
        return program.workers(team) * program.bytes();
    }
}
