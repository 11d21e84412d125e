package org.lacuna.sparsity.cost;

import java.util.Map;
import java.util.Set;
import org.lacuna.sparsity.Site;

/**
 * A feed-forward block by its shape.
 *
 * @param hidden         size of its input and output, D
 * @param inner          its neurons, F
 * @param gated          whether it has a gate beside the up projection: three matrices of D · F weights, otherwise two
 * @param bytesPerWeight as stored: 4 for float32, 2 for bfloat16, 0.5 for four bits (what goes with the bits, such as scales, is the caller's to add)
 */
public record FeedForward(int hidden, int inner, boolean gated, double bytesPerWeight) {
    /** Checks that sizes are at least 1 and bytes above 0. */
    public FeedForward {
        if (hidden < 1 || inner < 1 || !(bytesPerWeight > 0 && bytesPerWeight < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("a block has sizes and bytes above 0, not " + hidden + ", " + inner + " and " + bytesPerWeight);
        }
    }

    /**
     * The products of some tokens computed together, nothing left out.
     *
     * @param tokens at least 1
     */
    public Products dense(int tokens) {
        if (tokens < 1) {
            throw new IllegalArgumentException("a step has at least 1 token, not " + tokens);
        }
        Cost matrix = Cost.ofProduct((double) hidden * inner, tokens, bytesPerWeight);
        return new Products(matrix, gated ? matrix : Cost.NONE, matrix);
    }

    /**
     * What a site's sparsity could save. For {@link Route#PREDICTED} the predictor is free and never wrong: the most that any could save.
     *
     * @param route    how
     * @param sparsity 0 to 1: the share of the site's entries that are zero for all of the tokens
     * @param tokens   computed together, at least 1
     * @throws IllegalArgumentException if one is out of range, or the block lacks the gate that the route needs
     */
    public Saving saving(Route route, double sparsity, int tokens) {
        return new Saving(this, route, sparsity, tokens, dense(tokens), route.of(dense(tokens), sparsity), Cost.NONE);
    }

    /**
     * What the intermediate vector's sparsity could save by a predictor of two matrices, {@code rank} × D and F × {@code rank}, which is computed for
     * each token and stored as the block's weights are.
     *
     * @param sparsity of what it predicts, for all of the tokens
     * @param tokens   computed together, at least 1
     * @param rank     at least 1
     */
    public Saving predicted(double sparsity, int tokens, int rank) {
        if (rank < 1) {
            throw new IllegalArgumentException("a predictor has a rank of at least 1, not " + rank);
        }
        Cost predictor = Cost.ofProduct((double) rank * hidden + (double) rank * inner, tokens, bytesPerWeight);
        return new Saving(this, Route.PREDICTED, sparsity, tokens, dense(tokens), Route.PREDICTED.of(dense(tokens), sparsity), predictor);
    }

    /**
     * What is left of the products where the zeros of several sites are used at once, each as soon as it is known: the input's for columns of up and gate;
     * either the gate's for rows of up or the up projection's for rows of the gate, whichever leaves less, since one of them has to be computed first; and for columns
     * of down those of the intermediate vector, which has at least the zeros of its factors. A row's and a column's zeros are taken to be independent: of up
     * (1 − input) · (1 − gate) is left.
     *
     * @param sparsity by site, 0 to 1: the share of its entries that are zero for all of the tokens; a site that is not there has none
     * @param whole    sites whose vector has to be known as a whole before anything is left out of it, as top-p's: neither the gate's nor the up projection's rows can be
     *                 left out where it is among them
     * @param tokens   computed together, at least 1
     * @throws IllegalArgumentException if one is out of range, or of a gate or an up projection of a block without a gate
     */
    public Products together(Map<Site, Double> sparsity, Set<Site> whole, int tokens) {
        sparsity.forEach((site, share) -> {
            if (!(share >= 0 && share <= 1)) {
                throw new IllegalArgumentException("a sparsity is between 0 and 1, not " + share + " at " + site.key());
            }
            if (!gated && (site == Site.GATE || site == Site.UP)) {
                throw new IllegalArgumentException("a block without a gate has no zeros at " + site.key() + " to use");
            }
        });
        double gate = sparsity.getOrDefault(Site.GATE, 0.0);
        double up = sparsity.getOrDefault(Site.UP, 0.0);
        double columns = 1 - sparsity.getOrDefault(Site.INPUT, 0.0);
        double rowsOfUp = whole.contains(Site.UP) ? 0 : gate;
        double rowsOfGate = whole.contains(Site.GATE) ? 0 : up;
        // Up and gate are of one size: what the one's rows save, the other's would.
        boolean gateFirst = rowsOfUp >= rowsOfGate;
        Products dense = dense(tokens);
        return new Products(dense.up().times(columns * (gateFirst ? 1 - rowsOfUp : 1)), dense.gate().times(columns * (gateFirst ? 1 : 1 - rowsOfGate)),
                dense.down().times(1 - Math.max(sparsity.getOrDefault(Site.INTERMEDIATE, 0.0), Math.max(gate, up))));
    }
}
