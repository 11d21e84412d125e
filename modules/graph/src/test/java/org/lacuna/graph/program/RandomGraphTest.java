package org.lacuna.graph.program;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.op.Add;
import org.lacuna.graph.op.Attention;
import org.lacuna.graph.op.AttentionMask;
import org.lacuna.graph.op.Embedding;
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
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Graphs of our ops put together at random, with fan-out, weights used more than once, and outputs that nobody reads: a
 * program must give what SameDiff's own execution gives, in as little memory as is alive at once.
 */
class RandomGraphTest {
    private static final int BATCH = 2;
    private static final int LENGTH = 5;
    private static final int HIDDEN = 8;
    private static final int VOCABULARY = 11;

    private final Device device = new CpuDevice();

    @BeforeAll
    static void register() {
        LacunaOps.register();
    }

    /** A graph, its parameters' values, and some of its variables. */
    private static final class Draw {
        final SameDiff sd = SameDiff.create();
        final Random random;
        final List<SDVariable> pool = new ArrayList<>();
        final Map<String, INDArray> parameters = new LinkedHashMap<>();
        final SDVariable ids = sd.placeHolder("ids", DataType.INT, BATCH, LENGTH);
        final SDVariable targets = sd.placeHolder("targets", DataType.INT, BATCH, LENGTH);
        final SDVariable weight = sd.placeHolder("weight", DataType.FLOAT, BATCH, LENGTH);
        final SDVariable table;

        Draw(int seed) {
            random = new Random(seed);
            Nd4j.getRandom().setSeed(seed);
            SDVariable words = parameter("words", 1, VOCABULARY, HIDDEN);
            pool.add(Embedding.of(sd, "x", words, ids));
            SDVariable positions = sd.placeHolder("positions", DataType.INT, BATCH, LENGTH);
            table = RotaryTable.of(sd, "table", positions, RotaryFrequencies.plain(4, 10_000));
            int ops = 4 + random.nextInt(12);
            for (int i = 0; i < ops; i++) {
                add(i);
            }
            SDVariable last = RmsNorm.of(sd, "last", pool.get(pool.size() - 1), parameter("last.weight", 1, HIDDEN), 1e-5);
            SDVariable head = random.nextBoolean() ? words : parameter("head", 0.3, VOCABULARY, HIDDEN);
            LmHeadLoss.of(sd, "loss", "nll", last, head, targets, weight);
            sd.setLossVariables("loss");
        }

        private SDVariable parameter(String name, double scale, long... shape) {
            INDArray value = Nd4j.randn(DataType.FLOAT, shape).muli(scale);
            parameters.put(name, value);
            return sd.var(name, value);
        }

        private SDVariable any() {
            return pool.get(random.nextInt(pool.size()));
        }

        /** A square weight: now and then one that is there already. */
        private SDVariable square(String name) {
            List<String> there = parameters.keySet().stream().filter(p -> p.endsWith(".square")).toList();
            return !there.isEmpty() && random.nextInt(3) == 0 ? sd.getVariable(there.get(random.nextInt(there.size())))
                    : parameter(name + ".square", 0.35, HIDDEN, HIDDEN);
        }

        private void add(int i) {
            String name = "v" + i;
            switch (random.nextInt(5)) {
                case 0 -> pool.add(Add.of(sd, name, any(), any()));
                case 1 -> pool.add(RmsNorm.of(sd, name, any(), parameter(name + ".weight", 1, HIDDEN), 1e-5));
                case 2 -> {
                    int k = 1 + random.nextInt(3);
                    boolean biased = random.nextBoolean();
                    List<String> names = new ArrayList<>();
                    List<SDVariable> weights = new ArrayList<>();
                    List<SDVariable> biases = new ArrayList<>();
                    for (int j = 0; j < k; j++) {
                        names.add(name + "." + j);
                        weights.add(square(name + "." + j));
                        if (biased) {
                            biases.add(parameter(name + "." + j + ".bias", 0.2, HIDDEN));
                        }
                    }
                    pool.addAll(List.of(Linear.of(sd, names, any(), weights, biases)));
                }
                case 3 -> pool.add(Rotary.of(sd, name, any(), table, 4));
                default -> pool.add(Attention.of(sd, name, any(), any(), any(), 2, 2, AttentionMask.causal(), 0.5)[0]);
            }
        }

        Map<String, INDArray> placeholders() {
            Map<String, INDArray> fed = new LinkedHashMap<>();
            fed.put("ids", Nd4j.createFromArray(ints(VOCABULARY)).reshape(BATCH, LENGTH));
            fed.put("targets", Nd4j.createFromArray(ints(VOCABULARY)).reshape(BATCH, LENGTH));
            fed.put("positions", Nd4j.createFromArray(0, 1, 2, 3, 4, 0, 1, 2, 3, 4).reshape(BATCH, LENGTH));
            fed.put("weight", Nd4j.valueArrayOf(new long[] {BATCH, LENGTH}, 0.1f, DataType.FLOAT));
            return fed;
        }

        private int[] ints(int bound) {
            int[] values = new int[BATCH * LENGTH];
            for (int i = 0; i < values.length; i++) {
                values[i] = random.nextInt(bound);
            }
            return values;
        }
    }

    static List<Integer> seeds() {
        List<Integer> seeds = new ArrayList<>();
        for (int seed = 0; seed < 30; seed++) {
            seeds.add(seed);
        }
        return seeds;
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void equalsSameDiff(int seed) {
        Draw draw = new Draw(seed);
        Map<String, INDArray> fed = draw.placeholders();
        List<String> wanted = new ArrayList<>(List.of("loss", "nll"));
        wanted.add(draw.any().name());
        wanted.add(draw.any().name());
        Map<String, INDArray> expected = draw.sd.output(fed, wanted);

        List<TensorSpec> specs = new ArrayList<>();
        draw.parameters.forEach((name, value) -> specs.add(new TensorSpec(name, DataType.FLOAT, value.shape())));
        ParameterStore store = new ParameterStore(device, specs);
        draw.parameters.forEach((name, value) -> store.tensor(name).set(value.dup('c').data().asFloat()));
        Program.Builder builder = Program.of(draw.sd, device).outputs(wanted.toArray(String[]::new)).gradients();
        fed.forEach((name, value) -> builder.placeholder(name, value.shape()));
        Program program = builder.build();
        ParameterStore.Flat gradients = store.like();
        float[][] outputs = run(program.instance(store.values(), gradients), fed, wanted);
        ParameterStore.Flat again = store.like();
        float[][] filled = run(program.debugInstance(store.values(), again), fed, wanted);

        for (int i = 0; i < wanted.size(); i++) {
            assertClose(wanted.get(i), expected.get(wanted.get(i)), outputs[i]);
            assertArrayEquals(outputs[i], filled[i], wanted.get(i) + " with dead memory filled with NaN");
        }
        List<String> reached = draw.parameters.keySet().stream().filter(p -> draw.sd.getVariable(p).getGradient() != null).toList();
        Map<String, INDArray> expectedGradients = draw.sd.calculateGradients(fed, reached);
        for (String name : draw.parameters.keySet()) {
            float[] gradient = gradients.tensor(name).toFloats();
            assertArrayEquals(gradient, again.tensor(name).toFloats(), name + "'s gradient with dead memory filled with NaN");
            if (reached.contains(name)) {
                assertClose(name + "'s gradient", expectedGradients.get(name), gradient);
            } else {
                assertArrayEquals(new float[gradient.length], gradient, name + " has no effect");
            }
        }
        assertTrue(program.arenaBytes() <= 1.1 * program.liveBytes(), program.arenaBytes() + " bytes of arena for " + program.liveBytes() + " alive");
    }

    private static float[][] run(Instance run, Map<String, INDArray> fed, List<String> wanted) {
        fed.forEach((name, value) -> {
            if (value.dataType() == DataType.INT) {
                run.tensor(name).set(value.dup('c').data().asInt());
            } else {
                run.tensor(name).set(value.dup('c').data().asFloat());
            }
        });
        run.run();
        float[][] first = wanted.stream().map(name -> run.tensor(name).toFloats()).toArray(float[][]::new);
        run.run();
        for (int i = 0; i < first.length; i++) {
            assertArrayEquals(first[i], run.tensor(wanted.get(i)).toFloats(), wanted.get(i) + " of a second run");
        }
        return first;
    }

    private static void assertClose(String name, INDArray expected, float[] actual) {
        float[] values = expected.dup('c').data().asFloat();
        float largest = 0;
        for (float v : values) {
            largest = Math.max(largest, Math.abs(v));
        }
        double bound = 1e-5 * largest + 1e-7;
        for (int i = 0; i < values.length; i++) {
            assertTrue(Math.abs(values[i] - actual[i]) <= bound, name + "[" + i + "]: " + actual[i] + " for " + values[i] + ", bound " + bound);
        }
    }
}
