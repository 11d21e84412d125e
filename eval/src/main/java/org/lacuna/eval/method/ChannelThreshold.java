package org.lacuna.eval.method;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.lacuna.eval.robustness.Treatment;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.rule.Rules;

/**
 * A threshold of each channel of the gate (CHESS, arXiv 2409.01366).
 *
 * <pre>
 * keep g_j where |g_j| · sqrt(E[u_j²]) ≥ θ
 * </pre>
 * E is over a calibration text, θ the layer's threshold that keeps the share p of the left side there.
 */
final class ChannelThreshold implements Method {
    @Override
    public String name() {
        return "channel";
    }

    @Override
    public Set<Site> sites(ModelConfig config) {
        return config.feedForward().gated() ? EnumSet.of(Site.GATE) : Set.of();
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
        double[][] squares = new double[look.layers()][look.width(Site.UP)];
        look.visit(look.calibration(), Set.of(Site.UP), (text, layer, site, values, n) -> {
            for (int i = 0; i < look.calibration().length() * n; i++) {
                squares[layer][i % n] += (double) values.get(i) * values.get(i);
            }
        });
        float[][] roots = new float[squares.length][];
        for (int layer = 0; layer < roots.length; layer++) {
            for (int j = 0; j < squares[layer].length; j++) {
                squares[layer][j] /= look.calibration().inputs().length;
            }
            roots[layer] = Look.roots(squares[layer]);
        }
        Map<Site, float[][]> channels = new EnumMap<>(Map.of(Site.GATE, roots));
        return List.of(new PerLayer(Rules.byName("threshold"), grid.size(), look.thresholds(sites, grid, channels), channels));
    }
}
