package org.lacuna.eval.method;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.lacuna.eval.robustness.Treatment;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.rule.Rules;

/**
 * Top-k of what an element contributes, |v_j| · ‖W[:, j]‖₂ (WINA, arXiv 2505.19427, without its rotation). At the intermediate vector, W being the
 * down projection, it is the best choice of k elements where the columns are orthogonal, so it serves as an oracle for the block's output error.
 * For the block's input W is up and gate projection together, for attention's input those of queries, keys and values, and for its output's the output
 * projection.
 */
final class WeightedTopK implements Method {
    /** What matrix products read. */
    static final Set<Site> READ = EnumSet.of(Site.INPUT, Site.INTERMEDIATE, Site.ATTENTION_INPUT, Site.ATTENTION_OUTPUT);

    @Override
    public String name() {
        return "weighted_top_k";
    }

    @Override
    public Set<Site> sites(ModelConfig config) {
        return READ;
    }

    @Override
    public int channelRows(int texts) {
        return 1;
    }

    @Override
    public void check(double p) {
        new SameEverywhere(Rules.byName("top_k")).check(p);
    }

    @Override
    public List<Treatment> treatments(List<Double> grid, Set<Site> sites, Look look) {
        return List.of(PerLayer.of(Rules.byName("top_k"), grid, look.columnNorms(sites)));
    }
}
