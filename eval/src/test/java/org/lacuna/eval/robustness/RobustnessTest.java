package org.lacuna.eval.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lacuna.data.Batch;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Initialization;
import org.lacuna.model.Model;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;
import org.lacuna.sparsity.Site;

class RobustnessTest {
    private static final CpuDevice DEVICE = new CpuDevice();
    private static final Workers ONE = new Workers(1);
    private static final Workers THREE = new Workers(3);
    private static final int WINDOWS = 5;
    private static final int LENGTH = 7;
    private static final int VOCABULARY = 19;
    /** Not hidden / heads, so that attention's two vectors differ in width. */
    private static final int HEAD = 2;
    private static final Settings SETTINGS = new Settings("top_p", List.of(1.0, 0.9, 0.6, 0.3, 0.0), TokenCoverage.EVERY, List.of(SiteSet.values()), 1.01, 50, 3, 0.9);

    @AfterAll
    static void end() {
        ONE.close();
        THREE.close();
    }

    private static Model model(FeedForward feedForward) {
        ModelConfig config = ModelConfig.llama(VOCABULARY, 16, 24, 2, 4, 2, HEAD, 1e-6, RotaryPosition.plain(10_000), true, feedForward, 32, 0.4,
                OptionalInt.empty(), List.of());
        return Initialization.of(config, DEVICE, 5);
    }

    private static int width(Site site) {
        return switch (site) {
            case INPUT, ATTENTION_INPUT -> 16;
            case ATTENTION_OUTPUT -> 4 * HEAD;
            default -> 24;
        };
    }

    private static Batch windows(int count, int length) {
        Random random = new Random(8);
        return new Batch(count, length, random.ints((long) count * length, 0, VOCABULARY).toArray(),
                random.ints((long) count * length, 0, VOCABULARY).toArray());
    }

    private static Robustness robustness(Model model, Workers workers) {
        return new Robustness("tiny", model, DEVICE, workers, windows(WINDOWS, LENGTH), () -> false);
    }

    static Stream<FeedForward> forms() {
        return Stream.of(FeedForward.gated("silu"), FeedForward.gated("relu"), FeedForward.ungated("relu"));
    }

    @ParameterizedTest
    @MethodSource("forms")
    void lossesAndCountsAreThoseOfPlainLoops(FeedForward form) {
        Model model = model(form);
        Robustness robustness = robustness(model, ONE);
        DenseResult dense = robustness.dense(OptionalLong.empty());
        Batch windows = windows(WINDOWS, LENGTH);
        for (int w = 0; w < WINDOWS; w++) {
            Batch window = windows.rows(w, w + 1);
            double loss = new PlainLlama(model, Set.of(), 1).loss(window.inputs(), window.targets());
            assertEquals(loss, dense.windowLossSums().get(w), 1e-5 * loss, "dense, window " + w);
        }
        for (SiteSet sites : SiteSet.values()) {
            if (!model.config().sites().containsAll(sites.sites())) {
                continue;
            }
            SiteResult curve = robustness.curve(sites, SETTINGS, dense);
            for (Point point : curve.points()) {
                long kept = 0;
                for (int w = 0; w < WINDOWS; w++) {
                    Batch window = windows.rows(w, w + 1);
                    PlainLlama plain = new PlainLlama(model, sites.sites(), point.p());
                    double loss = plain.loss(window.inputs(), window.targets());
                    String what = sites + ", p = " + point.p() + ", window " + w;
                    assertEquals(loss, point.windowLossSums().get(w), 1e-5 * loss, what);
                    assertEquals(plain.kept, point.windowKept().get(w), what);
                    kept += plain.kept;
                }
                long elements = sites.sites().stream().mapToLong(RobustnessTest::width).sum() * 2 * LENGTH;
                assertEquals(elements, curve.windowElements());
                double sparsity = 1 - kept / (double) (elements * WINDOWS);
                assertEquals(sparsity, point.sparsity(), 1e-12);
                assertEquals(sparsity, point.layerSparsity().stream().mapToDouble(Double::doubleValue).average().orElseThrow(), 1e-12);
            }
        }
    }

    @Test
    void pOfOneIsTheDenseRunBitForBit() {
        Robustness robustness = robustness(model(FeedForward.gated("silu")), ONE);
        DenseResult dense = robustness.dense(OptionalLong.empty());
        for (SiteSet sites : SiteSet.values()) {
            Point first = robustness.curve(sites, SETTINGS, dense).points().get(0);
            assertEquals(dense.windowLossSums(), first.windowLossSums(), sites.key());
            assertEquals(0.0, first.sparsity(), sites.key());
            assertEquals(0.0, first.increase().low());
            assertEquals(0.0, first.increase().high());
        }
    }

    @Test
    void pOfZeroLeavesNothing() {
        Robustness robustness = robustness(model(FeedForward.gated("silu")), ONE);
        DenseResult dense = robustness.dense(OptionalLong.empty());
        for (SiteSet sites : SiteSet.values()) {
            Point last = robustness.curve(sites, SETTINGS, dense).points().get(4);
            assertEquals(List.of(0L, 0L, 0L, 0L, 0L), last.windowKept());
            assertEquals(1.0, last.sparsity());
            assertEquals(List.of(1.0, 1.0), last.layerSparsity());
        }
    }

    @Test
    void neitherWorkersNorChunksChangeABit() {
        Model model = model(FeedForward.gated("relu"));
        Settings paper = new Settings("top_p", Settings.PAPER.grid(), TokenCoverage.EVERY, List.of(SiteSet.ALL_INPUTS), 1.01, 50, 3, 0.9);
        // 26 points × 40 tokens leave room for 3 windows in a call, so that 8 windows are 3 calls, the last with padding.
        Batch windows = windows(8, 40).rows(0, 8);
        Model longer = new Model(ModelConfig.llama(VOCABULARY, 16, 24, 2, 4, 2, HEAD, 1e-6, RotaryPosition.plain(10_000), true,
                FeedForward.gated("relu"), 64, 0.4, OptionalInt.empty(), List.of()), model.parameters());
        Robustness one = new Robustness("tiny", longer, DEVICE, ONE, windows, () -> false);
        Robustness three = new Robustness("tiny", longer, DEVICE, THREE, windows, () -> false);
        DenseResult dense = one.dense(OptionalLong.of(100));
        assertEquals(dense, three.dense(OptionalLong.of(100)));
        SiteResult curve = one.curve(SiteSet.ALL_INPUTS, paper, dense);
        assertEquals(curve, three.curve(SiteSet.ALL_INPUTS, paper, dense));
        for (int w = 0; w < 8; w++) {
            Robustness alone = new Robustness("tiny", longer, DEVICE, ONE, windows.rows(w, w + 1), () -> false);
            SiteResult window = alone.curve(SiteSet.ALL_INPUTS, paper, alone.dense(OptionalLong.empty()));
            for (int p = 0; p < 26; p++) {
                assertEquals(window.points().get(p).windowLossSums().get(0), curve.points().get(p).windowLossSums().get(w));
                assertEquals(window.points().get(p).windowKept().get(0), curve.points().get(p).windowKept().get(w));
            }
        }
    }

    /** One layer of hidden size 4, two heads of 2; queries are 0, so that all positions count alike, and values are the normed input itself. */
    private static Model byHand() {
        ModelConfig config = ModelConfig.llama(3, 4, 4, 1, 2, 2, 2, 1e-12, RotaryPosition.plain(10_000), true, FeedForward.gated("silu"), 8, 0.4, OptionalInt.empty(), List.of());
        Model model = Initialization.of(config, DEVICE, 5);
        set(model, "model.embed_tokens.weight", 3, 4, 0, 0, /* the second token */ 1, 1, 1, 1, 0, 0, 0, 1);
        set(model, "model.layers.0.self_attn.q_proj.weight", new float[16]);
        set(model, "model.layers.0.self_attn.v_proj.weight", 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1);
        return model;
    }

    private static void set(Model model, String tensor, float... values) {
        model.parameters().tensor(tensor).set(values);
    }

    /**
     * The inputs are 1.2, 1.6, 0, 0 and 1, 1, 1, 1, what the heads gather is the first of them, then their mean 1.1, 1.3, 0.5, 0.5. Half of the sum of a first
     * one is held by an element, of a second one by two; 0.9 of it by two and by four.
     */
    @Test
    void attentionsElementsAreCountedByHand() {
        Settings settings = new Settings("top_p", List.of(1.0, 0.9, 0.5, 0.0), TokenCoverage.EVERY, List.of(SiteSet.ATTENTION_INPUT, SiteSet.ATTENTION_OUTPUT), 1.01, 50, 3, 0.9);
        Robustness robustness = new Robustness("by hand", byHand(), DEVICE, ONE, new Batch(1, 2, new int[] {0, 1}, new int[] {1, 2}), () -> false);
        DenseResult dense = robustness.dense(OptionalLong.empty(), settings.sites());
        assertEquals(List.of(0.25), dense.exactZeros().get(Site.ATTENTION_INPUT));
        assertEquals(List.of(0.25), dense.exactZeros().get(Site.ATTENTION_OUTPUT));
        for (SiteSet sites : settings.sites()) {
            SiteResult curve = robustness.curve(sites, settings, dense);
            assertEquals(8, curve.windowElements());
            assertEquals(List.of(List.of(6L), List.of(6L), List.of(3L), List.of(0L)), curve.points().stream().map(Point::windowKept).toList(), sites.key());
            assertEquals(List.of(0.25, 0.25, 0.625, 1.0), curve.points().stream().map(Point::sparsity).toList());
            assertEquals(dense.windowLossSums(), curve.points().get(0).windowLossSums());
        }
        assertEquals(Set.of(Site.INPUT, Site.UP, Site.GATE, Site.INTERMEDIATE), robustness.dense(OptionalLong.empty()).exactZeros().keySet());
    }

    @Test
    void exactZerosAndDeadNeuronsAreCounted() {
        Model model = model(FeedForward.gated("relu"));
        // Neurons 3 and 5 of the second layer get no up projection, so they are never anything but 0.
        Tensor up = model.parameters().tensor("model.layers.1.mlp.up_proj.weight");
        for (int j : new int[] {3, 5}) {
            IntStream.range(0, 16).forEach(i -> up.setFloat(j * 16L + i, 0));
        }
        DenseResult dense = robustness(model, THREE).dense(OptionalLong.of(70));
        assertEquals(dense.loss() * WINDOWS * LENGTH / 70, dense.lossPerByte().orElseThrow(), 1e-12);
        assertEquals(List.of(0.0, 0.0), dense.exactZeros().get(Site.INPUT));
        assertEquals(List.of(0.0, 2 / 24.0), dense.exactZeros().get(Site.UP));
        double gate = dense.exactZeros().get(Site.GATE).get(1);
        assertTrue(gate > 0.3 && gate < 0.7, "ReLU of a symmetric input is 0 about half of the time, not " + gate);
        assertTrue(dense.exactZeros().get(Site.INTERMEDIATE).get(1) > gate);
        assertTrue(dense.deadNeurons().get(1) >= 2 && dense.deadNeurons().get(1) < 8, "dead: " + dense.deadNeurons());
        assertEquals(0, robustness(model(FeedForward.gated("silu")), ONE).dense(OptionalLong.empty()).deadNeurons().get(1));
    }

    @Test
    void overflowIsNamedWithItsPlace() {
        Model model = model(FeedForward.gated("relu"));
        Tensor up = model.parameters().tensor("model.layers.1.mlp.up_proj.weight");
        IntStream.range(0, (int) up.length()).forEach(i -> up.setFloat(i, 3e38f));
        String message = assertThrows(RunException.class, () -> robustness(model, ONE).dense(OptionalLong.empty())).getMessage();
        assertTrue(message.startsWith("tiny: ") && message.contains("layers.1.mlp.up") && message.contains("of window 0"), message);
    }

    @Test
    void aLossThatIsNotFiniteIsSaidOfTheModel() {
        Model model = model(FeedForward.gated("silu"));
        Tensor norm = model.parameters().tensor("model.norm.weight");
        // Finite as a checkpoint's numbers must be, and behind the last vector that a rule sees.
        IntStream.range(0, (int) norm.length()).forEach(i -> norm.setFloat(i, 3e38f));
        String message = assertThrows(RunException.class, () -> robustness(model, THREE).dense(OptionalLong.empty())).getMessage();
        assertTrue(message.startsWith("tiny: the model's loss is not finite (") && message.contains("norm"), message);
    }

    @Test
    void windowsThatTheModelCannotReadAreRefused() {
        Model model = model(FeedForward.gated("silu"));
        Batch outside = new Batch(1, 2, new int[] {1, VOCABULARY}, new int[] {1, 1});
        assertInput("token 19", () -> new Robustness("tiny", model, DEVICE, ONE, outside, () -> false));
        assertInput("windows of 33 tokens", () -> new Robustness("tiny", model, DEVICE, ONE, windows(1, 33), () -> false));
        Batch unscored = new Batch(1, 2, new int[] {1, 2}, new int[] {1, Batch.NOT_SCORED});
        assertThrows(IllegalArgumentException.class, () -> new Robustness("tiny", model, DEVICE, ONE, unscored, () -> false));
    }

    private static void assertInput(String part, Runnable refused) {
        String message = assertThrows(InputException.class, refused::run).getMessage();
        assertTrue(message.contains(part), message);
    }
}
