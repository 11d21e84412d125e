package org.lacuna.model.parity;

/**
 * A tensor, computed twice.
 *
 * @param tensor its name in the file of expected ones
 * @param quantity what it is
 * @param largest magnitude among the expected entries
 * @param difference the largest between two entries; NaN or infinite where one of Lacuna's is not finite; of
 *     {@link Quantity#EXPERTS} how many entries differ
 * @param tolerance what it may be
 */
public record Compared(String tensor, Quantity quantity, double largest, double difference, double tolerance) {

    /** Whether it is what was expected. */
    public boolean within() {
        return difference <= tolerance; // false for NaN
    }

    /** How much of the tolerance the difference takes, for an order; what is not finite is the worst. */
    public double severity() {
        if (Double.isNaN(difference)) {
            return Double.POSITIVE_INFINITY;
        }
        return difference == 0 ? 0 : difference / tolerance;
    }
}
