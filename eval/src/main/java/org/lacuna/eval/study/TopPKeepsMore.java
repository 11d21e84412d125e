package org.lacuna.eval.study;

import java.util.ArrayList;
import java.util.List;
import org.lacuna.eval.robustness.SiteSet;

/** A share of each token's mass is the better thing to fix than a share of its elements (arXiv 2509.00454). */
final class TopPKeepsMore implements Relation {

    @Override
    public Finding of(Study study) {
        List<Finding.Row> rows = new ArrayList<>();
        for (SiteSet site : List.of(SiteSet.INTERMEDIATE, SiteSet.INPUT)) {
            study.rows(model -> study.critical(model, Study.TOP_P, site, Study.BAR).minus(study.critical(model, Study.TOP_K, site, Study.BAR)))
                    .forEach(row -> rows.add(new Finding.Row(site.key() + ": " + row.label(), row.value(), row.low(), row.high(), row.certain())));
        }
        return new Finding("At the same quality top-p leaves more out than top-k.", "Critical sparsity (perplexity + 1 %) by top-p, less that by top-k, at the same site.",
                Finding.Unit.POINTS, rows,
                List.of("Between measured points a curve is taken for a straight line; top-k was measured at shares 2 points apart, below a tenth half a point, so that it is not its grid that decides.",
                        "Where a model has a fixed number of elements that are not zero (its own top-k), both rules can only take away from those.",
                        "Both are rules without training: a model that was trained with one of them is another question."));
    }
}
