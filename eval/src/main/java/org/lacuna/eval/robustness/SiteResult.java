package org.lacuna.eval.robustness;

import java.util.List;
import org.lacuna.sparsity.critical.Estimator;

/**
 * One curve: the rule at one set of sites, for every p of the grid.
 *
 * @param sites          where
 * @param windowElements elements that the rule sees in a window, over the layers in which it is applied: values a token × tokens × layers
 * @param points         in the order of the grid
 * @param critical       critical sparsity, one for each estimator
 */
public record SiteResult(SiteSet sites, long windowElements, List<Point> points, List<Estimate> critical) {
    /** Copies the lists. */
    public SiteResult {
        points = List.copyOf(points);
        critical = List.copyOf(critical);
    }

    /** Critical sparsity by one estimator. */
    public Estimate critical(Estimator estimator) {
        return critical.stream().filter(estimate -> estimate.estimator() == estimator).findFirst().orElseThrow();
    }
}
