package org.lacuna.eval.robustness;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.lacuna.sparsity.Site;

/**
 * The model without a rule.
 *
 * @param loss           mean −ln p of the scored tokens, nats
 * @param lossPerByte    total −ln p / bytes of text, nats, where the bytes are known; ends of text are in the total
 * @param windowLossSums sum of the loss over each window's tokens, nats
 * @param exactZeros     for each site that the model has, layer by layer: values that are exactly 0 / values
 * @param deadNeurons    layer by layer: intermediate neurons that are 0 for every one of the windows' tokens
 */
public record DenseResult(double loss, OptionalDouble lossPerByte, List<Double> windowLossSums, Map<Site, List<Double>> exactZeros,
        List<Integer> deadNeurons) {

    /** Copies the lists; the sites in their order, so that equal results are equal texts. */
    public DenseResult {
        windowLossSums = List.copyOf(windowLossSums);
        exactZeros = Collections.unmodifiableMap(new TreeMap<>(exactZeros));
        deadNeurons = List.copyOf(deadNeurons);
    }

    /** {@code lossPerByte} in bits. */
    public OptionalDouble bitsPerByte() {
        return lossPerByte.isPresent() ? OptionalDouble.of(lossPerByte.getAsDouble() / Math.log(2)) : lossPerByte;
    }

    /** Perplexity a token. */
    public double perplexity() {
        return Math.exp(loss);
    }
}
