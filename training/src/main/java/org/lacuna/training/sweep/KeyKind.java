package org.lacuna.training.sweep;

/** The values that a key of the search space can take. */
public enum KeyKind {
    /** Any number of a range, all alike. */
    CONTINUOUS,
    /** Any number of a range, all orders of magnitude alike. */
    LOG_UNIFORM,
    /** Any whole number of a range, both ends too. */
    INTEGER,
    /** One of a list. */
    DISCRETE
}
