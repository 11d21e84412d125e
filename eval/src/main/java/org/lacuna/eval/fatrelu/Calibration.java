package org.lacuna.eval.fatrelu;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.lacuna.data.Batch;
import org.lacuna.graph.Device;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Program;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Model;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.graph.DecoderGraph;
import org.lacuna.model.graph.DecoderParameters;
import org.lacuna.run.InputException;
import org.lacuna.run.InterruptedRunException;
import org.lacuna.run.RunException;
import org.lacuna.sparsity.Site;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * Thresholds found for a model.
 *
 * <p>Each layer by itself, on what goes into it in the model without thresholds: the largest threshold on its gate whose mean error (CETT, see
 * {@link LayerGates}) stays within a bound. The gate of a block without one is its only activation. Neither thresholds nor errors depend on
 * the number of workers.
 *
 * @param tokens     on how many tokens
 * @param thresholds a layer each
 * @param cett       a layer each: the mean error at its threshold
 */
public record Calibration(int tokens, List<Double> thresholds, List<Double> cett) {
    /** Gates that are held at a time, those of one layer: 12 bytes each at most. */
    private static final int MOST_GATES = 1 << 23;

    /**
     * Refuses a model that can't have thresholds.
     *
     * @param name what messages call it
     * @throws InputException if its activation is not ReLU, or its family can't store them
     */
    public static void check(String name, ModelConfig config) {
        if (!config.feedForward().activation().equals(FeedForward.RELU)) {
            throw new InputException(name + ": the activation of its feed-forward blocks is " + config.feedForward().activation()
                    + ", and only relu can have thresholds; train it with model.activation=relu first");
        }
        List<Double> zeros = new ArrayList<>();
        for (int layer = 0; layer < config.layers(); layer++) {
            zeros.add(0.0);
        }
        config.withThresholds(zeros).check(name, key -> key);
    }

    /**
     * Finds them.
     *
     * @param name    what messages call the model
     * @param model   {@link #check checked}, without thresholds
     * @param windows of which the first tokens are taken: all, or as many as can be held
     * @param most    the bound on each layer's mean error, above 0 and below 1
     * @param stop    asked between windows
     * @throws InterruptedRunException if it was asked to stop
     * @throws RunException if the model's numbers are not finite
     */
    public static Calibration of(String name, Model model, Device device, Workers workers, Batch windows, double most, BooleanSupplier stop) {
        int tokens = Math.min(windows.inputs().length, Math.max(1, MOST_GATES / model.config().intermediate()));
        SameDiff graph = DecoderGraph.logits(model.config());
        List<Double> thresholds = new ArrayList<>();
        List<Double> cett = new ArrayList<>();
        for (int layer = 0; layer < model.config().layers(); layer++) {
            LayerGates gates = new Layer(name, model, graph, device, windows, tokens, layer).gates(workers, stop);
            float threshold = gates.threshold(most);
            thresholds.add((double) threshold);
            cett.add(gates.cett(threshold));
        }
        return new Calibration(tokens, List.copyOf(thresholds), List.copyOf(cett));
    }

    /** One layer's vectors, window by window: what is not needed for them is not computed. */
    private static final class Layer {
        private final String name;
        private final Model model;
        private final Batch windows;
        private final int tokens;
        private final int layer;
        private final String gate;
        private final String intermediate;
        private final Program program;

        private Layer(String name, Model model, SameDiff graph, Device device, Batch windows, int tokens, int layer) {
            this.name = name;
            this.model = model;
            this.windows = windows;
            this.tokens = tokens;
            this.layer = layer;
            intermediate = DecoderGraph.site(layer, Site.INTERMEDIATE);
            gate = model.config().feedForward().gated() ? DecoderGraph.site(layer, Site.GATE) : intermediate;
            program = Program.of(graph, device).placeholder(DecoderGraph.INPUT_IDS, 1, windows.length()).placeholder(DecoderGraph.POSITIONS, 1, windows.length())
                    .outputs(gate, intermediate).build();
        }

        private LayerGates gates(Workers workers, BooleanSupplier stop) {
            LayerGates found = new LayerGates(tokens);
            int count = (tokens + windows.length() - 1) / windows.length();
            AtomicInteger next = new AtomicInteger();
            workers.run(Math.min(workers.count(), count), part -> {
                Instance run = program.instance(model.parameters().values(), null);
                for (int position = 0; position < windows.length(); position++) {
                    run.tensor(DecoderGraph.POSITIONS).ints().put(position, position);
                }
                for (int window = next.getAndIncrement(); window < count; window = next.getAndIncrement()) {
                    if (stop.getAsBoolean()) {
                        throw new InterruptedRunException("stopped at layer " + layer + " of " + name);
                    }
                    run.tensor(DecoderGraph.INPUT_IDS).ints().put(0, windows.inputs(), window * windows.length(), windows.length());
                    run.run();
                    look(run, window, found);
                }
            });
            return found;
        }

        private void look(Instance run, int window, LayerGates found) {
            int inner = model.config().intermediate();
            FloatBuffer g = run.tensor(gate).floats();
            FloatBuffer i = run.tensor(intermediate).floats();
            FloatBuffer down = model.parameters().tensor(DecoderParameters.weight(DecoderParameters.module(layer, "mlp.down_proj"))).floats();
            int first = window * windows.length();
            for (int t = 0; t < windows.length() && first + t < tokens; t++) {
                if (!found.set(first + t, g, i, t * inner, inner, down, model.config().hidden())) {
                    throw new RunException(name + ": the model's numbers overflow: " + run.firstNonFinite().orElse("what layer " + layer + "'s down projection gives")
                            + " is not finite at token " + t + " of window " + window);
                }
            }
        }
    }

    /** The same lists, never changed. */
    public Calibration {
        thresholds = List.copyOf(thresholds);
        cett = List.copyOf(cett);
    }
}
