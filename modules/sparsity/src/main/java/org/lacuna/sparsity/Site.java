package org.lacuna.sparsity;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * A place in a layer's feed-forward block where a vector of each token is observed, penalised or sparsified.
 * With a gated block {@code down(up(x) · act(gate(x)))} of hidden size D and inner size F:
 */
public enum Site {
    /** The block's input x, after its norm: D values a token. */
    INPUT,
    /** The up projection u: F values a token. */
    UP,
    /** The gate g, after the activation function: F values a token. */
    GATE,
    /** What the down projection reads, i = g · u: F values a token. */
    INTERMEDIATE;

    /** The site's name in recipes and reports: {@code input}, {@code up}, {@code gate}, {@code intermediate}. */
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
            if (site.key().equals(key)) {
                return site;
            }
        }
        throw new IllegalArgumentException("no site '" + key + "'; there are "
                + Arrays.stream(values()).map(Site::key).collect(Collectors.joining(", ")));
    }
}
