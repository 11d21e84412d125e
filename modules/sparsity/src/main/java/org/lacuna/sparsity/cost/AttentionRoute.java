package org.lacuna.sparsity.cost;

import org.lacuna.sparsity.Site;

/**
 * How a mask of one of attention's vectors saves work in its projections: a zero entry makes a column superfluous of each matrix that reads the vector.
 * Scores and weighted sums are computed in full.
 */
public enum AttentionRoute {
    /** The input's mask, known from the start: leaves out columns of the query, key and value projections. The output projection is computed in full. */
    INPUT(Site.ATTENTION_INPUT),
    /** The mask of the heads' sums: leaves out columns of the output projection only. */
    OUTPUT(Site.ATTENTION_OUTPUT);

    private final Site site;

    AttentionRoute(Site site) {
        this.site = site;
    }

    /** Whose sparsity it is. */
    public Site site() {
        return site;
    }

    /** What is left of the projections' products. */
    Projections of(Projections dense, double sparsity) {
        double left = 1 - sparsity;
        return this == INPUT ? new Projections(dense.query().times(left), dense.key().times(left), dense.value().times(left), dense.output())
                : new Projections(dense.query(), dense.key(), dense.value(), dense.output().times(left));
    }
}
