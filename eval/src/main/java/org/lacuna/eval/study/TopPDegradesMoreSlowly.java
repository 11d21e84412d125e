package org.lacuna.eval.study;

import java.util.List;
import org.lacuna.eval.robustness.SiteSet;

/** Top-p degrades most smoothly (arXiv 2509.00454, which shows it in pictures and has no number for it). */
final class TopPDegradesMoreSlowly implements Relation {
    /** Where text is visibly worse. */
    private static final double FAR = 1.1;

    @Override
    public Finding of(Study study) {
        return new Finding("Top-p degrades more smoothly than top-k.",
                "How much more can be left out until perplexity has risen by 10 % instead of 1 %, by top-p, less the same by top-k; at the intermediate vector.", Finding.Unit.POINTS,
                study.rows(model -> way(study, model, Study.TOP_P).minus(way(study, model, Study.TOP_K))),
                List.of("Between measured points a curve is taken for a straight line; top-k was measured at shares 2 points apart, below a tenth half a point, so that it is not its grid that decides.",
                        "“Smooth” has no one definition: this is the width of the slope. A rule that holds longer before it falls has less room for a wide one."));
    }

    private static Draws way(Study study, StudiedModel model, String rule) {
        return study.critical(model, rule, SiteSet.INTERMEDIATE, FAR).minus(study.critical(model, rule, SiteSet.INTERMEDIATE, Study.BAR));
    }
}
