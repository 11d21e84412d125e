package org.lacuna.eval.robustness;

import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.lacuna.data.Batch;
import org.lacuna.graph.Device;
import org.lacuna.graph.op.NonFiniteRowException;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Model;
import org.lacuna.model.config.Experts;
import org.lacuna.model.graph.DecoderGraph;
import org.lacuna.run.InterruptedRunException;
import org.lacuna.run.RunException;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.rule.Rule;

/**
 * Windows through a model, for every p of a grid at once: P points × B windows are one call of a program, in which the points share what
 * lies below the first sparsified vector.
 *
 * <p>Legend: B windows, T tokens, P points.
 */
public final class Sweep {
    private final String name;
    private final Model model;
    private final Batch windows;
    private final Set<Site> sites;
    private final Rule rule;
    private final List<Double> grid;
    private final boolean observe;
    private final Optional<Experts> experts;
    private final int length;
    private final GridProgram program;
    private final double[][] lossSums;
    private final Map<Site, long[][][]> kept = new EnumMap<>(Site.class);
    private final boolean[][] alive;

    /**
     * Compiles.
     *
     * @param name    what messages call the model
     * @param grid    a p for each point
     * @param observe whether to watch which intermediate neurons are ever not 0 (with a single point only)
     */
    public Sweep(String name, Model model, Device device, Batch windows, Set<Site> sites, Rule rule, List<Double> grid, boolean observe) {
        this(name, model, windows, sites, rule, grid, observe, new GridProgram(model.config(), model.adapters(), device, sites, grid.size(), windows.rows(), windows.length(), observe));
    }

    /** @param program of the model, these sites, as many points and such windows */
    Sweep(String name, Model model, Batch windows, Set<Site> sites, Rule rule, List<Double> grid, boolean observe, GridProgram program) {
        this.name = name;
        this.model = model;
        this.windows = windows;
        this.sites = sites;
        this.rule = rule;
        this.grid = grid;
        this.observe = observe;
        this.program = program;
        length = windows.length();
        experts = model.config().feedForward().experts();
        lossSums = new double[grid.size()][windows.rows()];
        sites.forEach(site -> kept.put(site, new long[grid.size()][model.config().layers()][windows.rows()]));
        alive = new boolean[model.config().layers()][model.config().intermediate() * experts.map(Experts::count).orElse(1)];
    }

    /**
     * Runs all windows through all points. Another run gives the same again.
     *
     * @throws InterruptedRunException if it was asked to stop
     * @throws RunException if a vector that the rule sees or a window's loss is not finite
     */
    public void run(Workers workers, BooleanSupplier stop) {
        int pointChunks = program.pointChunks();
        int chunks = program.chunks();
        AtomicInteger next = new AtomicInteger();
        workers.run(program.workers(workers.count()), part -> {
            Instance run = program.instance(model.parameters(), part);
            boolean[][] seen = new boolean[alive.length][alive[0].length];
            for (int chunk = next.getAndIncrement(); chunk < chunks; chunk = next.getAndIncrement()) {
                if (stop.getAsBoolean()) {
                    throw new InterruptedRunException("stopped while measuring " + name);
                }
                run(run, chunk % pointChunks * program.points(), chunk / pointChunks * program.rows(), seen);
            }
            merge(seen);
        });
    }

    /** Whether it computes in memory that is there before it and after it. */
    boolean holdsMemory() {
        return program.holds();
    }

    private void run(Instance run, int firstPoint, int firstWindow, boolean[][] seen) {
        int rows = program.rows();
        int count = Math.min(rows, windows.rows() - firstWindow);
        fill(run, firstPoint, firstWindow, count);
        try {
            run.run();
        } catch (NonFiniteRowException e) {
            // Where there are experts, a row may be one of a token's several.
            String where = experts.isPresent() ? "in windows " + firstWindow + " to " + (firstWindow + count - 1)
                    : "at token " + e.row() % length + " of window " + (firstWindow + e.row() / length % rows);
            throw new RunException(name + ": the model's numbers overflow: " + run.firstNonFinite().orElse("a vector in a feed-forward block") + " is not finite " + where, e);
        }
        int pointsHere = Math.min(program.points(), grid.size() - firstPoint);
        FloatBuffer nll = run.tensor(DecoderGraph.NLL).floats();
        for (int p = 0; p < pointsHere; p++) {
            for (int w = 0; w < count; w++) {
                int from = (p * rows + w) * length;
                double sum = 0;
                for (int t = 0; t < length; t++) {
                    sum += nll.get(from + t);
                }
                if (!Double.isFinite(sum)) {
                    throw new RunException(String.format(Locale.ROOT, "%s: the model's loss is not finite (%s in window %d, rule %s, p = %s): %s overflows",
                            name, sum, firstWindow + w, rule.name(), grid.get(firstPoint + p), run.firstNonFinite().orElse("the sum over its tokens")));
                }
                lossSums[firstPoint + p][firstWindow + w] = sum;
            }
        }
        for (int layer = 0; layer < alive.length; layer++) {
            for (Site site : sites) {
                IntBuffer counts = run.tensor(DecoderGraph.kept(layer, site)).ints();
                for (int p = 0; p < pointsHere; p++) {
                    for (int w = 0; w < count; w++) {
                        int rowsOfWindow = length * model.config().feedForward().rowsPerToken(site);
                        kept.get(site)[firstPoint + p][layer][firstWindow + w] = sum(counts, (p * rows + w) * rowsOfWindow, rowsOfWindow);
                    }
                }
            }
            if (observe) {
                int vectors = count * length * model.config().feedForward().rowsPerToken(Site.INTERMEDIATE);
                IntBuffer chosen = experts.isPresent() ? run.tensor(DecoderGraph.experts(layer)).ints() : null;
                watch(run.tensor(DecoderGraph.site(layer, Site.INTERMEDIATE)).floats(), vectors, model.config().intermediate(), chosen, seen[layer]);
            }
        }
    }

    private void fill(Instance run, int firstPoint, int firstWindow, int count) {
        int rows = program.rows();
        int points = program.points();
        IntBuffer ids = run.tensor(DecoderGraph.INPUT_IDS).ints();
        IntBuffer positions = run.tensor(DecoderGraph.POSITIONS).ints();
        FloatBuffer mask = run.tensor(DecoderGraph.TOKEN_MASK).floats();
        IntBuffer targets = run.tensor(DecoderGraph.TARGETS).ints();
        FloatBuffer weights = run.tensor(DecoderGraph.TOKEN_WEIGHT).floats();
        int filled = count * length;
        ids.put(0, windows.inputs(), firstWindow * length, filled);
        for (int i = 0; i < rows * length; i++) {
            positions.put(i, i % length);
            // The last call may have fewer windows: what stands in for the rest is padding.
            mask.put(i, i < filled ? 1 : 0);
            if (i >= filled) {
                ids.put(i, 0);
            }
        }
        for (int p = 0; p < points; p++) {
            int from = p * rows * length;
            targets.put(from, windows.targets(), firstWindow * length, filled);
            for (int i = 0; i < rows * length; i++) {
                weights.put(from + i, i < filled ? 1 : 0);
                if (i >= filled) {
                    targets.put(from + i, Batch.NOT_SCORED);
                }
            }
        }
        int[] codes = new int[points];
        double[] parameters = new double[points];
        for (int p = 0; p < points; p++) {
            codes[p] = rule.code();
            parameters[p] = grid.get(Math.min(firstPoint + p, grid.size() - 1));
        }
        for (int layer = 0; layer < alive.length; layer++) {
            for (Site site : sites) {
                run.tensor(DecoderGraph.rule(layer, site)).set(codes);
                run.tensor(DecoderGraph.parameters(layer, site)).set(parameters);
            }
        }
    }

    private static long sum(IntBuffer counts, int from, int count) {
        long sum = 0;
        for (int t = 0; t < count; t++) {
            sum += counts.get(from + t);
        }
        return sum;
    }

    /** Notes which neurons of {@code vectors} are not 0: those of a vector's expert where there are experts. */
    private static void watch(FloatBuffer values, int vectors, int width, IntBuffer experts, boolean[] seen) {
        for (int t = 0; t < vectors; t++) {
            int from = experts == null ? 0 : experts.get(t) * width;
            for (int j = 0; j < width; j++) {
                seen[from + j] |= values.get(t * width + j) != 0;
            }
        }
    }

    private synchronized void merge(boolean[][] seen) {
        for (int layer = 0; layer < seen.length; layer++) {
            for (int j = 0; j < seen[layer].length; j++) {
                alive[layer][j] |= seen[layer][j];
            }
        }
    }

    /** Sum of the loss over each window's tokens at a point, nats. */
    double[] lossSums(int point) {
        return lossSums[point];
    }

    /** Elements of a site that are not 0 after the rule, at a point: [layers][windows]. */
    long[][] kept(Site site, int point) {
        return kept.get(site)[point];
    }

    /** Whether an intermediate neuron was ever not 0: [layers][F], [layers][E · F] where there are E experts. */
    boolean[][] alive() {
        return alive;
    }
}
