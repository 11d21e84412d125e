package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.graph.op.LacunaOps;
import org.lacuna.graph.op.Route;
import org.lacuna.graph.op.RouteGrad;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class RouteTest {
    private static final double NAN = Double.NaN;
    private static final double BIG = Double.POSITIVE_INFINITY;

    private static OpCheck.Build route(int k, boolean renormalised) {
        return (sd, in) -> Route.of(sd, "experts", "weights", in[0], k, renormalised);
    }

    private static OpCheck.Build gradient(boolean renormalised) {
        return (sd, in) -> new SDVariable[] {RouteGrad.of(sd, in[0], in[1], in[2], renormalised)};
    }

    private static OpCheck.Input row(double... logits) {
        return OpCheck.floats(logits, true, 1, 1, logits.length);
    }

    @ParameterizedTest
    @CsvSource({"1,1", "3,1", "5,2", "8,8", "17,3", "17,17", "64,8", "131,5"})
    void kernelsEqualReferences(int e, int k) {
        for (boolean renormalised : new boolean[] {false, true}) {
            Random random = new Random(e);
            OpCheck.Input logits = OpCheck.normal(random, 3, true, 2, 7, e);
            OpCheck.Outcome o = OpCheck.outcome(route(k, renormalised), logits);
            assertArrayEquals(o.reference().get(0), o.kernel().get(0));
            o.assertUlps(1, 1);
            OpCheck.Input experts = OpCheck.ints(Arrays.stream(o.kernel().get(0)).mapToInt(d -> (int) d).toArray(), 2, 7, k);
            OpCheck.Input dweights = OpCheck.normal(random, 1, true, 2, 7, k);
            checkGradient(e, k, renormalised, dweights, logits, o, OpCheck.outcome(gradient(renormalised), dweights, logits, experts));
        }
    }

    /** The difference dweights − s, in double, may lose all but some bits of the largest dweights. */
    private static void checkGradient(int e, int k, boolean renormalised, OpCheck.Input dweights, OpCheck.Input logits, OpCheck.Outcome route, OpCheck.Outcome gradient) {
        double[] expected = new double[2 * 7 * e];
        for (int row = 0; row < 2 * 7; row++) {
            double[] p = softmax(Arrays.copyOfRange(logits.values(), row * e, (row + 1) * e));
            double sum = 0;
            double largest = 0;
            for (int i = row * k; i < (row + 1) * k; i++) {
                sum += dweights.values()[i] * route.reference().get(1)[i];
                largest = Math.max(largest, Math.abs(dweights.values()[i]));
            }
            for (int j = 0; j < e; j++) {
                expected[row * e + j] = renormalised ? 0 : -p[j] * sum;
            }
            for (int i = row * k; i < (row + 1) * k; i++) {
                int j = (int) route.reference().get(0)[i];
                double weight = renormalised ? route.reference().get(1)[i] : p[j];
                expected[row * e + j] = weight * (dweights.values()[i] - sum);
            }
            for (int j = row * e; j < (row + 1) * e; j++) {
                assertEquals(expected[j], gradient.reference().get(0)[j], 1e-13 * largest, "the reference is the formula");
                gradient.assertWithin(1e-8 * largest + Math.abs(expected[j]) * 0x1p-24, 0, j);
            }
        }
    }

    private static double[] softmax(double... logits) {
        double sum = Arrays.stream(logits).map(Math::exp).sum();
        return Arrays.stream(logits).map(l -> Math.exp(l) / sum).toArray();
    }

    @Test
    void weightsAreTheFormula() {
        double[] logits = {Math.log(1), Math.log(4), Math.log(2), Math.log(3)};
        OpCheck.Outcome all = OpCheck.outcome(route(2, false), row(logits));
        assertArrayEquals(new double[] {1, 3}, all.kernel().get(0));
        assertArrayEquals(new double[] {0.4, 0.3}, all.kernel().get(1), 1e-7);
        assertArrayEquals(new double[] {4.0 / 7, 3.0 / 7}, OpCheck.outcome(route(2, true), row(logits)).kernel().get(1), 1e-7);
    }

    /** Few different values, both zeros among them. */
    @ParameterizedTest
    @ValueSource(ints = {2, 7, 40})
    void ofEqualLogitsTheLowerIndexComesFirst(int e) {
        Random random = new Random(e);
        double[] logits = new double[6 * e];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = new double[] {0, -0.0, 1, 2}[random.nextInt(4)];
        }
        OpCheck.Outcome o = OpCheck.outcome(route(e, false), OpCheck.floats(logits, true, 2, 3, e));
        assertArrayEquals(o.reference().get(0), o.kernel().get(0));
        o.assertUlps(1, 1);
        for (int i = 0; i < logits.length; i++) {
            if (i % e > 0) {
                int before = (int) o.kernel().get(0)[i - 1];
                int here = (int) o.kernel().get(0)[i];
                double a = logits[i / e * e + before];
                double b = logits[i / e * e + here];
                assertTrue(a > b || a == b && before < here, a + " of " + before + " before " + b + " of " + here);
            }
        }
    }

    @Test
    void infinitiesAndNaNHaveTheirPlaces() {
        OpCheck.Outcome o = OpCheck.outcome(route(6, false), row(NAN, -BIG, 1, NAN, BIG, 2));
        assertArrayEquals(new double[] {4, 5, 2, 1, 0, 3}, o.kernel().get(0));
        assertArrayEquals(o.kernel().get(0), o.reference().get(0));
    }

    /** Whatever a row holds, its experts are different ones that there are, and its weights are NaN if they can't be told. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void nonFiniteLogitsChooseExpertsAllTheSame(boolean renormalised) {
        List<Double> kinds = List.of(NAN, BIG, -BIG, 0.5, -2.0);
        for (int code = 0; code < 625; code++) {
            double[] logits = new double[4];
            for (int i = 0, rest = code; i < 4; i++, rest /= 5) {
                logits[i] = kinds.get(rest % 5);
            }
            boolean told = Arrays.stream(logits).noneMatch(l -> Double.isNaN(l) || l == BIG) && Arrays.stream(logits).anyMatch(l -> l != -BIG);
            for (int k = 1; k <= 4; k++) {
                OpCheck.Outcome o = OpCheck.outcome(route(k, renormalised), row(logits));
                double[] experts = o.kernel().get(0);
                assertArrayEquals(o.reference().get(0), experts);
                assertEquals(k, Arrays.stream(experts).filter(e -> e >= 0 && e < 4).distinct().count());
                for (int r = 0; r < k; r++) {
                    assertEquals(told, !Double.isNaN(o.kernel().get(1)[r]), Arrays.toString(logits));
                    assertEquals(told, !Double.isNaN(o.reference().get(1)[r]), Arrays.toString(logits));
                }
                if (told) {
                    o.assertUlps(1, 1);
                }
            }
        }
    }

    @Test
    void theGradientOfNonFiniteLogitsIsNaN() {
        OpCheck.Input one = OpCheck.floats(new double[] {1}, true, 1, 1, 1);
        OpCheck.Outcome o = OpCheck.outcome(gradient(false), one, row(NAN, 1, 2), OpCheck.ints(new int[] {2}, 1, 1, 1));
        for (int i = 0; i < 3; i++) {
            assertTrue(Double.isNaN(o.kernel().get(0)[i]) && Double.isNaN(o.reference().get(0)[i]));
        }
    }

    /** Logits thousands of steps apart, so that none changes the choice. */
    @ParameterizedTest
    @CsvSource({"2,1,false", "4,2,false", "4,2,true", "7,7,true", "7,7,false", "9,3,false"})
    void gradientsEqualDifferences(int e, int k, boolean renormalised) {
        Random random = new Random(e);
        double[] logits = new double[2 * e];
        for (int row = 0; row < 2; row++) {
            List<Integer> places = new ArrayList<>();
            for (int i = 0; i < e; i++) {
                places.add(i);
            }
            Collections.shuffle(places, random);
            for (int i = 0; i < e; i++) {
                logits[row * e + i] = 0.4 * places.get(i) + 0.2 * random.nextDouble();
            }
        }
        OpCheck.assertGradients((sd, in) -> new SDVariable[] {route(k, renormalised).op(sd, in)[1]}, 1e-4, 1e-6, OpCheck.floats(logits, true, 1, 2, e));
    }

    /** One expert's weight is 1 if it is renormalised, and if there is no other. */
    @ParameterizedTest
    @CsvSource({"1,false", "1,true", "7,true"})
    void aWeightThatIsAlwaysOneHasNoGradient(int e, boolean renormalised) {
        Random random = new Random(e);
        OpCheck.Input logits = OpCheck.normal(random, 2, true, 2, 3, e);
        int[] best = Arrays.stream(OpCheck.outcome(route(1, renormalised), logits).kernel().get(0)).mapToInt(d -> (int) d).toArray();
        OpCheck.Outcome o = OpCheck.outcome(gradient(renormalised), OpCheck.normal(random, 1, true, 2, 3, 1), logits, OpCheck.ints(best, 2, 3, 1));
        for (int i = 0; i < 2 * 3 * e; i++) {
            assertEquals(0, o.reference().get(0)[i], 1e-15);
            assertEquals(0, o.kernel().get(0)[i], 1e-15);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 5, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void anExpertThatThereIsNotIsNamed(int expert) {
        OpCheck.Input dweights = OpCheck.normal(new Random(1), 1, true, 2, 2, 2);
        OpCheck.Input logits = OpCheck.normal(new Random(1), 1, true, 2, 2, 5);
        OpCheck.Input experts = OpCheck.ints(new int[] {0, 1, 2, 3, 4, 0, 1, expert}, 2, 2, 2);
        String message = "lacuna_route_grad: expert " + expert + " at [1, 1, 1] is not in [0, 5)";
        BoundOp bound = BoundOp.of(OpCheck.op(gradient(true), dweights, logits, experts), dweights, logits, experts);
        assertEquals(message, assertThrows(IllegalArgumentException.class, () -> bound.call().run()).getMessage());
        LacunaOps.register();
        INDArray[] in = {dweights.array(DataType.FLOAT), logits.array(DataType.FLOAT), experts.array(DataType.FLOAT)};
        INDArray[] out = {Nd4j.create(DataType.FLOAT, 2, 2, 5)};
        assertEquals(message, assertThrows(IllegalArgumentException.class, () -> OpCheck.op(gradient(true), dweights, logits, experts).reference(in, out)).getMessage());
    }

    @Test
    void refusesWhatDoesNotFit() {
        OpCheck.Input logits = OpCheck.normal(new Random(1), 1, true, 2, 3, 4);
        for (int k : new int[] {0, -1, 5}) {
            IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> OpCheck.outcome(route(k, false), logits));
            assertTrue(e.getMessage().contains("[2, 3, 4] and " + k), e.getMessage());
        }
        assertThrows(IllegalArgumentException.class, () -> OpCheck.outcome(gradient(false), logits, logits, OpCheck.ints(new int[18], 2, 3, 3)));
    }

    @Test
    void allocatesNothing() {
        Random random = new Random(1);
        OpCheck.Input logits = OpCheck.normal(random, 1, true, 2, 3, 19);
        Allocations.assertNone(route(5, true), logits);
        Allocations.assertNone(gradient(false), OpCheck.normal(random, 1, true, 2, 3, 2), logits, OpCheck.ints(new int[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 2, 3, 2));
    }
}
