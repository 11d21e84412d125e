package org.lacuna.sparsity.measure;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lacuna.sparsity.rule.NonFiniteException;
import org.lacuna.sparsity.rule.RowScratch;
import org.lacuna.sparsity.rule.Rules;

class CettCurveTest {
    /** Columns (1, 0) and (0, −2). */
    private static final float[] DOWN = {1, 0, /**/ 0, -2};

    /**
     * Token (3, 2): scores 3 and 4, so that the larger entry goes first; output (3, −4), of length 5. Token (0, −1): score 2, output (0, 2). The
     * means of their errors are 0 up to a threshold of 2, then (0 + 1) / 2, from above 3 (3/5 + 1) / 2, above 4 both 1.
     */
    private static CettCurve byHand() {
        CettCurve curve = new CettCurve(2, DOWN, 2, 2);
        curve.set(1, new float[] {0, -1});
        curve.set(0, new float[] {3, 2});
        return curve;
    }

    @Test
    void thresholdsByHand() {
        CettCurve curve = byHand();
        assertArrayEquals(new float[] {1, 2}, curve.norms());
        assertEquals(new CettCurve.Point(0, 0, 0.25, 2), curve.at(0));
        assertEquals(new CettCurve.Point(2, 0, 0.25, 2), curve.at(2));
        assertEquals(new CettCurve.Point(3, 0.5, 0.5, 2), curve.at(3));
        assertEquals(0.8, curve.at(4).cett(), 1e-15);
        assertEquals(0.75, curve.at(4).sparsity());
        assertEquals(new CettCurve.Point(Float.POSITIVE_INFINITY, 1, 1, 2), curve.at(Float.POSITIVE_INFINITY));
    }

    @Test
    void normsAreACopy() {
        CettCurve curve = byHand();
        curve.norms()[0] = 7;
        assertArrayEquals(new float[] {1, 2}, curve.norms());
    }

    /** Tokens set from the last to the first, and by four threads, give the bits that one worker's order gives. */
    @Test
    void whoSetsTokensChangesNoBit() {
        SplittableRandom random = new SplittableRandom(6);
        float[] down = Rows.normal(random, 7 * 90);
        float[][] tokens = new float[50][];
        for (int t = 0; t < tokens.length; t++) {
            tokens[t] = Rows.sparse(random, 90);
        }
        CettCurve forwards = new CettCurve(50, down, 7, 90);
        CettCurve backwards = new CettCurve(50, down, 7, 90);
        CettCurve together = new CettCurve(50, down, 7, 90);
        IntStream.range(0, 50).forEach(t -> forwards.set(t, tokens[t]));
        IntStream.range(0, 50).forEach(t -> backwards.set(49 - t, tokens[49 - t]));
        IntStream.range(0, 50).parallel().forEach(t -> together.set(t, tokens[t]));
        for (double bound : new double[] {0, 0.05, 0.3, 0.9}) {
            assertEquals(forwards.within(bound), backwards.within(bound));
            assertEquals(forwards.within(bound), together.within(bound));
        }
    }

    @Test
    void searchesByHand() {
        CettCurve curve = byHand();
        assertEquals(curve.at(2), curve.within(0));
        assertEquals(curve.at(2), curve.within(0.49));
        assertEquals(curve.at(3), curve.within(0.5));
        assertEquals(curve.at(3), curve.within(0.79));
        assertEquals(curve.at(4), curve.within(0.81));
        assertEquals(curve.at(Math.nextUp(4f)), curve.within(1));
        assertEquals(1, curve.within(1).sparsity());
    }

    /** Against the mask of the rule that models run with, and the error of that mask, token by token. */
    @Test
    void theRuleKeepsWhatTheCurveKeeps() {
        SplittableRandom random = new SplittableRandom(3);
        for (int repeat = 0; repeat < 40; repeat++) {
            int f = 1 + random.nextInt(100);
            int d = 1 + random.nextInt(20);
            float[] down = Rows.normal(random, d * f);
            float[][] tokens = new float[1 + random.nextInt(8)][];
            CettCurve curve = new CettCurve(tokens.length, down, d, f);
            for (int t = 0; t < tokens.length; t++) {
                tokens[t] = Rows.sparse(random, f);
                curve.set(t, tokens[t]);
            }
            float[] norms = curve.norms();
            for (int j = 0; j < f; j++) {
                double squares = 0;
                for (int r = 0; r < d; r++) {
                    squares += Math.pow(down[r * f + j], 2);
                }
                assertEquals(Math.sqrt(squares), norms[j], 1e-7 * norms[j]);
            }
            // One of the scores themselves, so that the comparison's strictness counts.
            int at = random.nextInt(f);
            float score = Math.abs(tokens[0][at]) * norms[at];
            for (float threshold : new float[] {0, score, Math.nextUp(score), 10 * random.nextInt(100) / 100f}) {
                double errors = 0;
                int kept = 0;
                for (float[] token : tokens) {
                    float[] scaled = token.clone();
                    for (int j = 0; j < f; j++) {
                        scaled[j] *= norms[j];
                    }
                    long[] mask = new long[f + 63 >> 6];
                    kept += Rules.byName("threshold").keep(scaled, f, new double[] {threshold}, 0, mask, new RowScratch(f));
                    errors += Cett.of(token, f, mask, down, d, new int[f]);
                }
                CettCurve.Point found = curve.at(threshold);
                assertEquals(1 - kept / (double) (f * tokens.length), found.sparsity());
                assertEquals(errors / tokens.length, found.cett(), 1e-10 * (1 + errors));
            }
        }
    }

    /** Random contributions cancel too, so what holds is that the bound lies between neighbouring floats. */
    @Test
    void aBoundLiesBetweenNeighbours() {
        SplittableRandom random = new SplittableRandom(4);
        for (int repeat = 0; repeat < 40; repeat++) {
            CettCurve curve = new CettCurve(3, Rows.normal(random, 5 * 30), 5, 30);
            for (int t = 0; t < 3; t++) {
                curve.set(t, Rows.sparse(random, 30));
            }
            double bound = random.nextDouble(0.99);
            CettCurve.Point found = curve.within(bound);
            assertTrue(found.cett() <= bound);
            assertTrue(curve.at(Math.nextUp(found.threshold())).cett() > bound);
        }
    }

    /** With orthogonal columns nothing cancels, and the threshold found is the largest of all that keep the bound. */
    @Test
    void whereNothingCancelsTheThresholdIsTheLargest() {
        SplittableRandom random = new SplittableRandom(5);
        int n = 40;
        for (int repeat = 0; repeat < 40; repeat++) {
            float[] down = new float[n * n];
            float[] diagonal = Rows.normal(random, n);
            for (int j = 0; j < n; j++) {
                down[j * n + j] = diagonal[j];
            }
            float[] token = Rows.normal(random, n);
            CettCurve curve = new CettCurve(1, down, n, n);
            curve.set(0, token);
            double bound = random.nextDouble(0.99);
            float largest = 0;
            for (int j = 0; j < n; j++) {
                float score = Math.abs(token[j] * diagonal[j]);
                double lost = 0;
                double all = 0;
                for (int k = 0; k < n; k++) {
                    double part = Math.pow((double) token[k] * diagonal[k], 2);
                    all += part;
                    lost += Math.abs(token[k] * diagonal[k]) < score ? part : 0;
                }
                largest = Math.sqrt(lost / all) <= bound ? Math.max(largest, score) : largest;
            }
            assertEquals(largest, curve.within(bound).threshold());
        }
    }

    @Test
    void zerosAndWhatCancels() {
        CettCurve zeros = new CettCurve(1, DOWN, 2, 2);
        zeros.set(0, new float[2]);
        assertEquals(new CettCurve.Point(Float.MIN_VALUE, 0, 1, 1), zeros.within(0), "nothing is lost");

        CettCurve cancels = new CettCurve(1, new float[] {1, 1}, 1, 2);
        cancels.set(0, new float[] {2, -2});
        assertEquals(0, cancels.at(Float.POSITIVE_INFINITY).cett(), "of an output of 0, all left out");
        CettCurve infinite = new CettCurve(1, new float[] {1, 2}, 1, 2);
        infinite.set(0, new float[] {2, -1});
        assertEquals(0, infinite.at(2).cett());
        CettCurve uneven = new CettCurve(1, new float[] {1, 1, 1}, 1, 3);
        uneven.set(0, new float[] {3, -2, -1});
        assertEquals(Double.POSITIVE_INFINITY, uneven.at(2).cett(), "1 is left out of an output of 0");

        CettCurve noWeight = new CettCurve(1, new float[] {0, 1}, 1, 2);
        noWeight.set(0, new float[] {5, 1});
        assertEquals(new CettCurve.Point(0, 0, 0.5, 1), noWeight.at(0), "a score of 0 is never kept, as by every rule");
    }

    @Test
    void whatIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new CettCurve(0, DOWN, 2, 2));
        assertThrows(IllegalArgumentException.class, () -> new CettCurve(1, DOWN, 2, 3));
        assertThrows(IllegalArgumentException.class, () -> new CettCurve(1, new float[] {1, Float.NaN}, 1, 2));
        CettCurve curve = new CettCurve(2, DOWN, 2, 2);
        curve.set(0, new float[] {1, 1});
        assertThrows(IllegalArgumentException.class, () -> curve.set(1, new float[3]));
        assertEquals(1, assertThrows(NonFiniteException.class, () -> curve.set(1, new float[] {0, Float.NaN})).index());
        assertEquals(1, assertThrows(NonFiniteException.class, () -> curve.set(1, new float[] {0, Float.MAX_VALUE})).index());
        assertThrows(IllegalStateException.class, () -> curve.at(0));
        assertThrows(IllegalStateException.class, () -> curve.within(1));
        assertThrows(IllegalArgumentException.class, () -> curve.at(Float.NaN));
        assertThrows(IllegalArgumentException.class, () -> curve.at(-1));
        assertThrows(IllegalArgumentException.class, () -> curve.within(Double.NaN));
    }
}
