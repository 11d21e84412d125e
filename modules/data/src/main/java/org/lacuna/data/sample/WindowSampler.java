package org.lacuna.data.sample;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import org.lacuna.data.Batch;
import org.lacuna.data.TokenSequence;
import org.lacuna.data.random.SplitMix;

/**
 * Fixed windows, each once an epoch: window k holds the tokens kT to kT + T − 1, and an epoch is a shuffle of all windows
 * by seed and epoch. What is left at the end of the tokens (fewer than T + 1) is never drawn. A batch may hold the last
 * windows of one epoch and the first of the next, so all batches are of one size.
 */
public final class WindowSampler implements Sampler {

    private final TokenSequence tokens;
    private final int rows;
    private final int length;
    private final long seed;
    private final int[] order;
    private long epoch;
    private int position;

    /**
     * A sampler at the start of its first epoch.
     *
     * @param tokens what to draw from
     * @param rows   windows in a batch
     * @param length tokens in a window (T)
     * @param seed   of the shuffles
     * @throws org.lacuna.run.InputException when the tokens are fewer than T + 1
     */
    public WindowSampler(TokenSequence tokens, int rows, int length, long seed) {
        this.tokens = tokens;
        this.rows = rows;
        this.length = length;
        this.seed = seed;
        this.order = new int[Math.toIntExact(Windows.count(tokens, length, "training"))];
        shuffle(0);
    }

    @Override
    public Batch next() {
        int[] inputs = new int[Math.multiplyExact(rows, length)];
        int[] targets = new int[inputs.length];
        for (int row = 0; row < rows; row++) {
            if (position == order.length) {
                shuffle(epoch + 1);
            }
            Windows.copy(tokens, (long) order[position++] * length, length, row, inputs, targets);
        }
        return new Batch(rows, length, inputs, targets);
    }

    @Override
    public JsonNode state() {
        return JsonNodeFactory.instance.objectNode().put("sampler", "windows").put("seed", seed)
                .put("tokens", tokens.length()).put("length", length).put("epoch", epoch).put("position", position);
    }

    @Override
    public void restore(JsonNode state) {
        Cursor cursor = new Cursor(state, "windows");
        cursor.expect("seed", seed);
        cursor.expect("tokens", tokens.length());
        cursor.expect("length", length);
        long savedEpoch = cursor.number("epoch", 0, Long.MAX_VALUE - 1);
        int savedPosition = (int) cursor.number("position", 0, order.length);
        shuffle(savedEpoch);
        position = savedPosition;
    }

    private void shuffle(long newEpoch) {
        epoch = newEpoch;
        position = 0;
        SplitMix random = SplitMix.stream(seed, newEpoch);
        for (int i = 0; i < order.length; i++) {
            int j = (int) random.below(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
    }
}
