package org.lacuna.eval.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lacuna.data.Batch;
import org.lacuna.eval.activation.ActiveNeurons;
import org.lacuna.eval.activation.ModelOverlap;
import org.lacuna.eval.method.Look;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.Initialization;
import org.lacuna.model.Model;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.measure.Masks;

/** What two models have active together against plain loops over what flows through both. */
class ModelOverlapTest {
    private static final CpuDevice DEVICE = new CpuDevice();
    private static final int TEXTS = 3;
    private static final int LENGTH = 10;
    private static final int INNER = 24;

    private final Batch texts = texts(1);

    private static Batch texts(long seed) {
        Random random = new Random(seed);
        return new Batch(TEXTS, LENGTH, random.ints(TEXTS * LENGTH, 0, 19).toArray(), random.ints(TEXTS * LENGTH, 0, 19).toArray());
    }

    private static Model model(String activation, int inner, long seed) {
        return Initialization.of(ModelConfig.llama(19, 16, inner, 2, 4, 2, 4, 1e-6, RotaryPosition.plain(10_000), true, FeedForward.gated(activation), 32, 0.4, OptionalInt.empty(), List.of()),
                DEVICE, seed);
    }

    private static ActiveNeurons active(Model model, Batch texts) {
        return ActiveNeurons.of(new Look("tiny", model, DEVICE, texts, texts, LENGTH, () -> false));
    }

    /** By layer, text and token. */
    private double[][][][] flow(Model model) {
        double[][][][] flow = new double[2][TEXTS][LENGTH][];
        for (int w = 0; w < TEXTS; w++) {
            int text = w;
            new PlainLlama(model, Set.of(Site.INTERMEDIATE), (layer, site, t, v) -> {
                flow[layer][text][t] = v;
                boolean[] all = new boolean[v.length];
                Arrays.fill(all, true);
                return all;
            }).loss(texts.rows(w, w + 1).inputs(), texts.rows(w, w + 1).targets());
        }
        return flow;
    }

    private static boolean[] kept(double[] values, double p) {
        boolean[] kept = new boolean[values.length];
        double total = Arrays.stream(values).map(Math::abs).sum();
        double before = 0;
        for (int j : IntStream.range(0, values.length).boxed().sorted(Comparator.comparingDouble((Integer j) -> -Math.abs(values[j]))).toList()) {
            kept[j] = values[j] != 0 && before < p * total;
            before += Math.abs(values[j]);
        }
        return kept;
    }

    @Test
    void figuresAreThoseOfPlainLoops() {
        Model one = model("relu", INNER, 5);
        Model other = model("relu", INNER, 6);
        List<ModelOverlap> found = ModelOverlap.of(3, active(one, texts), 1, active(other, texts), Settings.PAPER);
        assertEquals(List.of("not 0", "top_p 0.9"), found.stream().map(ModelOverlap::active).toList());
        double[][][][] a = flow(one);
        double[][][][] b = flow(other);
        for (ModelOverlap overlap : found) {
            assertEquals(List.of(3, 1), List.of(overlap.model(), overlap.against()));
            assertEquals(TEXTS * LENGTH, overlap.tokens());
            double all = 0;
            double chance = 0;
            for (int layer = 0; layer < 2; layer++) {
                double jaccard = 0;
                double expected = 0;
                double active = 0;
                for (int text = 0; text < TEXTS; text++) {
                    for (int t = 0; t < LENGTH; t++) {
                        double p = overlap.active().equals("not 0") ? 1 : 0.9;
                        boolean[] first = kept(a[layer][text][t], p);
                        boolean[] second = kept(b[layer][text][t], p);
                        int both = 0;
                        int ones = 0;
                        int others = 0;
                        for (int j = 0; j < INNER; j++) {
                            both += first[j] && second[j] ? 1 : 0;
                            ones += first[j] ? 1 : 0;
                            others += second[j] ? 1 : 0;
                        }
                        jaccard += both / (double) (ones + others - both) / (TEXTS * LENGTH);
                        expected += Masks.expectedJaccard(INNER, ones, others) / (TEXTS * LENGTH);
                        active += ones / (double) (INNER * TEXTS * LENGTH);
                    }
                }
                assertEquals(jaccard, overlap.layers().get(layer).overlap(), 1e-12, overlap.active());
                assertEquals(expected, overlap.layers().get(layer).expected(), 1e-12);
                assertEquals(active, overlap.layers().get(layer).active(), 1e-12);
                all += jaccard / 2;
                chance += expected / 2;
            }
            assertEquals(all, overlap.overlap(), 1e-12);
            assertEquals(chance, overlap.expected(), 1e-12);
            assertTrue(overlap.interval().low() <= all && all <= overlap.interval().high(), overlap.toString());
        }
    }

    @Test
    void aModelHasAllInCommonWithItself() {
        ActiveNeurons active = active(model("relu", INNER, 5), texts);
        for (ModelOverlap overlap : ModelOverlap.of(0, active, 1, active, Settings.PAPER)) {
            assertEquals(1, overlap.overlap(), 1e-15);
            assertEquals(1, overlap.interval().low(), 1e-15);
            assertTrue(overlap.expected() < 0.9, overlap.toString());
        }
    }

    @Test
    void masksThatTellNothingAreLeftOutAndOthersNotCompared() {
        ActiveNeurons silu = active(model("silu", INNER, 5), texts);
        // All values of both are other than 0.
        assertEquals(List.of("top_p 0.9"), ModelOverlap.of(0, silu, 1, active(model("silu", INNER, 6), texts), Settings.PAPER).stream().map(ModelOverlap::active).toList());
        ModelOverlap dense = ModelOverlap.of(0, silu, 1, active(model("relu", INNER, 6), texts), Settings.PAPER).get(0);
        assertEquals(dense.layers().get(0).otherActive(), dense.layers().get(0).overlap(), 1e-12, "all of the one's neurons are active");
        assertEquals(dense.expected(), dense.overlap(), 1e-12);
        assertEquals(List.of(), ModelOverlap.of(0, silu, 1, active(model("silu", 32, 5), texts), Settings.PAPER));
        assertEquals(List.of(), ModelOverlap.of(0, silu, 1, active(model("silu", INNER, 5), texts(2)), Settings.PAPER));
    }
}
