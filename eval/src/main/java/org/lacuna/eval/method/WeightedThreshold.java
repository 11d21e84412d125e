package org.lacuna.eval.method;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.lacuna.eval.robustness.Treatment;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.rule.Rules;

/**
 * A threshold of each layer on what an element contributes, |v_j| · ‖W[:, j]‖₂, that keeps the share p of these on a calibration text: the mask of
 * Sparsing Law (arXiv 2411.02335) and of R-Sparse (arXiv 2504.19449) without its low-rank part.
 */
final class WeightedThreshold implements Method {
    @Override
    public String name() {
        return "weighted";
    }

    @Override
    public Set<Site> sites(ModelConfig config) {
        return WeightedTopK.READ;
    }

    @Override
    public int channelRows(int texts) {
        return 1;
    }

    @Override
    public boolean calibrates() {
        return true;
    }

    @Override
    public List<Treatment> treatments(List<Double> grid, Set<Site> sites, Look look) {
        Map<Site, float[][]> norms = look.columnNorms(sites);
        return List.of(new PerLayer(Rules.byName("threshold"), grid.size(), look.thresholds(sites, grid, norms), norms));
    }
}
