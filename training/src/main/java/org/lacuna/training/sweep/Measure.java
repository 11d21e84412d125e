package org.lacuna.training.sweep;

/** What of a candidate is to be as much as possible. */
public enum Measure {
    /** Critical sparsity: the most that can be left out while perplexity stays within 1 % of the candidate's own dense one. */
    CRITICAL_SPARSITY,
    /** The share of exact zeros without a rule. */
    EXACT_ZEROS
}
