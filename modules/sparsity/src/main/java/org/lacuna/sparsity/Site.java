package org.lacuna.sparsity;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * A place in a layer where a vector of each token is observed or sparsified, in the feed-forward block penalised too. With a gated block
 * {@code down(up(x) · act(gate(x)))} of hidden size D and inner size F, and attention of N heads of size H:
 */
public enum Site {
    /** The block's input x, after its norm: D values a token. */
    INPUT,
    /** The up projection u: F values a token. */
    UP,
    /** The gate g, after the activation function: F values a token. */
    GATE,
    /** What the down projection reads, i = g · u: F values a token. */
    INTERMEDIATE,
    // What was measured is found again by a hash that the order is in: what is new comes last.
    /** What the projections of queries, keys and values read, attention's input after its norm: D values a token. */
    ATTENTION_INPUT,
    /** What attention's output projection reads, the heads' weighted sums of values: N · H values a token. */
    ATTENTION_OUTPUT;

    /** Whether it is in attention, not in the feed-forward block. */
    public boolean inAttention() {
        return this == ATTENTION_INPUT || this == ATTENTION_OUTPUT;
    }

    /** The site's name in recipes and reports: {@code input}, {@code up}, {@code gate}, {@code intermediate}, {@code attention_input}, {@code attention_output}. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The site of that {@link #key()}.
     *
     * @throws IllegalArgumentException if there is none; the message lists the keys
     */
    public static Site byKey(String key) {
        for (Site site : values()) {
            // Recipes write names of several words with hyphens.
            if (site.key().equals(key.replace('-', '_'))) {
                return site;
            }
        }
        throw new IllegalArgumentException("no site '" + key + "'; there are "
                + Arrays.stream(values()).map(Site::key).collect(Collectors.joining(", ")));
    }
}
