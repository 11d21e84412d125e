package org.lacuna.training;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.function.IntConsumer;
import org.lacuna.data.Batch;
import org.lacuna.graph.FlatMath;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.NonFiniteRowException;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Program;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.graph.DecoderGraph;
import org.lacuna.model.config.FeedForwardSite;

/** Loss and exact zeros over fixed windows, forward only. */
public final class Validation {
    private final ObjectiveGraph graph;
    private final Batch windows;
    private final int rows;
    private final int pieces;
    private final Workers workers;
    private final boolean together;
    /** Null where the program reads no parameter in bf16. */
    private final FlatMath.Pass rounding;
    private final Instance[] runs;
    private final double[] loss;
    private final ActivityCounts[] activityOfRun;
    private final ActivityCounts activity;
    private final ByteBuffer[][] active;
    private final IntConsumer runShard = s -> runPieces(s, null);

    /**
     * What was measured; NaN where a mask of the model was given what is not finite.
     *
     * @param loss mean −ln p over the scored tokens, nats
     * @param zeros exact zeros in the intermediate vectors / their elements
     * @param dead elements of the layers' intermediate vectors that were 0 at every scored token / their number
     * @param tokens how many were scored
     */
    public record Result(double loss, double zeros, double dead, int tokens) {}

    /**
     * Makes the memory.
     *
     * @param program forward only, of {@code rows} windows
     * @param shards how many pieces run side by side
     */
    Validation(ObjectiveGraph graph, Program program, ParameterStore store, FlatMath math, Batch windows, int rows, int shards, Workers workers) {
        this.graph = graph;
        this.windows = windows;
        this.rows = rows;
        this.workers = workers;
        together = workers.count() > shards;
        pieces = pieces(windows.rows(), rows);
        loss = new double[pieces];
        ParameterStore.Rounded rounded = program.readsRounded() ? store.values().rounded() : null;
        rounding = rounded == null ? null : math.round(store.values(), rounded);
        runs = new Instance[runs(windows.rows(), rows, shards)];
        for (int i = 0; i < runs.length; i++) {
            runs[i] = program.instance(store.values(), rounded, null);
            ObjectiveGraph.fillPositions(runs[i].tensor(DecoderGraph.POSITIONS));
        }
        activity = new ActivityCounts(graph);
        activityOfRun = new ActivityCounts[runs.length];
        Arrays.setAll(activityOfRun, i -> new ActivityCounts(graph));
        active = Arrays.stream(runs).map(run -> ActivityCounts.outputs(run, graph)).toArray(ByteBuffer[][]::new);
    }

    private static int pieces(int windows, int rows) {
        return (windows + rows - 1) / rows;
    }

    /** How many pieces of {@code rows} windows run side by side, each in memory of its own. */
    static int runs(int windows, int rows, int shards) {
        return Math.min(shards, pieces(windows, rows));
    }

    /** Measures the model as it is now. */
    public Result measure() {
        if (rounding != null) {
            workers.run(rounding.blocks(), rounding);
        }
        for (ActivityCounts counts : activityOfRun) {
            counts.clear();
        }
        int scored = windows.scored();
        try {
            runPieces();
        } catch (NonFiniteRowException e) { // of a model's masks: without them the loss would be no number
            return new Result(Double.NaN, Double.NaN, Double.NaN, scored);
        }
        double lossSum = 0;
        for (int piece = 0; piece < pieces; piece++) {
            lossSum += loss[piece];
        }
        activity.clear();
        for (ActivityCounts counts : activityOfRun) {
            activity.add(counts);
        }
        return new Result(lossSum / scored, activity.zeros(FeedForwardSite.INTERMEDIATE, scored), activity.dead(), scored);
    }

    private void runPieces() {
        if (together) {
            for (int s = 0; s < runs.length; s++) {
                runPieces(s, workers);
            }
        } else {
            workers.run(runs.length, runShard);
        }
    }

    /** @param team that computes each piece together; null for the calling thread alone */
    private void runPieces(int s, Workers team) {
        for (int piece = s; piece < pieces; piece += runs.length) {
            run(runs[s], piece, team);
            activityOfRun[s].add(active[s]);
        }
    }

    private void run(Instance run, int piece, Workers team) {
        int length = windows.length();
        int from = piece * rows * length;
        int count = Math.min(rows, windows.rows() - piece * rows) * length;
        int size = rows * length;
        IntBuffer inputs = run.tensor(DecoderGraph.INPUT_IDS).ints();
        IntBuffer targets = run.tensor(DecoderGraph.TARGETS).ints();
        FloatBuffer weights = run.tensor(DecoderGraph.TOKEN_WEIGHT).floats();
        inputs.put(0, windows.inputs(), from, count);
        targets.put(0, windows.targets(), from, count);
        // The last piece may have fewer windows: the rest of it is not scored, and so not counted.
        for (int i = count; i < size; i++) {
            inputs.put(i, 0);
            targets.put(i, Batch.NOT_SCORED);
        }
        for (int i = 0; i < size; i++) {
            weights.put(i, targets.get(i) == Batch.NOT_SCORED ? 0 : 1);
        }
        run.run(team, null);
        Tensor nll = run.tensor(DecoderGraph.NLL);
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += nll.getFloat(i);
        }
        loss[piece] = sum;
    }
}
