package org.lacuna.data.sample;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import org.lacuna.data.Batch;
import org.lacuna.data.Examples;
import org.lacuna.run.InputException;

/** Examples, one a row, each once an epoch in the order of {@link EpochOrder}. */
public final class ExampleSampler implements Sampler {
    private static final String NAME = "examples";

    private final Examples examples;
    private final int rows;
    private final int length;
    private final EpochOrder order;

    /**
     * A sampler at the start of its first epoch.
     *
     * @param examples what to draw from
     * @param rows     examples in a batch
     * @param length   positions in a row (T)
     * @param seed     of the shuffles
     * @throws InputException when there is none, or some have more than T + 1 tokens
     */
    public ExampleSampler(Examples examples, int rows, int length, long seed) {
        if (examples.count() == 0) {
            throw new InputException("there are no training examples; expected more data or a smaller data.validationFraction");
        }
        examples.checkLength(length);
        this.examples = examples;
        this.rows = rows;
        this.length = length;
        this.order = new EpochOrder(examples.count(), seed);
    }

    @Override
    public Batch next() {
        int[] inputs = new int[Math.multiplyExact(rows, length)];
        int[] targets = new int[inputs.length];
        for (int row = 0; row < rows; row++) {
            examples.copy(order.next(), row, length, inputs, targets);
        }
        return new Batch(rows, length, inputs, targets);
    }

    @Override
    public JsonNode state() {
        return order.write(JsonNodeFactory.instance.objectNode().put("sampler", NAME).put("examples", examples.count())
                .put("tokens", examples.length()).put("length", length));
    }

    @Override
    public void restore(JsonNode state) {
        Cursor cursor = new Cursor(state, NAME);
        cursor.expect("examples", examples.count());
        cursor.expect("tokens", examples.length());
        cursor.expect("length", length);
        order.restore(cursor);
    }
}
