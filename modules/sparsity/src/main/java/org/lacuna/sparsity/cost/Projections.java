package org.lacuna.sparsity.cost;

/**
 * The matrix products of attention's projections.
 *
 * @param query  that makes queries
 * @param key    that makes keys
 * @param value  that makes values
 * @param output with what the heads gathered
 */
public record Projections(Cost query, Cost key, Cost value, Cost output) {
    /** All together. */
    public Cost total() {
        return query.plus(key).plus(value).plus(output);
    }
}
