package org.lacuna.graph.program;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.Precision;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.activation.Activations;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.op.Add;
import org.lacuna.graph.op.CombineExperts;
import org.lacuna.graph.op.Embedding;
import org.lacuna.graph.op.ExpertLinear;
import org.lacuna.graph.op.Gated;
import org.lacuna.graph.op.LacunaOps;
import org.lacuna.graph.op.Linear;
import org.lacuna.graph.op.LmHeadLoss;
import org.lacuna.graph.op.RmsNorm;
import org.lacuna.graph.op.Route;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A model whose one layer is a mixture of experts, compiled, saved, and by SameDiff's own execution. */
class ExpertsTest {
    private static final int BATCH = 2;
    private static final int LENGTH = 37;
    private static final int HIDDEN = 18;
    private static final int INNER = 21;
    private static final int VOCABULARY = 11;
    private static final int EXPERTS = 5;
    private static final int CHOSEN = 2;

    private final Device device = new CpuDevice();
    private final Map<String, TensorSpec> parameters = new LinkedHashMap<>();
    private final SameDiff graph = graph();

    private SDVariable parameter(SameDiff sd, String name, long... shape) {
        parameters.put(name, new TensorSpec(name, DataType.FLOAT, shape));
        return sd.var(name, DataType.FLOAT, shape);
    }

    private SameDiff graph() {
        LacunaOps.register();
        SameDiff sd = SameDiff.create();
        SDVariable x = Embedding.of(sd, "x", parameter(sd, "words", VOCABULARY, HIDDEN), sd.placeHolder("ids", DataType.INT, BATCH, LENGTH));
        SDVariable norm = RmsNorm.of(sd, "norm", x, parameter(sd, "norm.weight", HIDDEN), 1e-5);
        SDVariable[] routed = Route.of(sd, "experts", "weights", Linear.of(sd, "logits", norm, parameter(sd, "router", EXPERTS, HIDDEN)), CHOSEN, true);
        SDVariable[] zu = ExpertLinear.of(sd, List.of("gate", "up"), norm,
                List.of(parameter(sd, "wg", EXPERTS, INNER, HIDDEN), parameter(sd, "wu", EXPERTS, INNER, HIDDEN)), routed[0], true);
        SDVariable i = Gated.of(sd, "intermediate", Activations.byName("silu"), zu[0], zu[1]);
        SDVariable y = ExpertLinear.of(sd, "down", i, parameter(sd, "wd", EXPERTS, HIDDEN, INNER), routed[0], false);
        SDVariable sum = Add.of(sd, "sum", x, CombineExperts.of(sd, "z", y, routed[1]));
        SDVariable last = RmsNorm.of(sd, "last", sum, parameter(sd, "last.weight", HIDDEN), 1e-5);
        LmHeadLoss.of(sd, "loss", "nll", last, parameter(sd, "head", VOCABULARY, HIDDEN), sd.placeHolder("targets", DataType.INT, BATCH, LENGTH),
                sd.placeHolder("weight", DataType.FLOAT, BATCH, LENGTH));
        sd.setLossVariables("loss");
        return sd;
    }

    private ParameterStore store() {
        ParameterStore store = new ParameterStore(device, new ArrayList<>(parameters.values()));
        Random random = new Random(1);
        store.names().forEach(name -> store.normal(name, 0.5, random));
        return store;
    }

    private static Map<String, INDArray> fed() {
        Random random = new Random(2);
        Map<String, INDArray> fed = new LinkedHashMap<>();
        fed.put("ids", Nd4j.createFromArray(random.ints(BATCH * LENGTH, 0, VOCABULARY).toArray()).reshape(BATCH, LENGTH));
        fed.put("targets", Nd4j.createFromArray(random.ints(BATCH * LENGTH, 0, VOCABULARY).toArray()).reshape(BATCH, LENGTH));
        fed.put("weight", Nd4j.valueArrayOf(new long[] {BATCH, LENGTH}, 1.0 / (BATCH * LENGTH), DataType.FLOAT));
        return fed;
    }

    private Program.Builder program(SameDiff sd, Precision precision) {
        return Program.of(sd, device).precision(precision).placeholder("ids", BATCH, LENGTH).placeholder("targets", BATCH, LENGTH).placeholder("weight", BATCH, LENGTH)
                .outputs("loss", "nll", "z", "weights").gradients();
    }

    private static Map<String, float[]> run(Program program, Instance run, Workers team, ParameterStore store, ParameterStore.Flat gradients) {
        fed().forEach((name, value) -> {
            if (value.dataType() == DataType.INT) {
                run.tensor(name).set(value.dup('c').data().asInt());
            } else {
                run.tensor(name).set(value.dup('c').data().asFloat());
            }
        });
        run.run(team, null);
        Map<String, float[]> results = new LinkedHashMap<>();
        program.outputs().forEach(name -> results.put(name, run.tensor(name).toFloats()));
        store.names().forEach(name -> results.put("gradient of " + name, gradients.tensor(name).toFloats()));
        return results;
    }

    private Map<String, float[]> run(Program program, Workers team) {
        ParameterStore store = store();
        ParameterStore.Flat gradients = store.like();
        return run(program, program.instance(store.values(), gradients), team, store, gradients);
    }

    /** By the references, through SameDiff's own sessions. */
    private Map<String, float[]> bySameDiff(SameDiff sd) {
        ParameterStore store = store();
        store.names().forEach(name -> sd.associateArrayWithVariable(Nd4j.createFromArray(store.tensor(name).toFloats()).reshape(store.tensor(name).shape()), name));
        Map<String, float[]> results = new LinkedHashMap<>();
        sd.output(fed(), "loss", "nll", "z", "weights").forEach((name, value) -> results.put(name, value.dup('c').data().asFloat()));
        sd.calculateGradients(fed(), parameters.keySet()).forEach((name, value) -> results.put("gradient of " + name, value.dup('c').data().asFloat()));
        return results;
    }

    private static void assertClose(double tolerance, Map<String, float[]> expected, Map<String, float[]> found) {
        assertEquals(expected.keySet(), found.keySet());
        expected.forEach((name, values) -> {
            float largest = 0;
            for (float v : values) {
                largest = Math.max(largest, Math.abs(v));
            }
            for (int i = 0; i < values.length; i++) {
                assertTrue(Math.abs(values[i] - found.get(name)[i]) <= tolerance * largest + 1e-7,
                        name + "[" + i + "]: " + found.get(name)[i] + " for " + values[i] + ", the largest " + largest);
            }
        });
    }

    @Test
    void aProgramEqualsSameDiff() {
        Map<String, float[]> expected = bySameDiff(graph);
        assertTrue(expected.get("gradient of router")[0] != 0);
        assertClose(1e-5, expected, run(program(graph, Precision.FP32).build(), null));
    }

    @Test
    void aSavedGraphRunsTheSame(@TempDir Path folder) throws Exception {
        Map<String, float[]> expected = bySameDiff(graph);
        File file = folder.resolve("graph.fb").toFile();
        graph.save(file, false);
        SameDiff loaded = SameDiff.load(file, false);
        loaded.setLossVariables("loss");
        SmallLlama.assertSameBits(expected, bySameDiff(loaded));
        SmallLlama.assertSameBits(run(program(graph, Precision.FP32).build(), null), run(program(loaded, Precision.FP32).build(), null));
    }

    /** Twice: what a shape's first run leaves behind counts for nothing. */
    @ParameterizedTest
    @EnumSource(Precision.class)
    void aTeamsBitsAreThoseOfOneWorker(Precision precision) {
        Map<String, float[]> alone = run(program(graph, precision).build(), null);
        for (int workers : new int[] {2, 3}) {
            try (Workers team = new Workers(workers)) {
                Program program = program(graph, precision).panels(workers).build();
                SmallLlama.assertSameBits(alone, run(program, team));
                SmallLlama.assertSameBits(alone, run(program, team));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void deadMemoryIsNotRead(Precision precision) {
        Program program = program(graph, precision).build();
        ParameterStore store = store();
        ParameterStore.Flat gradients = store.like();
        SmallLlama.assertSameBits(run(program, null), run(program, program.debugInstance(store.values(), gradients), null, store, gradients));
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void recomputingGivesTheSameBits(Precision precision) {
        SmallLlama.assertSameBits(run(program(graph, precision).build(), null), run(program(graph, precision).recompute(List.of("x", "sum")).build(), null));
    }

    /** Logits and weights stay in float; what goes between the products does not. */
    @Test
    void aBf16ProgramKeepsTheRouterInFloat() {
        Program program = program(graph, Precision.BF16).build();
        Map<String, DataType> types = program.specs().entrySet().stream().collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().dataType()));
        for (String name : List.of("norm", "gate", "up", "intermediate", "down", "wg.bf16", "wu.bf16", "wd.bf16")) {
            assertEquals(DataType.BFLOAT16, types.get(name), name);
        }
        for (String name : List.of("logits", "weights")) {
            assertEquals(DataType.FLOAT, types.get(name), name);
        }
        assertEquals(DataType.INT, types.get("experts"));
    }

    /** A choice that rounding turns is a jump, so that only the loss is compared. */
    @Test
    void aBf16ProgramIsNearTheFp32One() {
        float[] exact = run(program(graph, Precision.FP32).build(), null).get("loss");
        assertArrayEquals(exact, run(program(graph, Precision.BF16).build(), null).get("loss"), 0.02f * exact[0]);
    }

    @Test
    void aWorkersRunNamesAnExpertThatThereIsNot() {
        SameDiff sd = SameDiff.create();
        SDVariable w = sd.var("w", DataType.FLOAT, 3, 4, 2);
        ExpertLinear.of(sd, "y", sd.placeHolder("x", DataType.FLOAT, 1, 4, 2), w, sd.placeHolder("experts", DataType.INT, 1, 4, 1), true);
        ParameterStore store = new ParameterStore(device, List.of(new TensorSpec("w", DataType.FLOAT, 3, 4, 2)));
        Program program = Program.of(sd, device).placeholder("x", 1, 4, 2).placeholder("experts", 1, 4, 1).outputs("y").panels(2).build();
        Instance run = program.instance(store.values(), null);
        run.tensor("experts").set(0, 1, 2, 3);
        try (Workers team = new Workers(2)) {
            assertEquals("lacuna_expert_linear: expert 3 at [0, 3, 0] is not in [0, 3)",
                    assertThrows(IllegalArgumentException.class, () -> run.run(team, null)).getMessage());
        }
    }
}
