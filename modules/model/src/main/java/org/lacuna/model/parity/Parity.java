package org.lacuna.model.parity;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Program;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Model;
import org.lacuna.model.family.FileTensor;
import org.lacuna.model.graph.DecoderGraph;
import org.lacuna.model.graph.TrainingForm;
import org.lacuna.run.RunException;
import org.lacuna.run.provenance.Machine;
import org.nd4j.autodiff.samediff.SameDiff;

/** Computes in fp32 what another implementation computed from the same weights, and compares. */
public final class Parity {
    private final Model model;
    private final Expected expected;
    private final Device device;
    private final Workers team;
    private final Map<String, Compared> compared = new HashMap<>();

    private Parity(Model model, Expected expected, Device device, Workers team) {
        this.model = model;
        this.expected = expected;
        this.device = device;
        this.team = team;
    }

    /**
     * Compares every tensor of the file.
     *
     * @param expected opened for the model's config
     * @return in the file's order
     * @throws org.lacuna.run.InputException if an expected number is not finite
     * @throws RunException if this machine has not the memory to compute it
     */
    public static List<Compared> compare(Model model, Expected expected, Device device, Workers team) {
        Parity parity = new Parity(model, expected, device, team);
        List<Expected.Wanted> forward = new ArrayList<>();
        List<Expected.Wanted> backward = new ArrayList<>();
        for (Expected.Wanted w : expected.wanted()) {
            (w.quantity() == Quantity.LOSS || w.quantity() == Quantity.GRADIENTS ? backward : forward).add(w);
        }
        parity.forward(forward);
        parity.backward(backward);
        return expected.wanted().stream().map(w -> parity.compared.get(w.name())).toList();
    }

    private void forward(List<Expected.Wanted> wanted) {
        if (wanted.isEmpty()) {
            return;
        }
        String[] outputs = wanted.stream().map(w -> w.variable().orElseThrow()).toArray(String[]::new);
        Instance run = instance(program(DecoderGraph.logits(model.config())).outputs(outputs), null);
        run.run(team, null);
        for (Expected.Wanted w : wanted) {
            Tensor found = run.tensor(w.variable().orElseThrow());
            compared.put(w.name(), w.quantity() == Quantity.EXPERTS ? expected.compare(w, found.toInts()) : expected.compare(w, found.floats()));
        }
    }

    private void backward(List<Expected.Wanted> wanted) {
        if (wanted.isEmpty()) {
            return;
        }
        SameDiff graph = DecoderGraph.training(model.config(), TrainingForm.plain());
        graph.setLossVariables(DecoderGraph.LOSS);
        Program.Builder builder = program(graph).placeholder(DecoderGraph.TARGETS, expected.rows(), expected.length())
                .placeholder(DecoderGraph.TOKEN_WEIGHT, expected.rows(), expected.length()).outputs(DecoderGraph.LOSS);
        boolean differentiated = wanted.stream().anyMatch(w -> w.quantity() == Quantity.GRADIENTS);
        ParameterStore.Flat gradients = differentiated ? model.parameters().like() : null;
        Instance run = instance(differentiated ? builder.gradients() : builder, gradients);
        setTargets(run);
        run.run(team, null);
        for (Expected.Wanted w : wanted) {
            FloatBuffer found = w.weight().map(weight -> gradient(weight, gradients)).orElseGet(() -> run.tensor(DecoderGraph.LOSS).floats());
            compared.put(w.name(), expected.compare(w, found));
        }
    }

    private static FloatBuffer gradient(FileTensor weight, ParameterStore.Flat gradients) {
        FileTensor.Part whole = weight.whole();
        return whole == null ? FloatBuffer.wrap(weight.ofParameters(gradients::tensor))
                : gradients.tensor(whole.parameter()).floats().slice(Math.toIntExact(whole.first()), Math.toIntExact(weight.length()));
    }

    private Program.Builder program(SameDiff graph) {
        return Program.of(graph, device).panels(team.count())
                .placeholder(DecoderGraph.INPUT_IDS, expected.rows(), expected.length())
                .placeholder(DecoderGraph.POSITIONS, expected.rows(), expected.length());
    }

    private Instance instance(Program.Builder builder, ParameterStore.Flat gradients) {
        Program program = builder.build();
        checkMemory(program, gradients != null);
        Instance run = program.instance(model.parameters().values(), gradients);
        int length = expected.length();
        int[] positions = new int[expected.ids().length];
        Arrays.setAll(positions, i -> i % length);
        run.tensor(DecoderGraph.INPUT_IDS).set(expected.ids());
        run.tensor(DecoderGraph.POSITIONS).set(positions);
        return run;
    }

    /** Each position but a row's last one has the next token to predict. */
    private void setTargets(Instance run) {
        int[] ids = expected.ids();
        int last = expected.length() - 1;
        int[] targets = new int[ids.length];
        float[] weights = new float[ids.length];
        for (int i = 0; i < ids.length; i++) {
            boolean scored = i % expected.length() < last;
            targets[i] = scored ? ids[i + 1] : -1;
            weights[i] = scored ? (float) (1.0 / ((long) expected.rows() * last)) : 0;
        }
        run.tensor(DecoderGraph.TARGETS).set(targets);
        run.tensor(DecoderGraph.TOKEN_WEIGHT).set(weights);
    }

    /** Memory that is promised and not there ends the process without a word. */
    private void checkMemory(Program program, boolean gradients) {
        long machine = Machine.here().memoryBytes();
        long bytes = program.arenaBytes() + (gradients ? 2 : 1) * model.parameters().length() * Float.BYTES;
        if (machine > 0 && bytes > machine) {
            throw new RunException(String.format(Locale.ROOT, "%s: too large for this machine: computing %d windows of %d tokens takes %,d bytes, and there are %,d;"
                    + " make it of fewer or shorter windows, or without gradients", expected, expected.rows(), expected.length(), bytes, machine));
        }
    }
}
