package org.lacuna.data.sample;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import org.lacuna.data.Batch;
import org.lacuna.data.TokenSequence;

/**
 * Fixed windows, each once an epoch: window k holds the tokens kT to kT + T − 1, and an epoch is a shuffle of all windows
 * by seed and epoch. What is left at the end of the tokens (fewer than T + 1) is never drawn. A batch may hold the last
 * windows of one epoch and the first of the next, so all batches are of one size.
 */
public final class WindowSampler implements Sampler {

    private final TokenSequence tokens;
    private final int rows;
    private final int length;
    private final EpochOrder order;

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
        this.order = new EpochOrder(Math.toIntExact(Windows.count(tokens, length, "training")), seed);
    }

    @Override
    public Batch next() {
        int[] inputs = new int[Math.multiplyExact(rows, length)];
        int[] targets = new int[inputs.length];
        for (int row = 0; row < rows; row++) {
            Windows.copy(tokens, (long) order.next() * length, length, row, inputs, targets);
        }
        return new Batch(rows, length, inputs, targets);
    }

    @Override
    public JsonNode state() {
        return order.write(JsonNodeFactory.instance.objectNode().put("sampler", "windows").put("tokens", tokens.length()).put("length", length));
    }

    @Override
    public void restore(JsonNode state) {
        Cursor cursor = new Cursor(state, "windows");
        cursor.expect("tokens", tokens.length());
        cursor.expect("length", length);
        order.restore(cursor);
    }
}
