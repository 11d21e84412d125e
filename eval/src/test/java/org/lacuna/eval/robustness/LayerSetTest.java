package org.lacuna.eval.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.data.Batch;
import org.lacuna.eval.method.Look;
import org.lacuna.eval.method.Methods;
import org.lacuna.fixtures.Fixtures;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.Initialization;
import org.lacuna.model.Model;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.run.InputException;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.rule.Rule;
import org.lacuna.sparsity.rule.Rules;

/** Rules in some layers alone, against plain loops and against the same rule with a p of its own in each layer. */
class LayerSetTest {
    private static final CpuDevice DEVICE = new CpuDevice();
    private static final Workers TEAM = new Workers(2);
    private static final int WINDOWS = 3;
    private static final int LENGTH = 8;
    private static final int HIDDEN = 16;
    private static final int INNER = 24;
    private static final int LAYERS = 3;
    private static final List<Double> GRID = List.of(1.0, 0.6, 0.2);

    @AfterAll
    static void end() {
        TEAM.close();
    }

    private static Model model(FeedForward form) {
        ModelConfig config = ModelConfig.llama(19, HIDDEN, INNER, LAYERS, 4, 2, 4, 1e-6, RotaryPosition.plain(10_000), true, form, 32, 0.4, OptionalInt.empty(),
                List.of());
        return Initialization.of(config, DEVICE, 5);
    }

    private static Batch windows(int vocabulary) {
        Random random = new Random(8);
        return new Batch(WINDOWS, LENGTH, random.ints(WINDOWS * LENGTH, 0, vocabulary).toArray(), random.ints(WINDOWS * LENGTH, 0, vocabulary).toArray());
    }

    private static Settings settings(String rule, SiteSet sites, String layers) {
        return new Settings(rule, GRID, TokenCoverage.EVERY, List.of(sites), 1.01, 50, 3, 0.9).withLayers(LayerSet.parse(layers));
    }

    static Stream<FeedForward> forms() {
        return Stream.of(FeedForward.gated("silu"), FeedForward.gated("relu"), FeedForward.ungated("relu"));
    }

    private static SiteResult curve(Model model, Settings settings, Workers team) {
        Batch windows = windows(model.config().vocabulary());
        Robustness robustness = new Robustness("tiny", model, DEVICE, team, windows, () -> false);
        Look look = new Look("tiny", model, DEVICE, windows, windows, LENGTH, () -> false);
        SiteSet sites = settings.sites().get(0);
        return robustness.curve(sites, settings, robustness.dense(OptionalLong.empty()), Methods.byName(settings.rule()).treatments(GRID, sites.sites(), look));
    }

    @ParameterizedTest
    @MethodSource("forms")
    void aRuleInSomeLayersIsThatOfPlainLoops(FeedForward form) {
        Model model = model(form);
        for (SiteSet sites : SiteSet.values()) {
            for (String text : model.config().sites().containsAll(sites.sites()) ? List.of("1", "0,2") : List.<String>of()) {
                List<Integer> layers = LayerSet.parse(text).of(LAYERS);
                SiteResult curve = curve(model, settings("top_p", sites, text), TEAM);
                long width = sites.sites().stream().mapToLong(model.config()::width).sum();
                assertEquals(width * LENGTH * layers.size(), curve.windowElements());
                for (Point point : curve.points()) {
                    long[] kept = new long[LAYERS];
                    for (int w = 0; w < WINDOWS; w++) {
                        Batch window = windows(19).rows(w, w + 1);
                        long before = Arrays.stream(kept).sum();
                        double loss = new PlainLlama(model, sites.sites(), (layer, site, t, v) -> masked(layers.contains(layer), point.p(), layer, v, kept))
                                .loss(window.inputs(), window.targets());
                        String what = sites + " in layers " + text + ", p = " + point.p() + ", window " + w;
                        assertEquals(loss, point.windowLossSums().get(w), 1e-5 * loss, what);
                        assertEquals(Arrays.stream(kept).sum() - before, point.windowKept().get(w), what);
                    }
                    assertEquals(layers.size(), point.layerSparsity().size());
                    for (int i = 0; i < layers.size(); i++) {
                        double sparsity = 1 - kept[layers.get(i)] / (double) (width * LENGTH * WINDOWS);
                        assertEquals(sparsity, point.layerSparsity().get(i), 1e-12, sites + ", layer " + layers.get(i));
                    }
                }
            }
        }
    }

    /** What top-p keeps in a layer that has it, counted there; all in another. */
    private static boolean[] masked(boolean ruled, double p, int layer, double[] v, long[] kept) {
        boolean[] keeps = PlainLlama.Mask.byRule("top_p", ruled ? p : 1).of(layer, Site.INPUT, 0, v);
        for (int j = 0; j < v.length && ruled; j++) {
            kept[layer] += keeps[j] && v[j] != 0 ? 1 : 0;
        }
        return keeps;
    }

    @ParameterizedTest
    @ValueSource(strings = {"top_p", "random_k", "calibrated", "weighted", "griffin"})
    void allLayersByNameAreAllLayersToTheBit(String rule) {
        Model model = model(FeedForward.gated("silu"));
        SiteResult all = curve(model, settings(rule, SiteSet.INTERMEDIATE, "all"), TEAM);
        assertEquals(all, curve(model, settings(rule, SiteSet.INTERMEDIATE, "0-2"), TEAM));
        SiteResult last = curve(model, settings(rule, SiteSet.INTERMEDIATE, "2"), TEAM);
        assertEquals(all.points().get(0).windowLossSums(), last.points().get(0).windowLossSums(), "p = 1 is the dense run");
        assertNotEquals(all.points().get(2).windowLossSums(), last.points().get(2).windowLossSums());
        try (Workers one = new Workers(1)) {
            assertEquals(last, curve(model, settings(rule, SiteSet.INTERMEDIATE, "2"), one));
        }
    }

    /** Top-p with p in the named layers and 1, which changes nothing, in the others. */
    private record OneElsewhere(List<Integer> named) implements Treatment {
        @Override
        public Rule rule() {
            return Rules.byName("top_p");
        }

        @Override
        public int points() {
            return GRID.size();
        }

        @Override
        public double parameter(int layer, Site site, int point) {
            return named.contains(layer) ? GRID.get(point) : 1;
        }
    }

    @ParameterizedTest
    @FieldSource("org.lacuna.fixtures.Fixtures#NAMES")
    void inEachFamilyItIsARuleThatChangesNothingElsewhere(String family, @TempDir Path temp) {
        Model model = Checkpoint.load(Fixtures.unpack(family, temp), DEVICE);
        Batch windows = windows(model.config().vocabulary());
        Robustness robustness = new Robustness(family, model, DEVICE, TEAM, windows, () -> false);
        DenseResult dense = robustness.dense(OptionalLong.empty());
        int last = model.config().layers() - 1;
        for (SiteSet sites : SiteSet.values()) {
            if (!model.config().sites().containsAll(sites.sites())) {
                continue;
            }
            for (int layer : new int[] {0, last}) {
                SiteResult alone = robustness.curve(sites, settings("top_p", sites, Integer.toString(layer)), dense);
                SiteResult whole = robustness.curve(sites, settings("top_p", sites, "all"), dense, List.of(new OneElsewhere(List.of(layer))));
                for (int p = 0; p < GRID.size(); p++) {
                    String what = family + " at " + sites.key() + " in layer " + layer + ", p = " + GRID.get(p);
                    assertEquals(whole.points().get(p).windowLossSums(), alone.points().get(p).windowLossSums(), what);
                    assertEquals(List.of(whole.points().get(p).layerSparsity().get(layer)), alone.points().get(p).layerSparsity(), what);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"all|all", "0|0", "0-3,7|0-3,7", "7,0-3|0-3,7", "1,2,3,5|1-3,5", "4-4|4", "1-2,2-3|1-3", "5,6|5-6"})
    void theyAreReadAndWrittenInOneWay(String text, String written) {
        assertEquals(written, LayerSet.parse(text).toString());
        assertEquals(LayerSet.parse(text), LayerSet.parse(written));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "some", "1-", "-1", "3-1", "1,,2", "1,", "0 1", "12345", "0-99999", "1.5"})
    void whatNamesNoLayersIsRefused(String text) {
        String message = assertThrows(IllegalArgumentException.class, () -> LayerSet.parse(text)).getMessage();
        assertTrue(message.startsWith("no layers '" + text + "'"), message);
    }

    @Test
    void layersThatAModelHasNotAreRefused() {
        LayerSet layers = LayerSet.parse("0-3,7");
        assertEquals(List.of(0, 1, 2, 3, 7), layers.of(8));
        layers.check("runs/a", 8);
        assertEquals("--layers: 0-3,7 names layer 7, but runs/a has 7 layers, 0 to 6",
                assertThrows(InputException.class, () -> layers.check("runs/a", 7)).getMessage());
        assertEquals("--layers: 0-3,7 names layer 2, but runs/a has 2 layers, 0 to 1",
                assertThrows(InputException.class, () -> layers.check("runs/a", 2)).getMessage());
        assertThrows(IllegalArgumentException.class, () -> layers.of(7));
        assertEquals(List.of(0, 1), LayerSet.ALL.of(2));
    }
}
