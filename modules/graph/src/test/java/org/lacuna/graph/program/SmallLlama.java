package org.lacuna.graph.program;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.Precision;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.activation.Activations;
import org.lacuna.graph.op.Add;
import org.lacuna.graph.op.Attention;
import org.lacuna.graph.op.AttentionMask;
import org.lacuna.graph.op.Embedding;
import org.lacuna.graph.op.Gated;
import org.lacuna.graph.op.LacunaOps;
import org.lacuna.graph.op.Linear;
import org.lacuna.graph.op.LmHeadLoss;
import org.lacuna.graph.op.RmsNorm;
import org.lacuna.graph.op.Rotary;
import org.lacuna.graph.op.RotaryFrequencies;
import org.lacuna.graph.op.RotaryTable;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;

/** A Llama of few, odd sizes with tied embeddings, put together from the ops. Layer i's variables begin with {@code i.}. */
final class SmallLlama {
    static final int BATCH = 2;
    static final int LENGTH = 5;
    private static final int HEADS = 3;
    private static final int HEAD = 6;
    private static final int HIDDEN = HEADS * HEAD;
    private static final int INNER = 21;
    private static final int VOCABULARY = 37;

    final SameDiff sd = SameDiff.create();
    private final Map<String, TensorSpec> parameters = new LinkedHashMap<>();

    SmallLlama(int layers) {
        LacunaOps.register();
        SDVariable words = parameter("words", VOCABULARY, HIDDEN);
        SDVariable table = RotaryTable.of(sd, "table", sd.placeHolder("positions", DataType.INT, BATCH, LENGTH), RotaryFrequencies.plain(HEAD, 10_000));
        SDVariable h = Embedding.of(sd, "x", words, sd.placeHolder("ids", DataType.INT, BATCH, LENGTH));
        for (int i = 0; i < layers; i++) {
            h = feedForward(i + ".", attention(i + ".", h, table));
        }
        SDVariable last = RmsNorm.of(sd, "last", h, parameter("last.weight", HIDDEN), 1e-5);
        LmHeadLoss.of(sd, "loss", "nll", last, words, sd.placeHolder("targets", DataType.INT, BATCH, LENGTH), sd.placeHolder("weight", DataType.FLOAT, BATCH, LENGTH));
        sd.setLossVariables("loss");
    }

    private SDVariable parameter(String name, long... shape) {
        parameters.put(name, new TensorSpec(name, DataType.FLOAT, shape));
        return sd.var(name, DataType.FLOAT, shape);
    }

    private SDVariable attention(String at, SDVariable h, SDVariable table) {
        SDVariable x = RmsNorm.of(sd, at + "norm", h, parameter(at + "norm.weight", HIDDEN), 1e-5);
        SDVariable[] qkv = Linear.of(sd, List.of(at + "q", at + "k", at + "v"), x,
                List.of(parameter(at + "wq", HIDDEN, HIDDEN), parameter(at + "wk", HEAD, HIDDEN), parameter(at + "wv", HEAD, HIDDEN)), List.of());
        SDVariable q = Rotary.of(sd, at + "q.turned", qkv[0], table, HEAD);
        SDVariable k = Rotary.of(sd, at + "k.turned", qkv[1], table, HEAD);
        SDVariable y = Attention.of(sd, at + "heads", q, k, qkv[2], HEADS, 1, AttentionMask.causal(), 0.4)[0];
        return Add.of(sd, at + "middle", h, Linear.of(sd, at + "projected", y, parameter(at + "wo", HIDDEN, HIDDEN)));
    }

    private SDVariable feedForward(String at, SDVariable h) {
        SDVariable x = RmsNorm.of(sd, at + "input", h, parameter(at + "input.weight", HIDDEN), 1e-5);
        SDVariable[] zu = Linear.of(sd, List.of(at + "gate", at + "up"), x, List.of(parameter(at + "wg", INNER, HIDDEN), parameter(at + "wu", INNER, HIDDEN)), List.of());
        SDVariable i = Gated.of(sd, at + "intermediate", Activations.byName("silu"), zu[0], zu[1]);
        return Add.of(sd, at + "output", h, Linear.of(sd, at + "down", i, parameter(at + "wd", HIDDEN, INNER)));
    }

    /** A program's builder that knows the placeholders. */
    Program.Builder program(Device device, Precision precision) {
        return Program.of(sd, device).placeholder("ids", BATCH, LENGTH).placeholder("positions", BATCH, LENGTH).placeholder("targets", BATCH, LENGTH)
                .placeholder("weight", BATCH, LENGTH).precision(precision);
    }

    /** The parameters, the same ones each time. */
    ParameterStore store(Device device) {
        ParameterStore store = new ParameterStore(device, new ArrayList<>(parameters.values()));
        Random random = new Random(1);
        store.names().forEach(name -> store.normal(name, 0.5, random));
        return store;
    }

    /** Fills the placeholders, runs, and returns the declared outputs and the gradients. */
    static Map<String, float[]> run(Program program, Instance instance, ParameterStore store, ParameterStore.Flat gradients) {
        Random random = new Random(2);
        instance.tensor("ids").set(random.ints(BATCH * LENGTH, 0, VOCABULARY).toArray());
        instance.tensor("positions").set(IntStream.range(0, BATCH * LENGTH).map(i -> i % LENGTH).toArray());
        instance.tensor("targets").set(random.ints(BATCH * LENGTH, 0, VOCABULARY).toArray());
        for (int i = 0; i < BATCH * LENGTH; i++) {
            instance.tensor("weight").setFloat(i, 0.1f);
        }
        instance.run();
        Map<String, float[]> results = new LinkedHashMap<>();
        program.outputs().forEach(name -> results.put(name, instance.tensor(name).toFloats()));
        if (gradients != null) {
            store.names().forEach(name -> results.put("gradient of " + name, gradients.tensor(name).toFloats()));
        }
        return results;
    }

    /** The same of a new instance, with parameters as {@link #store} has them. */
    Map<String, float[]> run(Program program, Device device) {
        ParameterStore store = store(device);
        ParameterStore.Flat gradients = store.like();
        return run(program, program.instance(store.values(), gradients), store, gradients);
    }

    static void assertSameBits(Map<String, float[]> expected, Map<String, float[]> found) {
        assertEquals(expected.keySet(), found.keySet());
        expected.forEach((name, values) -> assertArrayEquals(values, found.get(name), name));
    }
}
