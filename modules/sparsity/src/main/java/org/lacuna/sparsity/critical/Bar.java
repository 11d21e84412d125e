package org.lacuna.sparsity.critical;

/**
 * How much worse than dense is still as good: the perplexity may be at most this many times that of the run without a rule.
 *
 * @param perplexityRatio the largest perplexity / dense perplexity that holds, at least 1
 */
public record Bar(double perplexityRatio) {
    /** Perplexity at most 1 % above dense. */
    public static final Bar ONE_PERCENT = new Bar(1.01);

    /** Checks the range. */
    public Bar {
        if (!(perplexityRatio >= 1 && perplexityRatio < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("a bar's perplexity ratio is at least 1 and finite, not " + perplexityRatio);
        }
    }
}
