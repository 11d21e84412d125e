package org.lacuna.sparsity.measure;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.sparsity.rule.NonFiniteException;

/** What is gathered over tokens, against plain loops over all of them, and with the texts given to several workers. */
class GatheringTest {
    private static final int N = 70;
    private static final int TEXTS = 13;

    private final List<float[][]> texts = texts(new SplittableRandom(11));

    /** Texts of 0 to 149 tokens; neuron 3 never fires, neuron 69 always. */
    private static List<float[][]> texts(SplittableRandom random) {
        List<float[][]> texts = new ArrayList<>();
        for (int text = 0; text < TEXTS; text++) {
            float[][] tokens = new float[text == 5 ? 0 : random.nextInt(150)][];
            for (int t = 0; t < tokens.length; t++) {
                tokens[t] = Rows.sparse(random, N);
                tokens[t][0] = random.nextBoolean() ? 0 : tokens[t][0];
                tokens[t][3] = 0;
                tokens[t][69] = 0.1f;
            }
            texts.add(tokens);
        }
        texts.get(2)[0] = new float[N];
        texts.get(2)[0][69] = 0.1f;
        return texts;
    }

    /** All that is gathered, by one worker. */
    private static final class Worker {
        final MeasureMeans means = new MeasureMeans(Measures.all(), TEXTS);
        final MagnitudeHistogram histogram = new MagnitudeHistogram();
        final NeuronUse use = new NeuronUse(N);
        final NeighbourOverlap overlap = new NeighbourOverlap(N, TEXTS);
        final UnionSparsity union = new UnionSparsity(N, UnionSparsity.SIZES, TEXTS);
        final TokenSample sample = new TokenSample(40, N, 7);
        private final MeasureScratch scratch = new MeasureScratch(N);

        void add(int text, float[][] tokens) {
            for (int t = 0; t < tokens.length; t++) {
                means.add(text, tokens[t], N, scratch);
                histogram.add(tokens[t], N);
                long[] mask = Rows.mask(tokens[t]);
                use.add(mask);
                overlap.add(text, mask);
                union.add(text, mask);
                sample.add(text * 1000L + t, tokens[t]);
            }
        }

        void merge(Worker other) {
            means.merge(other.means);
            histogram.merge(other.histogram);
            use.merge(other.use);
            overlap.merge(other.overlap);
            union.merge(other.union);
            sample.merge(other.sample);
        }
    }

    private Worker one() {
        Worker worker = new Worker();
        for (int text = 0; text < TEXTS; text++) {
            worker.add(text, texts.get(text));
        }
        return worker;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 20})
    void resultsAreTheSameBitsForAnyNumberOfWorkersInAnyOrder(int workers) {
        Worker expected = one();
        SplittableRandom random = new SplittableRandom(workers);
        List<Worker> team = IntStream.range(0, workers).mapToObj(i -> new Worker()).toList();
        List<Integer> order = new ArrayList<>(IntStream.range(0, TEXTS).boxed().toList());
        while (!order.isEmpty()) {
            int text = order.remove(random.nextInt(order.size()));
            team.get(random.nextInt(workers)).add(text, texts.get(text));
        }
        List<Worker> left = new ArrayList<>(team);
        Worker found = left.remove(random.nextInt(left.size()));
        while (!left.isEmpty()) {
            found.merge(left.remove(random.nextInt(left.size())));
        }
        for (Measure measure : Measures.all()) {
            assertEquals(expected.means.of(measure).mean(), found.means.of(measure).mean());
            assertEquals(expected.means.of(measure).count(), found.means.of(measure).count());
            assertEquals(expected.means.of(measure).undefined(), found.means.of(measure).undefined());
        }
        for (int e = MagnitudeHistogram.LEAST; e <= MagnitudeHistogram.MOST; e++) {
            assertEquals(expected.histogram.count(e), found.histogram.count(e));
        }
        assertEquals(expected.histogram.zeros(), found.histogram.zeros());
        assertEquals(expected.use.summary(), found.use.summary());
        assertEquals(expected.overlap.sums().mean(), found.overlap.sums().mean());
        assertEquals(expected.union.chunks(), found.union.chunks());
        assertArrayEquals(expected.sample.numbers(), found.sample.numbers());
        assertEquals(expected.sample.seen(), found.sample.seen());
        assertEquals(EffectiveRank.of(expected.sample.rows()), EffectiveRank.of(found.sample.rows()));
    }

    @Test
    void meansAreOverTokensAndSayHowManyHaveNone() {
        texts.get(2)[0][69] = 0; // a token of zeros
        Worker worker = one();
        MeasureScratch scratch = new MeasureScratch(N);
        for (Measure measure : Measures.all()) {
            double[] values = texts.stream().flatMap(Arrays::stream).mapToDouble(row -> measure.of(row, N, scratch)).toArray();
            TextSums sums = worker.means.of(measure);
            long defined = Arrays.stream(values).filter(Double::isFinite).count();
            assertEquals(Arrays.stream(values).filter(Double::isFinite).sum() / defined, sums.mean(), 1e-12 * Math.abs(sums.mean()), measure.name());
            assertEquals(defined, sums.count());
            assertEquals(values.length - defined, sums.undefined());
            assertEquals(List.of("exact_zeros", "near_zeros").contains(measure.name()) ? 0 : 1, sums.undefined(), measure.name());
        }
    }

    @Test
    void exponentsAreThoseBetweenPowersOfTwo() {
        MagnitudeHistogram histogram = one().histogram;
        for (int e = MagnitudeHistogram.LEAST; e <= MagnitudeHistogram.MOST; e++) {
            double from = Math.scalb(1.0, e);
            long expected = texts.stream().flatMap(Arrays::stream)
                    .mapToLong(row -> IntStream.range(0, N).mapToDouble(j -> Math.abs(row[j])).filter(x -> x >= from && x < 2 * from).count()).sum();
            assertEquals(expected, histogram.count(e));
        }
        assertEquals(N * (long) texts.stream().mapToInt(text -> text.length).sum(), histogram.total());

        MagnitudeHistogram edges = new MagnitudeHistogram();
        edges.add(new float[] {0, -0f, Float.MIN_VALUE, Float.MIN_NORMAL, Math.nextDown(Float.MIN_NORMAL)}, 5);
        edges.add(new float[] {-1, Math.nextDown(1f), Math.nextDown(2f), 2, Float.MAX_VALUE}, 5);
        assertEquals(2, edges.zeros());
        assertEquals(1, edges.count(-149));
        assertEquals(1, edges.count(-127));
        assertEquals(1, edges.count(-126));
        assertEquals(1, edges.count(-1));
        assertEquals(2, edges.count(0));
        assertEquals(1, edges.count(1));
        assertEquals(1, edges.count(127));
        assertEquals(10, edges.total());
        assertThrows(NonFiniteException.class, () -> edges.add(new float[] {Float.NaN}, 1));
    }

    @Test
    void neuronsAreCounted() {
        NeuronUse use = one().use;
        int dead = 0;
        int alwaysOn = 0;
        int tokens = texts.stream().mapToInt(text -> text.length).sum();
        for (int j = 0; j < N; j++) {
            int neuron = j;
            long active = texts.stream().flatMap(Arrays::stream).filter(row -> row[neuron] != 0).count();
            assertEquals(active, use.active(j));
            dead += active == 0 ? 1 : 0;
            alwaysOn += active == tokens ? 1 : 0;
        }
        assertEquals(0, use.active(3));
        assertEquals(tokens, use.active(69));
        assertEquals(new NeuronUse.Summary(N, tokens, dead, alwaysOn), use.summary());
        assertTrue(dead >= 1 && alwaysOn >= 1);
        assertThrows(IllegalStateException.class, () -> new NeuronUse(2).summary());
    }

    @Test
    void jaccardByHand() {
        long[] a = Rows.mask(1, 1, 0, 0, 1);
        long[] b = Rows.mask(0, 1, 0, 1, 1);
        assertEquals(2 / 4.0, Masks.jaccard(a, b, 5));
        assertEquals(2 / 4.0, Masks.jaccard(b, a, 5));
        assertEquals(1, Masks.jaccard(a, a, 5));
        assertEquals(0, Masks.jaccard(a, new long[1], 5));
        assertEquals(1, Masks.jaccard(new long[1], new long[1], 5), "two empty masks are equal");
        assertThrows(IllegalArgumentException.class, () -> Masks.jaccard(a, b, 4));
        assertThrows(IllegalArgumentException.class, () -> Masks.jaccard(a, b, 65));
    }

    @Test
    void neighboursAreOfTheSameText() {
        TextSums sums = one().overlap.sums();
        double all = 0;
        for (int text = 0; text < TEXTS; text++) {
            float[][] tokens = texts.get(text);
            double sum = 0;
            for (int t = 1; t < tokens.length; t++) {
                int both = 0;
                int either = 0;
                for (int j = 0; j < N; j++) {
                    both += tokens[t - 1][j] != 0 && tokens[t][j] != 0 ? 1 : 0;
                    either += tokens[t - 1][j] != 0 || tokens[t][j] != 0 ? 1 : 0;
                }
                sum += both / (double) either;
            }
            assertEquals(Math.max(0, tokens.length - 1), sums.count(text));
            assertEquals(sum, sums.sum(text), 1e-12 * sum);
            all += sum;
        }
        assertEquals(all / sums.count(), sums.mean(), 1e-12);
    }

    /** Neurons that fire: {0}, {1}, {0}, then {2} at the end. */
    @Test
    void unionsByHand() {
        UnionSparsity union = new UnionSparsity(4, List.of(1, 2, 3, 5), 2);
        for (long bits : new long[] {1, 2, 1, 4}) {
            union.add(1, new long[] {bits});
        }
        union.add(0, new long[1]);
        assertEquals(List.of(new UnionSparsity.Chunks(1, 4, 5, 4, 0), new UnionSparsity.Chunks(2, 4, 2, 4, 1),
                new UnionSparsity.Chunks(3, 4, 1, 2, 2), new UnionSparsity.Chunks(5, 4, 0, 0, 5)), union.chunks());
        assertEquals(1 - 4 / 20.0, union.chunks().get(0).sparsity());
        assertEquals(1 - 4 / 8.0, union.chunks().get(1).sparsity());
        assertEquals(Double.NaN, union.chunks().get(3).sparsity());
    }

    /** Two sequences side by side fire {0} then {1}, and {0} then {2}: together one neuron of four at the first position, two at the second. */
    @Test
    void aBatchIsATextByPositions() {
        UnionSparsity union = new UnionSparsity(4, List.of(2), 1);
        long[][][] sequences = {{{1}, {2}}, {{1}, {4}}};
        for (int position = 0; position < 2; position++) {
            for (long[][] sequence : sequences) {
                union.add(0, sequence[position]);
            }
        }
        assertEquals((3 / 4.0 + 2 / 4.0) / 2, union.chunks().get(0).sparsity());
    }

    /**
     * Of three neurons, a token each of two texts and one more: {0, 1} and {1, 2} share one of three, two empty masks all, and {0} and {2} none. Drawn at random, two of three
     * and two of three share one (2 ways of 3) or both: 2/3 · 1/3 + 1/3 · 1; one and one share it in one way of 3.
     */
    @Test
    void twoModelsMasksOnTheSameTokens() {
        MaskOverlap overlap = new MaskOverlap(3, 2);
        overlap.add(0, new long[] {0b011}, new long[] {0b110});
        overlap.add(1, new long[1], new long[1]);
        overlap.add(1, new long[] {0b001}, new long[] {0b100});
        assertEquals((1 / 3.0 + 1) / 3, overlap.overlap().mean(), 1e-15);
        assertEquals(1 / 3.0, overlap.overlap().sum(0));
        assertEquals((5 / 9.0 + 1 + 1 / 3.0) / 3, overlap.expected().mean(), 1e-15);
        assertEquals(3 / 9.0, overlap.firstDensity());
        assertEquals(3 / 9.0, overlap.secondDensity());
        assertThrows(IllegalArgumentException.class, () -> overlap.add(0, new long[] {0b1000}, new long[1]));
    }

    @Test
    void whatMasksShareByChanceByHand() {
        assertEquals(1 / 3.0, Masks.expectedJaccard(3, 1, 1), 1e-15);
        // Two of four and two of four: none in common in 1 way of 6, one in 4, both in 1.
        assertEquals(4 / 6.0 / 3 + 1 / 6.0, Masks.expectedJaccard(4, 2, 2), 1e-15);
        // Three of five and four of five have two (3 ways of 5) or three in common, of five or four in either.
        assertEquals(3 / 5.0 * 2 / 5 + 2 / 5.0 * 3 / 4, Masks.expectedJaccard(5, 3, 4), 1e-15);
        assertEquals(3 / 5.0 * 2 / 5 + 2 / 5.0 * 3 / 4, Masks.expectedJaccard(5, 4, 3), 1e-15);
        assertEquals(1, Masks.expectedJaccard(5, 5, 5));
        assertEquals(2 / 5.0, Masks.expectedJaccard(5, 5, 2), 1e-15);
        assertEquals(0, Masks.expectedJaccard(5, 0, 2));
        assertEquals(1, Masks.expectedJaccard(5, 0, 0));
        // Of many, hardly more than the quotient of the means: 1/4 of all in both, 3/4 in either.
        assertEquals(1 / 3.0, Masks.expectedJaccard(100_000, 50_000, 50_000), 1e-5);
        assertThrows(IllegalArgumentException.class, () -> Masks.expectedJaccard(5, 6, 1));
    }

    /** Every mask of the second's size against one of the first's. */
    @Test
    void whatMasksShareByChanceIsTheMeanOverAllMasks() {
        int n = 9;
        for (int first = 0; first <= n; first++) {
            long[] fixed = {(1L << first) - 1};
            double[] sums = new double[n + 1];
            int[] counts = new int[n + 1];
            for (long mask = 0; mask < 1 << n; mask++) {
                sums[Long.bitCount(mask)] += Masks.jaccard(fixed, new long[] {mask}, n);
                counts[Long.bitCount(mask)]++;
            }
            for (int second = 0; second <= n; second++) {
                assertEquals(sums[second] / counts[second], Masks.expectedJaccard(n, first, second), 1e-13, first + " and " + second);
            }
        }
    }

    @Test
    void unionsOfRandomTexts() {
        Worker worker = one();
        for (UnionSparsity.Chunks found : worker.union.chunks()) {
            int k = found.size();
            List<Double> sparsities = new ArrayList<>();
            int left = 0;
            for (float[][] text : texts) {
                for (int from = 0; from + k <= text.length; from += k) {
                    int begin = from;
                    long zero = IntStream.range(0, N).filter(j -> IntStream.range(begin, begin + k).allMatch(t -> text[t][j] == 0)).count();
                    sparsities.add(zero / (double) N);
                }
                left += text.length % k;
            }
            assertEquals(sparsities.stream().mapToDouble(s -> s).average().getAsDouble(), found.sparsity(), 1e-12);
            assertEquals(sparsities.size(), found.chunks());
            assertEquals(left, found.leftOut());
        }
        assertEquals(worker.means.of(Measures.byName("exact_zeros")).mean(), worker.union.chunks().get(0).sparsity(), 1e-12);
    }

    @Test
    void aTextBelongsToOneWorkerAndStaysTogether() {
        long[] mask = new long[2];
        Worker left = new Worker();
        left.add(1, texts.get(1));
        left.add(0, texts.get(0));
        assertThrows(IllegalArgumentException.class, () -> left.overlap.add(1, mask));
        assertThrows(IllegalArgumentException.class, () -> left.union.add(1, mask));
        Worker all = one();
        Worker again = new Worker();
        again.add(1, texts.get(1));
        double before = all.overlap.sums().mean();
        assertThrows(IllegalArgumentException.class, () -> all.means.merge(again.means));
        assertThrows(IllegalArgumentException.class, () -> all.overlap.merge(again.overlap));
        assertThrows(IllegalArgumentException.class, () -> all.union.merge(again.union));
        assertThrows(IllegalArgumentException.class, () -> all.sample.merge(again.sample));
        assertEquals(before, all.overlap.sums().mean());

        // A text that came by a merge can neither go on nor come once more.
        Worker merged = new Worker();
        merged.merge(again);
        assertThrows(IllegalArgumentException.class, () -> merged.overlap.add(1, mask));
        assertThrows(IllegalArgumentException.class, () -> merged.union.add(1, mask));
        assertThrows(IllegalArgumentException.class, () -> merged.union.merge(again.union));
    }

    @Test
    void differentThingsAreNotMerged() {
        assertThrows(IllegalArgumentException.class, () -> new TextSums(2).merge(new TextSums(3)));
        assertThrows(IllegalArgumentException.class, () -> new MeasureMeans(Measures.all(), 2).merge(new MeasureMeans(List.of(), 2)));
        assertThrows(IllegalArgumentException.class, () -> new NeuronUse(2).merge(new NeuronUse(3)));
        assertThrows(IllegalArgumentException.class, () -> new NeighbourOverlap(2, 1).merge(new NeighbourOverlap(3, 1)));
        assertThrows(IllegalArgumentException.class, () -> new UnionSparsity(2, List.of(1), 1).merge(new UnionSparsity(2, List.of(2), 1)));
        assertThrows(IllegalArgumentException.class, () -> new TokenSample(2, 3, 1).merge(new TokenSample(2, 3, 2)));
        assertThrows(IllegalArgumentException.class, () -> new MeasureMeans(List.of(new Gini()), 1).of(new Hoyer()));
        assertEquals(Double.NaN, new TextSums(1).mean());
    }

    @Test
    void samplesAreOfDifferentTokensAndEachIsDrawnAboutAsOften() {
        int[] drawn = new int[50];
        for (int seed = 0; seed < 2000; seed++) {
            TokenSample sample = new TokenSample(10, 1, seed * 0x5851f42d4c957f2dL);
            for (int t = 0; t < 50; t++) {
                sample.add(t, new float[] {t});
            }
            assertEquals(50, sample.seen());
            long[] numbers = sample.numbers();
            float[][] rows = sample.rows();
            assertEquals(10, rows.length);
            for (int i = 0; i < 10; i++) {
                assertEquals(numbers[i], rows[i][0]);
                assertTrue(i == 0 || numbers[i] > numbers[i - 1]);
                drawn[(int) numbers[i]]++;
            }
        }
        // Each is binomial: 2000 draws of probability 1/5, five standard deviations.
        for (int count : drawn) {
            assertEquals(400, count, 5 * Math.sqrt(2000 * 0.2 * 0.8));
        }
        TokenSample few = new TokenSample(10, 1, 1);
        few.add(4, new float[] {4});
        few.add(2, new float[] {2});
        assertArrayEquals(new long[] {2, 4}, few.numbers());
        assertThrows(IllegalArgumentException.class, () -> few.add(4, new float[] {4}));
        assertThrows(IllegalArgumentException.class, () -> few.add(5, new float[0]));
    }
}
