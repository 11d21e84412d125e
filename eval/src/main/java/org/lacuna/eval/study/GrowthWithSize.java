package org.lacuna.eval.study;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.apache.commons.math3.stat.regression.SimpleRegression;
import org.lacuna.eval.robustness.SiteSet;

/** Tolerance grows with size by critical sparsity (arXiv 2509.00454), and does not by PPL-1 % sparsity (Sparsing Law, arXiv 2411.02335, of ReLU models): both on the same models. */
final class GrowthWithSize implements Relation {
    @Override
    public Finding of(Study study) {
        List<Finding.Row> rows = new ArrayList<>();
        boolean sized = study.sizes().size() > 1;
        for (String variant : sized ? study.variants() : List.<String>of()) {
            for (SiteSet site : List.of(SiteSet.INTERMEDIATE, SiteSet.INPUT)) {
                rows.add(row(study, "top-p at " + site.key() + ": " + variant, variant, model -> study.critical(model, Study.TOP_P, site, Study.BAR)));
            }
            rows.add(row(study, "PPL-1 % at intermediate: " + variant, variant, model -> study.critical(model, "cett", SiteSet.INTERMEDIATE, Study.BAR)));
        }
        return new Finding("Larger models tolerate more.", "Slope of critical sparsity over the logarithm of the parameters, points for each doubling; least squares over the sizes.",
                Finding.Unit.POINTS, rows,
                List.of("Sizes with one seed, the largest ones mostly, move a slope and bring no variation of seeds to its interval: it is too narrow by that.",
                        "Sizes differ in depth and width together, and were trained on equally many tokens, so that larger ones are better models and further from their own optimum: "
                        + "what is due to size can't be told from what is due to loss, nor depth from width.",
                        "A straight line through " + study.sizes().size() + " sizes says nothing about sizes beyond them."),
                sized ? List.of() : List.of("a slope takes two sizes, and the study has one"));
    }

    private static Finding.Row row(Study study, String label, String variant, Function<StudiedModel, Draws> number) {
        List<String> sizes = study.sizes();
        List<Draws> means = sizes.stream().map(size -> study.mean(size, variant, number)).toList();
        double[] doublings = sizes.stream().mapToDouble(size -> Math.log(study.parameters().get(size)) / Math.log(2)).toArray();
        double[] draws = new double[study.settings().replicates()];
        for (int r = 0; r < draws.length; r++) {
            int at = r;
            draws[r] = slope(doublings, means.stream().mapToDouble(mean -> mean.draws()[at]).toArray());
        }
        return Finding.Row.of(label, new Draws(slope(doublings, means.stream().mapToDouble(Draws::value).toArray()), draws, means.stream().allMatch(Draws::certain)),
                study.settings().confidence());
    }

    private static double slope(double[] x, double[] y) {
        SimpleRegression line = new SimpleRegression();
        for (int i = 0; i < x.length; i++) {
            line.addData(x[i], y[i]);
        }
        return line.getSlope();
    }
}
