package org.lacuna.sparsity.cost;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.sparsity.Site;

class FeedForwardTest {
    /** Matrices of 40 weights: 80 operations a token, 80 bytes. */
    private final FeedForward gated = new FeedForward(4, 10, true, 2);
    private final FeedForward plain = new FeedForward(4, 10, false, 2);

    @Test
    void productsByHand() {
        assertEquals(new Products(new Cost(80, 80), new Cost(80, 80), new Cost(80, 80)), gated.dense(1));
        assertEquals(new Cost(240, 240), gated.dense(1).total());
        assertEquals(new Products(new Cost(80, 80), Cost.NONE, new Cost(80, 80)), plain.dense(1));
        assertEquals(new Cost(5 * 160, 160), plain.dense(5).total(), "weights are read once for all tokens");
        assertEquals(new Cost(240, 60), new FeedForward(4, 10, true, 0.5).dense(1).total(), "four bits a weight");
    }

    @Test
    void routesByHand() {
        Cost all = new Cost(80, 80);
        Cost quarter = new Cost(20, 20);
        assertEquals(new Products(quarter, quarter, all), gated.saving(Route.INPUT, 0.75, 1).sparse());
        assertEquals(new Products(quarter, all, quarter), gated.saving(Route.GATE_FIRST, 0.75, 1).sparse());
        assertEquals(new Products(all, quarter, quarter), gated.saving(Route.UP_FIRST, 0.75, 1).sparse());
        assertEquals(new Products(quarter, quarter, quarter), gated.saving(Route.PREDICTED, 0.75, 1).sparse());
        assertEquals(new Products(all, all, quarter), gated.saving(Route.DOWN_ONLY, 0.75, 1).sparse());
        assertEquals(new Products(quarter, Cost.NONE, all), plain.saving(Route.INPUT, 0.75, 1).sparse());
        assertEquals(new Products(quarter, Cost.NONE, quarter), plain.saving(Route.PREDICTED, 0.75, 1).sparse());
        assertEquals(new Products(all, Cost.NONE, quarter), plain.saving(Route.DOWN_ONLY, 0.75, 1).sparse());
        assertEquals(120 / 240.0, gated.saving(Route.INPUT, 0.75, 1).flopsRatio());
        assertEquals(100 / 160.0, plain.saving(Route.DOWN_ONLY, 0.75, 1).bytesRatio());
    }

    @Test
    void severalSitesAtOnceByHand() {
        Cost half = new Cost(40, 40);
        Cost quarter = new Cost(20, 20);
        Cost all = new Cost(80, 80);
        assertEquals(gated.dense(1), gated.together(Map.of(), Set.of(), 1));
        assertEquals(new Products(new Cost(10, 10), half, quarter), gated.together(Map.of(Site.INPUT, 0.5, Site.GATE, 0.75, Site.UP, 0.5), Set.of(), 1), "the gate first: it has more zeros");
        assertEquals(new Products(half, new Cost(10, 10), quarter), gated.together(Map.of(Site.INPUT, 0.5, Site.GATE, 0.5, Site.UP, 0.75), Set.of(), 1), "up first");
        assertEquals(new Products(half, all, quarter), gated.together(Map.of(Site.GATE, 0.5, Site.INTERMEDIATE, 0.75), Set.of(), 1));
        assertEquals(new Products(half, Cost.NONE, quarter), plain.together(Map.of(Site.INPUT, 0.5, Site.INTERMEDIATE, 0.75), Set.of(), 1));
        Map<Site, Double> both = Map.of(Site.INPUT, 0.5, Site.GATE, 0.75, Site.UP, 0.5);
        assertEquals(new Products(new Cost(10, 10), half, quarter), gated.together(both, Set.of(Site.GATE), 1), "the gate is computed as a whole, up where it is not 0");
        assertEquals(new Products(half, new Cost(20, 20), quarter), gated.together(both, Set.of(Site.UP), 1), "up first, though it has fewer zeros");
        assertEquals(new Products(half, half, quarter), gated.together(both, Set.of(Site.UP, Site.GATE), 1), "each is needed as a whole; the products of their zeros are not");
        assertThrows(IllegalArgumentException.class, () -> plain.together(Map.of(Site.GATE, 0.5), Set.of(), 1));
        assertThrows(IllegalArgumentException.class, () -> gated.together(Map.of(Site.INPUT, 1.5), Set.of(), 1));
    }

    /** One site alone is the route of its zeros that needs no predictor. */
    @Test
    void oneSiteAtOnceIsItsRoute() {
        for (Route route : Route.values()) {
            if (route != Route.PREDICTED) {
                assertEquals(gated.saving(route, 0.3, 2).sparse(), gated.together(Map.of(route.site(), 0.3), Set.of(), 2), route.name());
            }
        }
    }

    /** As fractions of three equal matrices, and of two. */
    @ParameterizedTest
    @ValueSource(doubles = {0, 0.1, 0.5, 0.93, 1})
    void ratiosByFormula(double s) {
        FeedForward block = new FeedForward(896, 4864, true, 2);
        assertEquals(2 / 3.0 * (1 - s) + 1 / 3.0, block.saving(Route.INPUT, s, 1).flopsRatio(), 1e-12);
        assertEquals(1 / 3.0 + 2 / 3.0 * (1 - s), block.saving(Route.GATE_FIRST, s, 1).flopsRatio(), 1e-12);
        assertEquals(1 / 3.0 + 2 / 3.0 * (1 - s), block.saving(Route.UP_FIRST, s, 1).bytesRatio(), 1e-12);
        assertEquals(2 / 3.0 + 1 / 3.0 * (1 - s), block.saving(Route.DOWN_ONLY, s, 1).bytesRatio(), 1e-12);
        assertEquals(1 - s, block.saving(Route.PREDICTED, s, 1).flopsRatio(), 1e-12);
        double r = 64;
        double predictor = (896 * r + r * 4864) / (3.0 * 896 * 4864);
        assertEquals(1 - s + predictor, block.predicted(s, 1, 64).flopsRatio(), 1e-12);
        assertEquals(1 - s + predictor, block.predicted(s, 1, 64).bytesRatio(), 1e-12);
        FeedForward two = new FeedForward(768, 3072, false, 4);
        assertEquals(0.5 * (1 - s) + 0.5, two.saving(Route.INPUT, s, 1).flopsRatio(), 1e-12);
        assertEquals(0.5 + 0.5 * (1 - s), two.saving(Route.DOWN_ONLY, s, 1).flopsRatio(), 1e-12);
    }

    @ParameterizedTest
    @EnumSource
    void noSparsitySavesNothingAndTokensOnlyMultiplyOperations(Route route) {
        Saving none = gated.saving(route, 0, 3);
        assertEquals(none.dense(), none.sparse());
        assertEquals(1, none.flopsRatio());
        Saving one = gated.saving(route, 0.25, 1);
        Saving four = gated.saving(route, 0.25, 4);
        assertEquals(4 * one.total().flops(), four.total().flops());
        assertEquals(one.total().bytes(), four.total().bytes());
    }

    @Test
    void aPredictorByHand() {
        // Rank 3: 3 · 4 + 3 · 10 = 42 weights, 84 operations a token, 84 bytes.
        Saving saving = gated.predicted(0.5, 2, 3);
        assertEquals(new Cost(2 * 84, 84), saving.predictor());
        assertEquals(new Cost(2 * 84 + 2 * 120, 84 + 120), saving.total());
        assertEquals(408 / 480.0, saving.flopsRatio());
        assertEquals(204 / 240.0, saving.bytesRatio());
    }

    @Test
    void sitesAndWhatIsRefused() {
        assertEquals(Site.INPUT, Route.INPUT.site());
        assertEquals(Site.GATE, Route.GATE_FIRST.site());
        assertEquals(Site.UP, Route.UP_FIRST.site());
        assertEquals(Site.INTERMEDIATE, Route.PREDICTED.site());
        assertEquals(Site.INTERMEDIATE, Route.DOWN_ONLY.site());
        assertThrows(IllegalArgumentException.class, () -> plain.saving(Route.GATE_FIRST, 0.5, 1));
        assertThrows(IllegalArgumentException.class, () -> plain.saving(Route.UP_FIRST, 0.5, 1));
        assertThrows(IllegalArgumentException.class, () -> gated.saving(Route.INPUT, 1.01, 1));
        assertThrows(IllegalArgumentException.class, () -> gated.saving(Route.INPUT, Double.NaN, 1));
        assertThrows(IllegalArgumentException.class, () -> gated.saving(Route.INPUT, 0.5, 0));
        assertThrows(IllegalArgumentException.class, () -> gated.predicted(0.5, 1, 0));
        assertThrows(IllegalArgumentException.class, () -> new FeedForward(0, 1, true, 2));
        assertThrows(IllegalArgumentException.class, () -> new FeedForward(1, 1, true, 0));
    }
}
