package org.lacuna.data.sample;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import org.lacuna.data.Batch;
import org.lacuna.data.TokenSequence;
import org.lacuna.data.random.SplitMix;

/** Crops at random offsets, drawn with replacement: every offset that leaves T tokens and a target is equally likely. */
public final class CropSampler implements Sampler {

    private final TokenSequence tokens;
    private final int rows;
    private final int length;
    private final long seed;
    private SplitMix random;

    /**
     * A sampler at its start.
     *
     * @param tokens what to draw from
     * @param rows   crops in a batch
     * @param length tokens in a crop (T)
     * @param seed   of the offsets
     * @throws org.lacuna.run.InputException when the tokens are fewer than T + 1
     */
    public CropSampler(TokenSequence tokens, int rows, int length, long seed) {
        Windows.count(tokens, length, "training");
        this.tokens = tokens;
        this.rows = rows;
        this.length = length;
        this.seed = seed;
        this.random = SplitMix.stream(seed, 0);
    }

    @Override
    public Batch next() {
        int[] inputs = new int[Math.multiplyExact(rows, length)];
        int[] targets = new int[inputs.length];
        for (int row = 0; row < rows; row++) {
            Windows.copy(tokens, random.below(tokens.length() - length), length, row, inputs, targets);
        }
        return new Batch(rows, length, inputs, targets);
    }

    @Override
    public JsonNode state() {
        return JsonNodeFactory.instance.objectNode().put("sampler", "crops").put("seed", seed)
                .put("tokens", tokens.length()).put("length", length).put("random", Long.toHexString(random.state()));
    }

    @Override
    public void restore(JsonNode state) {
        Cursor cursor = new Cursor(state, "crops");
        cursor.expect("seed", seed);
        cursor.expect("tokens", tokens.length());
        cursor.expect("length", length);
        random = new SplitMix(cursor.hexadecimal("random"));
    }
}
