package org.lacuna.eval.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.lacuna.data.Batch;
import org.lacuna.eval.activation.Activations;
import org.lacuna.eval.activation.Activations.Layer;
import org.lacuna.eval.method.Look;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.Initialization;
import org.lacuna.model.Model;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.sparsity.Site;

/** What is told of activations against plain loops over what flows through a model. */
class ActivationsTest {
    private static final int TEXTS = 3;
    private static final int LENGTH = 10;
    private static final int INNER = 24;

    @Test
    void figuresAreThoseOfPlainLoops() {
        CpuDevice device = new CpuDevice();
        ModelConfig config = ModelConfig.llama(19, 16, INNER, 2, 4, 2, 4, 1e-6, RotaryPosition.plain(10_000), true, FeedForward.gated("relu"), 32, 0.4, OptionalInt.empty(), List.of());
        Model model = Initialization.of(config, device, 5);
        Random random = new Random(1);
        Batch texts = new Batch(TEXTS, LENGTH, random.ints(TEXTS * LENGTH, 0, 19).toArray(), random.ints(TEXTS * LENGTH, 0, 19).toArray());
        List<Layer> layers = Activations.of(new Look("tiny", model, device, texts, texts, LENGTH, () -> false), Set.of(Site.values()));
        assertEquals(2 * 6, layers.size());
        for (Layer layer : layers) {
            double[][][] flow = new double[TEXTS][LENGTH][];
            for (int w = 0; w < TEXTS; w++) {
                int text = w;
                new PlainLlama(model, Set.of(layer.site()), (l, site, t, v) -> {
                    if (l == layer.layer()) {
                        flow[text][t] = v;
                    }
                    boolean[] all = new boolean[v.length];
                    Arrays.fill(all, true);
                    return all;
                }).loss(texts.rows(w, w + 1).inputs(), texts.rows(w, w + 1).targets());
            }
            check(layer, flow);
        }
    }

    private static void check(Layer layer, double[][][] flow) {
        int n = layer.site() == Site.INPUT || layer.site().inAttention() ? 16 : INNER;
        Map<Integer, Long> magnitudes = new TreeMap<>();
        double zeros = 0;
        double squareHoyer = 0;
        double overlap = 0;
        double pairs = 0;
        int[] active = new int[n];
        for (double[][] text : flow) {
            for (int t = 0; t < LENGTH; t++) {
                double sum = 0;
                double squares = 0;
                int both = 0;
                int either = 0;
                for (int j = 0; j < n; j++) {
                    zeros += text[t][j] == 0 ? 1.0 / n : 0;
                    active[j] += text[t][j] == 0 ? 0 : 1;
                    if (text[t][j] != 0) {
                        magnitudes.merge((int) Math.floor(Math.log(Math.abs(text[t][j])) / Math.log(2)), 1L, Long::sum);
                    }
                    sum += Math.abs(text[t][j]);
                    squares += text[t][j] * text[t][j];
                    both += t > 0 && text[t][j] != 0 && text[t - 1][j] != 0 ? 1 : 0;
                    either += t > 0 && (text[t][j] != 0 || text[t - 1][j] != 0) ? 1 : 0;
                }
                squareHoyer += sum * sum / squares;
                overlap += t == 0 ? 0 : either == 0 ? 1 : both / (double) either;
                pairs += t == 0 ? 0 : 1;
            }
        }
        String what = layer.site() + " of layer " + layer.layer();
        assertEquals(zeros / (TEXTS * LENGTH), layer.means().get("exact_zeros"), 1e-12, what);
        assertEquals(Math.round(zeros * n), layer.zeros(), what);
        assertEquals(magnitudes, layer.magnitudes(), what);
        assertEquals(squareHoyer / (TEXTS * LENGTH), layer.means().get("square_hoyer"), 1e-4 * squareHoyer / (TEXTS * LENGTH), what);
        assertEquals(overlap / pairs, layer.overlap(), 1e-12, what);
        assertEquals(Arrays.stream(active).filter(a -> a == 0).count(), layer.dead(), what);
        assertEquals(Arrays.stream(active).filter(a -> a == TEXTS * LENGTH).count(), layer.alwaysOn(), what);
        assertEquals(layer.means().get("exact_zeros"), layer.unions().get("1"), 1e-12, what);
        assertEquals(TEXTS * LENGTH, layer.effectiveRank().tokens(), what);
        assertEquals(n, layer.effectiveRank().width(), what);
    }
}
