package org.lacuna.eval.robustness;

import java.util.List;
import java.util.Optional;
import org.lacuna.sparsity.critical.Bar;
import org.lacuna.sparsity.critical.Curve;
import org.lacuna.sparsity.critical.PairedBootstrap;

/**
 * How a model is measured, apart from on what.
 *
 * @param rule       the sparsification rule's name; its one parameter is p
 * @param grid       values of p, each at least 0; at least one
 * @param coverage   which tokens it is applied to
 * @param layers     in which layers
 * @param sites      where the rule is applied, one curve each; at least one
 * @param bar        the largest perplexity / dense perplexity that holds
 * @param replicates bootstrap draws
 * @param seed       of the bootstrap's draws
 * @param confidence what an interval is meant to cover, in (0, 1)
 * @param joint      sites at which the rule is applied at once, each with a p of its own, beside the curves
 */
public record Settings(String rule, List<Double> grid, TokenCoverage coverage, LayerSet layers, List<SiteSet> sites, double bar, int replicates, long seed,
        double confidence, Optional<JointGrid> joint) {
    /** The paper's rule and grid, every site of the feed-forward block, 1 % more perplexity, 1,000 draws, 95 %. */
    public static final Settings PAPER =
            new Settings("top_p", Curve.PAPER_GRID, TokenCoverage.EVERY, SiteSet.FEED_FORWARD, Bar.ONE_PERCENT.perplexityRatio(), 1000, 1, 0.95);

    /** To see where a model stands while it is trained: the same with fewer values of p, and one draw, since intervals are not looked at. */
    public static final Settings COARSE = new Settings(PAPER.rule, Curve.COARSE_GRID, PAPER.coverage, PAPER.sites, PAPER.bar, 1, PAPER.seed, PAPER.confidence);

    /** Copies the lists. */
    public Settings {
        grid = List.copyOf(grid);
        sites = List.copyOf(sites);
        if (grid.isEmpty() || sites.isEmpty()) {
            throw new IllegalArgumentException("settings need a value of p and a site");
        }
    }

    /** With curves alone. */
    public Settings(String rule, List<Double> grid, TokenCoverage coverage, LayerSet layers, List<SiteSet> sites, double bar, int replicates, long seed, double confidence) {
        this(rule, grid, coverage, layers, sites, bar, replicates, seed, confidence, Optional.empty());
    }

    /** In all layers. */
    public Settings(String rule, List<Double> grid, TokenCoverage coverage, List<SiteSet> sites, double bar, int replicates, long seed, double confidence) {
        this(rule, grid, coverage, LayerSet.ALL, sites, bar, replicates, seed, confidence);
    }

    /** What activations are left out by, and where, for a sentence: what can't be computed anew from a result. */
    public String treatment() {
        return "rule " + rule + ", coverage " + coverage + ", layers " + layers;
    }

    /** The same at another bar. */
    public Settings withBar(double other) {
        return new Settings(rule, grid, coverage, layers, sites, other, replicates, seed, confidence, joint);
    }

    /** The same at other sites. */
    public Settings withSites(List<SiteSet> others) {
        return new Settings(rule, grid, coverage, layers, others, bar, replicates, seed, confidence, joint);
    }

    /** The same in other layers. */
    public Settings withLayers(LayerSet others) {
        return new Settings(rule, grid, coverage, others, sites, bar, replicates, seed, confidence, joint);
    }

    /** The same with a joint grid beside the curves. */
    public Settings withJoint(JointGrid grid) {
        return new Settings(rule, this.grid, coverage, layers, sites, bar, replicates, seed, confidence, Optional.of(grid));
    }

    /** The draws for so many windows: equal settings, equal draws, so that results of several models are paired. */
    public PairedBootstrap bootstrap(int windows) {
        return new PairedBootstrap(windows, replicates, seed);
    }
}
