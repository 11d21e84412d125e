package org.lacuna.eval.method;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.lacuna.eval.robustness.Treatment;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.rule.Rule;
import org.lacuna.sparsity.rule.Rules;

/**
 * The same neurons for all tokens of a text, chosen by its prompt (GRIFFIN, arXiv 2404.01365).
 *
 * <pre>
 * s_j = ‖ (z_tj / ‖z_t‖₂)_t ‖₂     z_t the intermediate vector of the prompt's token t
 * keep neuron j, in this text, if s_j is among the ⌊F · p + 10⁻⁹⌋ largest, of equal ones the lower j
 * </pre>
 * The prompt is what the coverage leaves alone at the beginning, since the rule is for what comes after it; where it leaves nothing alone, the whole
 * text, so that the choice knows the tokens that are scored.
 */
final class Griffin implements Method {
    private static final double ROUNDING = 1e-9;

    @Override
    public String name() {
        return "griffin";
    }

    @Override
    public Set<Site> sites(ModelConfig config) {
        return EnumSet.of(Site.INTERMEDIATE);
    }

    @Override
    public int channelRows(int texts) {
        return texts;
    }

    @Override
    public List<Treatment> treatments(List<Double> grid, Set<Site> sites, Look look) {
        int texts = look.texts().rows();
        int inner = look.width(Site.INTERMEDIATE);
        int[][] ranks = new int[look.layers()][texts * inner];
        look.visit(look.texts(), sites, (text, layer, site, values, n) -> {
            double[] scores = new double[n];
            for (int t = 0; t < look.prompt(); t++) {
                double squares = 0;
                for (int j = 0; j < n; j++) {
                    squares += (double) values.get(t * n + j) * values.get(t * n + j);
                }
                for (int j = 0; j < n && squares > 0; j++) {
                    scores[j] += (double) values.get(t * n + j) * values.get(t * n + j) / squares;
                }
            }
            List<Integer> order = new ArrayList<>();
            for (int j = 0; j < n; j++) {
                order.add(j);
            }
            order.sort((a, b) -> Double.compare(scores[b], scores[a])); // a stable sort: equal ones stay by rising index
            for (int rank = 0; rank < n; rank++) {
                ranks[layer][text * n + order.get(rank)] = rank;
            }
        });
        return grid.stream().<Treatment>map(p -> new Chosen(ranks, (int) (inner * p + ROUNDING), texts)).toList();
    }

    /** The neurons of the first ranks, at one point. */
    private record Chosen(int[][] ranks, int count, int channelRows) implements Treatment {
        @Override
        public Rule rule() {
            return Rules.byName("none");
        }

        @Override
        public int points() {
            return 1;
        }

        @Override
        public double parameter(int layer, Site site, int point) {
            return 0;
        }

        @Override
        public float[] channels(int layer, Site site) {
            float[] channels = new float[ranks[layer].length];
            for (int i = 0; i < channels.length; i++) {
                channels[i] = ranks[layer][i] < count ? 1 : 0;
            }
            return channels;
        }
    }
}
