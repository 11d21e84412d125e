package org.lacuna.sparsity.cost;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class TransformerTest {
    /** 2 layers, 4 query heads and 2 of keys of 3 entries, vocabulary 20, hidden 5, inner 7; 2 bytes a weight, 4 a cached entry. */
    private final FeedForward block = new FeedForward(5, 7, true, 2);
    private final Transformer model = new Transformer(2, 4, 2, 3, 20, block, 4);

    @Test
    void aDecodedTokenByHand() {
        ModelCost cost = model.dense(Step.decode(9));
        // 3 · 35 weights a layer.
        assertEquals(new Cost(2 * 2 * 105, 2 * 105 * 2), cost.feedForward());
        // Queries and output 5 · 12 each, keys and values 5 · 6 each: 180 a layer.
        assertEquals(new Cost(2 * 2 * 180, 2 * 180 * 2), cost.projections());
        // 12 query entries meet 9 positions, in scores and in sums; 6 entries of 9 keys and of 9 values are read.
        assertEquals(new Cost(2 * 2 * 2 * 12 * 9, 2 * 2 * 6 * 9 * 4), cost.attention());
        assertEquals(new Cost(2 * 100, 100 * 2), cost.head());
        assertEquals(new Cost(420 + 720 + 864 + 200, 420 + 720 + 864 + 200), cost.total());
        assertEquals(420 / 2204.0, cost.feedForwardShareOfFlops());
        assertEquals(420 / 2204.0, cost.feedForwardShareOfBytes());
    }

    @Test
    void aBatchByHand() {
        ModelCost one = model.dense(Step.decode(9));
        ModelCost three = model.dense(Step.batch(3, 9));
        assertEquals(3 * one.total().flops(), three.total().flops());
        assertEquals(one.feedForward().bytes(), three.feedForward().bytes(), "weights are read once");
        assertEquals(one.projections().bytes(), three.projections().bytes());
        assertEquals(one.head().bytes(), three.head().bytes());
        assertEquals(3 * one.attention().bytes(), three.attention().bytes(), "each sequence has its own keys");
    }

    @Test
    void aPromptByHand() {
        ModelCost cost = model.dense(Step.prefill(4));
        assertEquals(4 * 420, cost.feedForward().flops());
        assertEquals(420, cost.feedForward().bytes());
        // Positions 1 + 2 + 3 + 4.
        assertEquals(new Cost(2 * 2 * 2 * 12 * 10, 2 * 2 * 6 * 4 * 4), cost.attention());
        assertEquals(new Cost(200, 200), cost.head(), "logits of the last token");
        // The prompt's attention is that of its tokens decoded one by one.
        double decoded = 0;
        for (int context = 1; context <= 4; context++) {
            decoded += model.dense(Step.decode(context)).attention().flops();
        }
        assertEquals(decoded, cost.attention().flops());
        // Some tokens checked at once: 2 sequences of 3 tokens after 8 see 9 + 10 + 11 positions each.
        ModelCost checked = model.dense(new Step(2, 3, 8, 3));
        assertEquals(new Cost(2 * 4 * 12 * 60, 2 * 2 * 6 * 2 * 11 * 4), checked.attention());
        assertEquals(new Cost(6 * 200, 200), checked.head());
        assertEquals(Cost.NONE, model.dense(new Step(1, 3, 8, 0)).head());
    }

    /** The weights of Llama 2 7B: 6,738,415,616, of which the embedding and 65 norms of 4,096 take no product. */
    @Test
    void aKnownModelsWeights() {
        FeedForward llama = new FeedForward(4096, 11008, true, 2);
        ModelCost cost = new Transformer(32, 32, 32, 128, 32000, llama, 2).dense(Step.decode(1));
        double multiplied = 6_738_415_616.0 - 32000 * 4096 - 65 * 4096;
        Cost weights = cost.feedForward().plus(cost.projections()).plus(cost.head());
        assertEquals(2 * multiplied, weights.flops());
        assertEquals(2 * multiplied, weights.bytes());
        // Half a megabyte of keys and values a token.
        assertEquals(524_288, cost.attention().bytes());
    }

    @Test
    void aSavingOfTheBlocksIsTheModels() {
        Saving saving = block.saving(Route.PREDICTED, 1, 1);
        ModelCost dense = model.dense(Step.decode(9));
        ModelCost sparse = model.sparse(Step.decode(9), saving);
        assertEquals(new ModelCost(Cost.NONE, dense.projections(), dense.attention(), dense.head()), sparse);
        assertEquals(1 - dense.feedForwardShareOfFlops(), sparse.total().flops() / dense.total().flops(), 1e-12);
        assertEquals(dense, model.sparse(Step.decode(9), block.saving(Route.INPUT, 0, 1)));
        assertEquals(2 * (210 + 70 * 0.5 - 70), model.sparse(Step.decode(9), block.saving(Route.DOWN_ONLY, 0.5, 1)).feedForward().flops());
        assertThrows(IllegalArgumentException.class, () -> model.sparse(Step.batch(2, 9), saving));
        assertThrows(IllegalArgumentException.class, () -> model.sparse(Step.decode(9), new FeedForward(5, 8, true, 2).saving(Route.INPUT, 0, 1)));
    }

    @Test
    void aSavingInAttentionIsTheModels() {
        ModelCost dense = model.dense(Step.decode(9));
        // Of 180 weights a layer 120 read the input, 60 what the heads gathered.
        ModelCost input = model.sparse(Step.decode(9), AttentionRoute.INPUT, 0.5);
        assertEquals(new ModelCost(dense.feedForward(), new Cost(2 * 2 * 120, 2 * 120 * 2), dense.attention(), dense.head()), input);
        ModelCost output = model.sparse(Step.batch(3, 9), AttentionRoute.OUTPUT, 0.5);
        assertEquals(new Cost(3 * 2 * 2 * 150, 2 * 150 * 2), output.projections());
        assertEquals(dense, model.sparse(Step.decode(9), AttentionRoute.INPUT, 0));
    }

    @Test
    void whatIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> Step.decode(0));
        assertThrows(IllegalArgumentException.class, () -> Step.prefill(0));
        assertThrows(IllegalArgumentException.class, () -> new Step(1, 2, 0, 3));
        assertThrows(IllegalArgumentException.class, () -> new Step(1 << 20, 1 << 20, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> new Transformer(2, 4, 3, 3, 20, block, 4));
        assertThrows(IllegalArgumentException.class, () -> new Transformer(2, 4, 2, 3, 20, block, 0));
    }
}
