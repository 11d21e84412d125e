package org.lacuna.eval.method;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.lacuna.eval.robustness.Treatment;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.rule.Rule;

/**
 * A rule with parameters, and perhaps channels, of each layer and site.
 *
 * @param rule       at all of them
 * @param points     of the grid
 * @param parameters by site, [layer][point]
 * @param channels   by site, [layer][n]; empty where the rule looks at vectors as they are
 */
record PerLayer(Rule rule, int points, Map<Site, double[][]> parameters, Map<Site, float[][]> channels) implements Treatment {
    /** The same parameters in every layer and at every site, with channels. */
    static PerLayer of(Rule rule, List<Double> grid, Map<Site, float[][]> channels) {
        Map<Site, double[][]> parameters = new EnumMap<>(Site.class);
        channels.forEach((site, layers) -> {
            double[][] all = new double[layers.length][];
            Arrays.fill(all, grid.stream().mapToDouble(Double::doubleValue).toArray());
            parameters.put(site, all);
        });
        return new PerLayer(rule, grid.size(), parameters, channels);
    }

    @Override
    public double parameter(int layer, Site site, int point) {
        return parameters.get(site)[layer][point];
    }

    @Override
    public int channelRows() {
        return channels.isEmpty() ? 0 : 1;
    }

    @Override
    public float[] channels(int layer, Site site) {
        return channels.get(site)[layer];
    }
}
