package org.lacuna.sparsity.cost;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.lacuna.sparsity.Site;

class AttentionTest {
    /** 4 query heads and 2 of keys of 3 entries, hidden 5; 2 bytes a weight. */
    private final Attention attention = new Attention(5, 4, 2, 3, 2);

    @Test
    void theProductsOfATokenByHand() {
        // 5 · 12 weights make queries, 5 · 6 keys and as many values, 12 · 5 the output.
        assertEquals(new Projections(new Cost(120, 120), new Cost(60, 60), new Cost(60, 60), new Cost(120, 120)), attention.dense(1));
        assertEquals(new Cost(360, 360), attention.dense(1).total());
        assertEquals(new Cost(3 * 360, 360), attention.dense(3).total(), "weights are read once");
    }

    @Test
    void theInputsZerosSaveThreeProductsAndTheOutputsOne() {
        Projections input = attention.sparse(AttentionRoute.INPUT, 0.75, 1);
        assertEquals(new Projections(new Cost(30, 30), new Cost(15, 15), new Cost(15, 15), new Cost(120, 120)), input);
        Projections output = attention.sparse(AttentionRoute.OUTPUT, 0.75, 1);
        assertEquals(new Projections(new Cost(120, 120), new Cost(60, 60), new Cost(60, 60), new Cost(30, 30)), output);
        for (AttentionRoute route : AttentionRoute.values()) {
            assertEquals(attention.dense(7), attention.sparse(route, 0, 7));
        }
        assertEquals(Site.ATTENTION_INPUT, AttentionRoute.INPUT.site());
        assertEquals(Site.ATTENTION_OUTPUT, AttentionRoute.OUTPUT.site());
    }

    /** (1 + 2K/N) / (2 + 2K/N) of the weights read the input, whatever the sizes: 3/4 where every query head has its keys. */
    @Test
    void theSharesAreThoseOfTheHeads() {
        Attention all = new Attention(4096, 32, 32, 128, 2);
        assertEquals(1 - 0.4 * 3 / 4, all.sparse(AttentionRoute.INPUT, 0.4, 1).total().flops() / all.dense(1).total().flops(), 1e-12);
        assertEquals(1 - 0.4 / 4, all.sparse(AttentionRoute.OUTPUT, 0.4, 1).total().bytes() / all.dense(1).total().bytes(), 1e-12);
        Attention grouped = new Attention(4096, 32, 8, 128, 2);
        assertEquals(1 - 0.4 * 1.5 / 2.5, grouped.sparse(AttentionRoute.INPUT, 0.4, 1).total().flops() / grouped.dense(1).total().flops(), 1e-12);
    }

    @Test
    void whatIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Attention(0, 4, 2, 3, 2));
        assertThrows(IllegalArgumentException.class, () -> new Attention(5, 4, 3, 3, 2));
        assertThrows(IllegalArgumentException.class, () -> new Attention(5, 4, 2, 3, 0));
        assertThrows(IllegalArgumentException.class, () -> attention.dense(0));
        assertThrows(IllegalArgumentException.class, () -> attention.sparse(AttentionRoute.INPUT, 1.01, 1));
        assertThrows(IllegalArgumentException.class, () -> attention.sparse(AttentionRoute.OUTPUT, Double.NaN, 1));
    }
}
