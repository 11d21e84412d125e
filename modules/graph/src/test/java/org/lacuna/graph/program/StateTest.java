package org.lacuna.graph.program;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.Precision;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.op.Add;
import org.lacuna.graph.op.Attention;
import org.lacuna.graph.op.AttentionMask;
import org.lacuna.graph.op.CachedAttention;
import org.lacuna.graph.op.LacunaOps;
import org.lacuna.graph.op.Linear;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;

class StateTest {
    private static final int BATCH = 2;
    private static final int HEADS = 4;
    private static final int KV_HEADS = 2;
    private static final int HEAD = 6;
    private static final int CAPACITY = 40;

    private final Device device = new CpuDevice();

    @BeforeAll
    static void register() {
        LacunaOps.register();
    }

    /** sum = total + x, twice = sum + sum. */
    private static SameDiff sums() {
        SameDiff sd = SameDiff.create();
        SDVariable total = sd.placeHolder("total", DataType.FLOAT, -1);
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, -1);
        SDVariable sum = Add.of(sd, "sum", total, x);
        Add.of(sd, "twice", sum, sum);
        return sd;
    }

    private Program.Builder program(SameDiff sd) {
        return Program.of(sd, device).placeholder("total", 3).placeholder("x", 3);
    }

    private ParameterStore.Flat nothing() {
        return new ParameterStore(device, List.of()).values();
    }

    private static void add(Instance run, float x, float expected) {
        run.tensor("x").set(x, x, x);
        run.run();
        assertArrayEquals(new float[] {2 * expected, 2 * expected, 2 * expected}, run.tensor("twice").toFloats());
        assertArrayEquals(new float[] {expected, expected, expected}, run.tensor("total").toFloats());
    }

    @Test
    void lastsFromRunToRun() {
        Program program = program(sums()).outputs("twice").state("total", "sum").build();
        for (Instance run : List.of(program.instance(nothing(), null), program.debugInstance(nothing(), null))) {
            assertArrayEquals(new float[3], run.tensor("total").toFloats(), "zeros at first");
            add(run, 1, 1);
            add(run, 2, 3);
            add(run, 4, 7);
            run.tensor("total").set(10f, 10f, 10f);
            add(run, 1, 11);
        }
    }

    @Test
    void isWrittenWithoutBeingAnOutput() {
        Program program = program(sums()).state("total", "sum").build();
        assertEquals(List.of("lacuna_add -> sum"), program.steps());
        assertEquals(0, program.arenaBytes());
        assertEquals(-1, program.arena().slot("sum"));
        Instance run = program.instance(nothing(), null);
        run.tensor("x").set(1f, 2f, 3f);
        run.run();
        run.run();
        assertArrayEquals(new float[] {2, 4, 6}, run.states().get("total").toFloats());
        Instance output = program(sums()).outputs("sum").state("total", "sum").build().instance(nothing(), null);
        assertEquals(output.tensor("total").address(), output.tensor("sum").address());
    }

    @Test
    void aBuilderMayGoOn() {
        Program.Builder builder = program(sums()).outputs("twice");
        Program without = builder.build();
        builder.state("total", "sum").build();
        assertEquals(Map.of(), without.instance(nothing(), null).states());
    }

    @Test
    void instancesShareIt() {
        Program program = program(sums()).outputs("twice").state("total", "sum").build();
        Instance first = program.instance(nothing(), null);
        Instance second = program.instance(nothing(), null, null, first.states());
        add(first, 1, 1);
        add(second, 2, 3);
        add(first, 4, 7);
        Instance apart = program.instance(nothing(), null);
        add(apart, 1, 1);
    }

    private String refusal(Program.Builder builder) {
        return assertThrows(ProgramException.class, builder::build).getMessage();
    }

    @Test
    void namesMustBeTheGraphs() {
        assertEquals("state 'nothing' is no placeholder of the graph", refusal(program(sums()).outputs("twice").state("nothing", "sum")));
        assertEquals("state 'sum' is no placeholder of the graph", refusal(program(sums()).outputs("twice").state("sum", "sum")));
        assertEquals("'nothing', to be kept in state 'total', is no variable of the graph", refusal(program(sums()).outputs("twice").state("total", "nothing")));
        assertEquals("'x', to be kept in state 'total', is not the output of an op", refusal(program(sums()).outputs("twice").state("total", "x")));
        assertEquals("placeholder 'total' has no shape; give it to the builder", refusal(Program.of(sums(), device).placeholder("x", 3).state("total", "sum")));
    }

    @Test
    void eachHasOneOther() {
        Program.Builder builder = program(sums()).state("total", "sum");
        assertEquals("placeholder 'total' is the state of 'sum' already, it can't be that of 'twice' too",
                assertThrows(ProgramException.class, () -> builder.state("total", "twice")).getMessage());
        assertEquals("'sum' has a state already, 'x' can't be another one", assertThrows(ProgramException.class, () -> builder.state("x", "sum")).getMessage());
    }

    @Test
    void onlyItsOpReadsIt() {
        SameDiff sd = sums();
        Add.of(sd, "late", sd.getVariable("total"), sd.getVariable("sum"));
        assertEquals("op 'lacuna_add' (variable 'late') reads state 'total', which only the op that gives 'sum' may read: it writes there",
                refusal(program(sd).outputs("late").state("total", "sum")));
        assertEquals(1, program(sd).outputs("twice").state("total", "sum").build().outputs().size(), "what is not run does not read");
        assertEquals("op 'lacuna_add', which gives 'twice', does not read state 'x'",
                refusal(program(withoutX()).outputs("twice").state("x", "twice")));
    }

    /** twice = sum + sum and sum = total + total; x is for others. */
    private static SameDiff withoutX() {
        SameDiff sd = SameDiff.create();
        SDVariable total = sd.placeHolder("total", DataType.FLOAT, -1);
        sd.placeHolder("x", DataType.FLOAT, -1);
        SDVariable sum = Add.of(sd, "sum", total, total);
        Add.of(sd, "twice", sum, sum);
        return sd;
    }

    @Test
    void itsOpMustBeAbleToWriteThere() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 1, 1, 3);
        Linear.of(sd, "y", x, sd.placeHolder("w", DataType.FLOAT, 3, 3));
        assertEquals("op 'lacuna_linear' can't write its output 'y' where its input 0, state 'x', lies",
                refusal(Program.of(sd, device).placeholder("x", 1, 1, 3).placeholder("w", 3, 3).state("x", "y")));
    }

    @Test
    void keysAndValuesNeedStatesOfTheirOwn() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 1, 1, 3);
        SDVariable cache = sd.placeHolder("cache", DataType.FLOAT, 1, 5, 3);
        CachedAttention.of(sd, "y", x, x, x, cache, cache, sd.placeHolder("past", DataType.INT, 1), 1, 1, AttentionMask.causal(), 1);
        assertEquals("op 'lacuna_cached_attention' can't write its output 'y.keys' where its input 4, state 'cache', lies",
                refusal(Program.of(sd, device).placeholder("x", 1, 1, 3).placeholder("cache", 1, 5, 3).placeholder("past", 1).state("cache", "y.keys")));
    }

    @Test
    void shapesAndTypesMustAgree() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 1, 2, 3);
        Linear.of(sd, "y", x, sd.placeHolder("w", DataType.FLOAT, 4, 3));
        assertEquals("state x FLOAT[1, 2, 3] can't keep y FLOAT[1, 2, 4]: they need one type and shape",
                refusal(Program.of(sd, device).placeholder("x", 1, 2, 3).placeholder("w", 4, 3).state("x", "y")));
    }

    @Test
    void sharedStatesMustBeTheProgramsOwn() {
        Program program = program(sums()).outputs("twice").state("total", "sum").build();
        Map<String, Tensor> other = Program.of(sums(), device).placeholder("total", 4).placeholder("x", 4).state("total", "sum").build().instance(nothing(), null).states();
        assertEquals("the program's state total FLOAT[3] is given as total FLOAT[4]", sharing(program, other));
        assertEquals("the program's state total FLOAT[3] is not among those given: []", sharing(program, Map.of()));
        Map<String, Tensor> more = new LinkedHashMap<>(program.instance(nothing(), null).states());
        more.put("x", more.get("total"));
        assertEquals("the program's states are [total], those given [total, x]", sharing(program, more));
    }

    private String sharing(Program program, Map<String, Tensor> states) {
        return assertThrows(ProgramException.class, () -> program.instance(nothing(), null, null, states)).getMessage();
    }

    private static AttentionMask mask(int window) {
        return window == 0 ? AttentionMask.causal() : AttentionMask.slidingWindow(window);
    }

    /** One linear layer makes queries, keys and values of x [B, T, 6]; attention; and a linear layer on top. */
    private static SameDiff attention(int window, boolean cached) {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, BATCH, -1, HEAD);
        SDVariable[] qkv = Linear.of(sd, List.of("q", "k", "v"), x, List.of(sd.var("wq", DataType.FLOAT, HEADS * HEAD, HEAD), sd.var("wk", DataType.FLOAT, KV_HEADS * HEAD, HEAD),
                sd.var("wv", DataType.FLOAT, KV_HEADS * HEAD, HEAD)), List.of());
        SDVariable y;
        if (cached) {
            SDVariable keys = sd.placeHolder("keys", DataType.FLOAT, BATCH, -1, KV_HEADS * HEAD);
            SDVariable values = sd.placeHolder("values", DataType.FLOAT, BATCH, -1, KV_HEADS * HEAD);
            y = CachedAttention.of(sd, "y", qkv[0], qkv[1], qkv[2], keys, values, sd.placeHolder("past", DataType.INT, 1), HEADS, KV_HEADS, mask(window), 0.4)[0];
        } else {
            y = Attention.of(sd, "y", qkv[0], qkv[1], qkv[2], HEADS, KV_HEADS, mask(window), 0.4)[0];
        }
        Linear.of(sd, "out", y, sd.var("wo", DataType.FLOAT, 5, HEADS * HEAD));
        return sd;
    }

    private ParameterStore store() {
        ParameterStore store = new ParameterStore(device, List.of(new TensorSpec("wq", DataType.FLOAT, HEADS * HEAD, HEAD), new TensorSpec("wk", DataType.FLOAT, KV_HEADS * HEAD, HEAD),
                new TensorSpec("wv", DataType.FLOAT, KV_HEADS * HEAD, HEAD), new TensorSpec("wo", DataType.FLOAT, 5, HEADS * HEAD)));
        Random random = new Random(1);
        store.names().forEach(name -> store.normal(name, 0.7, random));
        return store;
    }

    private Program cached(SameDiff graph, int tokens, Precision precision, int panels) {
        return Program.of(graph, device).placeholder("x", BATCH, tokens, HEAD).placeholder("keys", BATCH, CAPACITY, KV_HEADS * HEAD).placeholder("values", BATCH, CAPACITY, KV_HEADS * HEAD)
                .placeholder("past", 1).outputs("out").state("keys", "y.keys").state("values", "y.values").precision(precision).panels(panels).build();
    }

    private static float[] input(int length) {
        Random random = new Random(length);
        float[] x = new float[BATCH * length * HEAD];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) random.nextGaussian();
        }
        return x;
    }

    /** Rows from to to of each sequence of [B, length, width]. */
    private static float[] rows(float[] all, int length, int width, int from, int to) {
        float[] part = new float[BATCH * (to - from) * width];
        for (int b = 0; b < BATCH; b++) {
            System.arraycopy(all, (b * length + from) * width, part, b * (to - from) * width, (to - from) * width);
        }
        return part;
    }

    private float[] whole(int window, float[] x, int length, Precision precision) {
        Instance run = Program.of(attention(window, false), device).placeholder("x", BATCH, length, HEAD).outputs("out").precision(precision).build().instance(store().values(), null);
        run.tensor("x").set(x);
        run.run();
        return run.tensor("out").toFloats();
    }

    private static float[] next(Instance run, float[] x, int length, int past, int tokens) {
        run.tensor("x").set(rows(x, length, HEAD, past, past + tokens));
        run.tensor("past").set(past);
        run.run();
        return run.tensor("out").toFloats();
    }

    /** Prefill is 0 for one token at a time. */
    @ParameterizedTest
    @CsvSource({"23, 0, 0", "40, 0, 0", "23, 0, 5", "23, 7, 0", "40, 20, 0", "39, 17, 9", "40, 39, 0"})
    void tokenByTokenIsTheWholeSequence(int length, int prefill, int window) {
        assertTokens(whole(window, input(length), length, Precision.FP32), length, prefill, window, Precision.FP32, 1e-5f);
    }

    /**
     * In bf16, attention's factors are rounded where the whole sequence is computed at once, and those of the cache are not: what comes
     * out is as near to fp32's, but for chance.
     */
    @ParameterizedTest
    @CsvSource({"23, 0, 0", "39, 17, 9"})
    void inBf16Too(int length, int prefill, int window) {
        float[] x = input(length);
        float[] exact = whole(window, x, length, Precision.FP32);
        float[] rounded = whole(window, x, length, Precision.BF16);
        float error = 0;
        for (int i = 0; i < exact.length; i++) {
            error = Math.max(error, Math.abs(rounded[i] - exact[i]));
        }
        assertTokens(exact, length, prefill, window, Precision.BF16, 2 * error);
    }

    private void assertTokens(float[] expected, int length, int prefill, int window, Precision precision, float tolerance) {
        float[] x = input(length);
        SameDiff graph = attention(window, true);
        ParameterStore store = store();
        Instance one = cached(graph, 1, precision, 1).instance(store.values(), null);
        if (prefill > 0) {
            Instance many = cached(graph, prefill, precision, 2).instance(store.values(), null, null, one.states());
            assertArrayEquals(rows(expected, length, 5, 0, prefill), next(many, x, length, 0, prefill), tolerance);
        }
        for (int t = prefill; t < length; t++) {
            assertArrayEquals(rows(expected, length, 5, t, t + 1), next(one, x, length, t, 1), tolerance, "token " + t);
        }
    }

    /** A run over the same rows again, as after an undone token, gives the same; and a text may begin anew. */
    @Test
    void rowsAreWrittenOver() {
        float[] x = input(30);
        Instance one = cached(attention(0, true), 1, Precision.FP32, 1).instance(store().values(), null);
        float[] first = next(one, x, 30, 0, 1);
        float[] second = next(one, x, 30, 1, 1);
        next(one, x, 30, 2, 1);
        assertArrayEquals(second, next(one, x, 30, 1, 1));
        assertArrayEquals(first, next(one, x, 30, 0, 1));
        assertTrue(Arrays.equals(second, next(one, x, 30, 1, 1)));
    }

    @Test
    void aCacheThatIsFullEndsARun() {
        Instance one = cached(attention(0, true), 1, Precision.FP32, 1).instance(store().values(), null);
        one.tensor("past").set(CAPACITY);
        assertEquals("lacuna_cached_attention: 40 rows of the cache are filled, 1 more does not fit: it has 40", assertThrows(IllegalArgumentException.class, one::run).getMessage());
    }

    /** Instances in which dead memory is NaN, and whose team has several workers, give the same bits. */
    @Test
    void bitsDependOnNeitherWorkersNorDeadMemory() {
        float[] x = input(30);
        SameDiff graph = attention(0, true);
        ParameterStore store = store();
        Instance plain = cached(graph, 1, Precision.FP32, 1).instance(store.values(), null);
        Instance debug = cached(graph, 1, Precision.FP32, 1).debugInstance(store.values(), null);
        Instance shared = cached(graph, 1, Precision.FP32, 3).instance(store.values(), null);
        try (Workers team = new Workers(2)) {
            for (int t = 0; t < 30; t++) {
                float[] expected = next(plain, x, 30, t, 1);
                assertArrayEquals(expected, next(debug, x, 30, t, 1));
                shared.tensor("x").set(rows(x, 30, HEAD, t, t + 1));
                shared.tensor("past").set(t);
                shared.run(team, null);
                assertArrayEquals(expected, shared.tensor("out").toFloats());
            }
        }
    }
}
