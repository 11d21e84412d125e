package org.lacuna.eval.method;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.lacuna.eval.robustness.Treatment;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.rule.Rules;

/**
 * A threshold of each layer and site, that keeps the share p of the magnitudes of a calibration text (TEAL, arXiv 2408.14690, with one sparsity
 * for all; CATS, arXiv 2404.08763, at the gate). Thresholds are those of the model without a rule; on other text, and behind sparsified
 * layers, what is kept differs from p, and what was kept is what counts.
 */
final class CalibratedThreshold implements Method {
    @Override
    public String name() {
        return "calibrated";
    }

    @Override
    public boolean calibrates() {
        return true;
    }

    @Override
    public List<Treatment> treatments(List<Double> grid, Set<Site> sites, Look look) {
        return List.of(new PerLayer(Rules.byName("threshold"), grid.size(), look.thresholds(sites, grid, Map.of()), Map.of()));
    }
}
