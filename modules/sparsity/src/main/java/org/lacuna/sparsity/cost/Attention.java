package org.lacuna.sparsity.cost;

import java.util.Map;
import org.lacuna.sparsity.Site;

/**
 * A layer's attention by the shape of its projections: of queries [N · H][D], of keys and values [K · H][D] each, and of the output [D][N · H].
 *
 * @param hidden         size of its input and output, D
 * @param heads          of queries, N
 * @param keyValueHeads  of keys and of values, K; as many as {@code heads} unless queries share them
 * @param headSize       entries of a head, H
 * @param bytesPerWeight as stored: 4 for float32, 2 for bfloat16, 0.5 for four bits
 */
public record Attention(int hidden, int heads, int keyValueHeads, int headSize, double bytesPerWeight) {
    /** Checks that sizes are at least 1, bytes above 0, and heads a multiple of those of keys. */
    public Attention {
        if (hidden < 1 || heads < 1 || keyValueHeads < 1 || headSize < 1 || heads % keyValueHeads != 0
                || !(bytesPerWeight > 0 && bytesPerWeight < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("no attention has " + heads + " heads, " + keyValueHeads + " of keys, of " + headSize + " entries, inputs of " + hidden
                    + " and " + bytesPerWeight + " bytes a weight");
        }
    }

    /**
     * The products of some tokens computed together, nothing left out.
     *
     * @param tokens at least 1
     */
    public Projections dense(int tokens) {
        if (tokens < 1) {
            throw new IllegalArgumentException("a step has at least 1 token, not " + tokens);
        }
        Cost queries = Cost.ofProduct((double) hidden * heads * headSize, tokens, bytesPerWeight);
        Cost keys = Cost.ofProduct((double) hidden * keyValueHeads * headSize, tokens, bytesPerWeight);
        return new Projections(queries, keys, keys, queries);
    }

    /**
     * What a site's sparsity leaves of them.
     *
     * @param route    how
     * @param sparsity 0 to 1: the share of the site's entries that are zero for all of the tokens
     * @param tokens   computed together, at least 1
     * @throws IllegalArgumentException if one is out of range
     */
    public Projections sparse(AttentionRoute route, double sparsity, int tokens) {
        if (!(sparsity >= 0 && sparsity <= 1)) {
            throw new IllegalArgumentException("a sparsity is between 0 and 1, not " + sparsity);
        }
        return route.of(dense(tokens), sparsity);
    }

    /**
     * What is left of them where both sites' zeros are used: the input's for columns of the projections of queries, keys and values, those of what the heads gathered for
     * columns of the output projection.
     *
     * @param sparsity by site, 0 to 1; a site that is not there has none, one that is not attention's does not matter
     * @param tokens   computed together, at least 1
     */
    public Projections together(Map<Site, Double> sparsity, int tokens) {
        Projections left = dense(tokens);
        for (AttentionRoute route : AttentionRoute.values()) {
            left = route.of(left, sparsity.getOrDefault(route.site(), 0.0));
        }
        return left;
    }
}
