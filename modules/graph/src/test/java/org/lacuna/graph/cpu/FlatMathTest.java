package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.graph.FlatMath;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.ParameterStore.Flat;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.program.Workers;
import org.nd4j.linalg.api.buffer.DataType;

class FlatMathTest {
    /** Tensors that begin and end within blocks and at their edges, and one that spans several. */
    private static final int[] LENGTHS = {1, 17, CpuFlatMath.BLOCK - 48, 16, 3 * CpuFlatMath.BLOCK + 5, 100, 33};
    private static final FlatMath.AdamWConstants CONSTANTS = new FlatMath.AdamWConstants(0.9, 0.95, 1e-8);
    /** Neighbours of one group and of different ones. */
    private static final List<FlatMath.AdamWGroup> GROUPS = Stream.of(0, 1, 0, 2, 3, 3, 4).map(List.of(new FlatMath.AdamWGroup(1, 0.1), new FlatMath.AdamWGroup(1, 0),
            new FlatMath.AdamWGroup(0.5, 0.3), new FlatMath.AdamWGroup(0.5, 0.1), new FlatMath.AdamWGroup(0, 0.1))::get).toList();

    private final CpuDevice device = new CpuDevice();
    private final FlatMath math = device.flatMath();
    private final ParameterStore store = store();

    private ParameterStore store() {
        List<TensorSpec> specs = new ArrayList<>();
        for (int i = 0; i < LENGTHS.length; i++) {
            specs.add(new TensorSpec("t" + i, DataType.FLOAT, LENGTHS[i]));
        }
        return new ParameterStore(device, specs);
    }

    private Flat random(long seed) {
        Flat flat = store.like();
        fill(flat, seed);
        return flat;
    }

    private void fill(Flat flat, long seed) {
        Random random = new Random(seed);
        for (String name : store.names()) {
            for (int i = 0; i < flat.tensor(name).length(); i++) {
                flat.tensor(name).setFloat(i, (float) random.nextGaussian());
            }
        }
    }

    private float[] floats(Flat flat) {
        return flat.part(0, (int) flat.length()).toFloats();
    }

    private static void run(FlatMath.Pass pass, int workers) {
        try (Workers team = new Workers(workers)) {
            team.run(pass.blocks(), pass);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void addsInOrderAndMeasures(int workers) {
        Flat a = random(1);
        Flat b = random(2);
        Flat c = random(3);
        Flat total = random(4);
        float[] expected = new float[(int) store.length()];
        float[] fa = floats(a);
        float[] fb = floats(b);
        float[] fc = floats(c);
        for (int i = 0; i < expected.length; i++) {
            expected[i] = fa[i] + fb[i] + fc[i];
        }
        FlatMath.Sum fresh = math.sum(total, List.of(a, b, c));
        run(fresh, workers);
        assertArrayEquals(expected, floats(total));
        assertSquares(expected, fresh.squares());
        FlatMath.Sum inPlace = math.sum(a, List.of(a, b, c));
        run(inPlace, workers);
        assertArrayEquals(expected, floats(a));
        assertEquals(fresh.squares(), inPlace.squares());
        FlatMath.Sum copy = math.sum(total, List.of(b));
        run(copy, workers);
        assertArrayEquals(fb, floats(total));
        assertSquares(fb, copy.squares());
    }

    private static void assertSquares(float[] values, double squares) {
        double expected = 0;
        for (float v : values) {
            expected += (double) v * v;
        }
        assertEquals(expected, squares, 1e-12 * expected);
    }

    @Test
    void squaresDoNotDependOnTheWorkers() {
        Flat a = random(5);
        List<Double> seen = new ArrayList<>();
        for (int workers = 1; workers <= 4; workers++) {
            FlatMath.Sum sum = math.sum(a, List.of(a));
            run(sum, workers);
            seen.add(sum.squares());
        }
        assertEquals(Set.of(seen.get(0)), Set.copyOf(seen));
    }

    @Test
    void aTotalThatWouldBeOverwrittenIsRefused() {
        Flat a = store.like();
        Flat b = store.like();
        assertThrows(IllegalArgumentException.class, () -> math.sum(b, List.of(a, b)));
        assertThrows(IllegalArgumentException.class, () -> math.sum(b, List.of()));
        assertThrows(IllegalArgumentException.class, () -> math.adamW(store, a, a, b, CONSTANTS, Map.of("nobody", GROUPS.get(0))));
    }

    /** Three steps against the formula in double, each from the same fp32 state. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void adamWEqualsTheFormula(int workers) {
        Flat m = store.like();
        Flat v = store.like();
        Flat gradient = store.like();
        fill(store.values(), 7);
        FlatMath.AdamW pass = math.adamW(store, gradient, m, v, CONSTANTS, groups());
        double lr = 1e-2;
        double scale = 0.37;
        for (int t = 1; t <= 3; t++) {
            fill(gradient, 100 + t);
            float[] p0 = floats(store.values());
            float[] m0 = floats(m);
            float[] v0 = floats(v);
            float[] g0 = floats(gradient);
            pass.prepare(t, lr, scale);
            run(pass, workers);
            float[] p1 = floats(store.values());
            float[] m1 = floats(m);
            float[] v1 = floats(v);
            assertArrayEquals(g0, floats(gradient));
            FlatMath.AdamWGroup[] groups = groupOfEach();
            for (int i = 0; i < p0.length; i++) {
                double g = scale * g0[i];
                double first = 0.9 * m0[i] + 0.1 * g;
                double second = 0.95 * v0[i] + 0.05 * g * g;
                double rate = lr * groups[i].rate();
                double p = p0[i] * (1 - rate * groups[i].weightDecay());
                p -= rate / (1 - Math.pow(0.9, t)) * first / (Math.sqrt(second) / Math.sqrt(1 - Math.pow(0.95, t)) + 1e-8);
                assertEquals(first, m1[i], 4e-7 * (Math.abs(0.9 * m0[i]) + Math.abs(0.1 * g)));
                assertEquals(second, v1[i], 4e-7 * second);
                assertEquals(p, p1[i], 2e-7 * Math.abs(p0[i]) + 1e-8, "element " + i + " at step " + t);
            }
        }
    }

    private Map<String, FlatMath.AdamWGroup> groups() {
        return store.names().stream().collect(Collectors.toMap(name -> name, name -> GROUPS.get(store.names().indexOf(name))));
    }

    /** Of each element; what lies between parameters belongs to any. */
    private FlatMath.AdamWGroup[] groupOfEach() {
        FlatMath.AdamWGroup[] groups = new FlatMath.AdamWGroup[(int) store.length()];
        Arrays.fill(groups, GROUPS.get(0));
        for (String name : store.names()) {
            int from = (int) store.offset(name);
            Arrays.fill(groups, from, from + (int) store.spec(name).length(), groups().get(name));
        }
        return groups;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void averagesMove(int workers) {
        Flat average = random(20);
        Flat vector = random(21);
        float[] a = floats(average);
        float[] v = floats(vector);
        FlatMath.Pass pass = math.average(average, vector, 1 - 0.9);
        run(pass, workers);
        float[] once = floats(average);
        for (int i = 0; i < a.length; i++) {
            assertEquals(0.9 * a[i] + 0.1 * v[i], once[i], 2e-7 * (Math.abs(a[i]) + Math.abs(v[i])), "element " + i);
        }
        assertArrayEquals(v, floats(vector));
        // What has arrived stays, whatever 1 − d is rounded to.
        FlatMath.Pass fixed = math.average(average, average, 0.1);
        run(fixed, workers);
        assertArrayEquals(once, floats(average));
    }

    @Test
    void averagesOfOtherVectorsAreRefused() {
        ParameterStore other = new ParameterStore(device, List.of(new TensorSpec("t", DataType.FLOAT, 7)));
        assertThrows(IllegalArgumentException.class, () -> math.average(store.like(), other.like(), 0.1));
    }

    @Test
    void gapsStayZero() {
        Flat gradient = random(9);
        fill(store.values(), 8);
        FlatMath.AdamW pass = math.adamW(store, gradient, store.like(), store.like(), CONSTANTS, groups());
        pass.prepare(1, 1e-2, 1);
        run(pass, 2);
        float[] all = floats(store.values());
        int end = (int) (store.offset("t0") + 1);
        for (int i = end; i < store.offset("t1"); i++) {
            assertEquals(0f, all[i]);
        }
    }
}
