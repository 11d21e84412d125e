package org.lacuna.eval.task;

import java.util.List;
import org.lacuna.data.task.MetricKind;
import org.lacuna.eval.robustness.LayerSet;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.eval.robustness.TokenCoverage;
import org.lacuna.sparsity.critical.Bar;
import org.lacuna.sparsity.critical.PairedBootstrap;
import org.lacuna.sparsity.critical.QualityBar;

/**
 * How a task is measured.
 *
 * @param rule       the rule's name
 * @param grid       values of its p, at least one
 * @param coverage   which tokens it is applied to
 * @param layers     in which layers
 * @param sites      where, a curve each
 * @param accuracy   the least share of the dense accuracy that holds
 * @param perplexity the largest perplexity / dense perplexity that holds, of metrics that are perplexities
 * @param replicates bootstrap draws of the documents
 * @param seed       of the draws
 * @param confidence what an interval is meant to cover
 */
public record TaskSettings(String rule, List<Double> grid, TokenCoverage coverage, LayerSet layers, List<SiteSet> sites, double accuracy, double perplexity,
        int replicates, long seed, double confidence) {
    /** The paper's bar for accuracy, 99 % of dense (arXiv 2509.00454). */
    public static final double PAPER_ACCURACY = 0.99;

    /** Copies the lists. */
    public TaskSettings {
        grid = List.copyOf(grid);
        sites = List.copyOf(sites);
    }

    /** The worst of a metric that holds. */
    public QualityBar bar(MetricKind metric) {
        return switch (metric) {
            case ACC, ACC_NORM, ACC_BYTES, EXACT_MATCH -> QualityBar.accuracy(accuracy);
            case PERPLEXITY, WORD_PERPLEXITY, BYTE_PERPLEXITY -> QualityBar.perplexity(new Bar(perplexity));
            case BITS_PER_BYTE -> QualityBar.bitsPerByte(perplexity);
        };
    }

    /** The draws for so many documents: equal settings, equal draws, so that results of several models are paired. */
    public PairedBootstrap bootstrap(int documents) {
        return new PairedBootstrap(documents, replicates, seed);
    }
}
