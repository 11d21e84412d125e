package org.lacuna.training.sweep;

/** How candidates are found: Arbiter's generators. */
public enum SearchKind {
    /** Each drawn anew. */
    RANDOM,
    /** All combinations, a range by some of its values. */
    GRID,
    /** Generation by generation, from the better ones of what was tried. */
    GENETIC
}
