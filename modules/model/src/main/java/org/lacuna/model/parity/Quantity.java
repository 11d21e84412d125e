package org.lacuna.model.parity;

import java.util.Locale;
import org.lacuna.model.config.ModelConfig;

/**
 * What is compared, and how far two implementations may differ: as far as fp32 rounds. Rounding grows with the numbers, and with the
 * sums and layers that they come out of: a tolerance holds for models of up to {@value #USUAL_SIZE} layers × hidden and grows with the
 * root of more, and for tensors whose largest entry is at most the usual one, and grows with a larger one.
 */
public enum Quantity {
    /** Of all tokens. */
    LOGITS(3e-5, 10),
    /** The mean over the tokens that have a next one. */
    LOSS(1e-6, 7),
    /** Layers' outputs. */
    HIDDEN(1e-4, 20),
    /** Vectors in the feed-forward blocks. */
    SITES(1e-4, 20),
    /** Which experts compute each token, by falling weight: as many entries as differ. */
    EXPERTS(0, 1),
    /** Of the loss, with respect to each tensor of the checkpoint's files: relative to the tensor's largest entry. */
    GRADIENTS(2e-4, 1);

    /** The tolerances in words. */
    public static final String TOLERANCES = "Tolerances: logits 3e-5 (× largest entry / 10, if that is more), loss 1e-6 (/ 7), hidden and sites 1e-4 (/ 20), each"
            + " × √(layers × hidden / 192), if that is more than 1; experts: none may differ; gradients 2e-4 × the tensor's largest entry + 1e-6.";

    private static final int USUAL_SIZE = 192;
    /** What an entry of a gradient may differ by, however small the tensor's largest. */
    private static final double GRADIENT_FLOOR = 1e-6;

    private final double tolerance;
    private final double usual;

    Quantity(double tolerance, double usual) {
        this.tolerance = tolerance;
        this.usual = usual;
    }

    /** Its name in what is printed. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * How far an entry may be off.
     *
     * @param largest magnitude among the tensor's expected entries
     */
    double tolerance(double largest, ModelConfig config) {
        if (this == GRADIENTS) {
            return tolerance * largest + GRADIENT_FLOOR;
        }
        double size = Math.sqrt((double) config.layers() * config.hidden() / USUAL_SIZE);
        return tolerance * Math.max(1, size) * Math.max(1, largest / usual);
    }
}
