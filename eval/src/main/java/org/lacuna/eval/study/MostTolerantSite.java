package org.lacuna.eval.study;

import java.util.List;
import org.lacuna.eval.robustness.SiteSet;

/** The intermediate vector is the most tolerant site (arXiv 2509.00454). */
final class MostTolerantSite implements Relation {
    private static final List<SiteSet> OTHERS = List.of(SiteSet.INPUT, SiteSet.UP, SiteSet.GATE);

    @Override
    public Finding of(Study study) {
        return new Finding("More can be left out of the intermediate vector than at any other site.",
                "Critical sparsity (top-p, perplexity + 1 %) at the intermediate vector, less the largest of those at input, up and gate.", Finding.Unit.POINTS,
                study.rows(model -> study.critical(model, Study.TOP_P, SiteSet.INTERMEDIATE, Study.BAR)
                        .minus(Draws.largest(OTHERS.stream().filter(model.sites(Study.TOP_P)::contains)
                                .map(site -> study.critical(model, Study.TOP_P, site, Study.BAR)).toList()))),
                List.of("A zero at one site does not save what a zero at another does: the cost of each route is a matter of its own.",
                        "Where training asked for zeros in the intermediate vector, that it tolerates most is no finding about models as such."));
    }
}
