package org.lacuna.sparsity.cost;

/**
 * What a step, or a part of it, takes.
 *
 * @param flops floating-point operations; a multiplication and its addition are two
 * @param bytes of weights, or of cached keys and values, that are read
 */
public record Cost(double flops, double bytes) {
    /** Nothing. */
    public static final Cost NONE = new Cost(0, 0);

    /** The product of a matrix of that many weights with each of some vectors, the matrix being read once. */
    static Cost ofProduct(double weights, double vectors, double bytesPerWeight) {
        return new Cost(2 * weights * vectors, weights * bytesPerWeight);
    }

    /** Both. */
    public Cost plus(Cost other) {
        return new Cost(flops + other.flops, bytes + other.bytes);
    }

    /** So many times, or that share. */
    public Cost times(double factor) {
        return new Cost(factor * flops, factor * bytes);
    }
}
