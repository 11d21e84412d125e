package org.lacuna.eval.method;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.lacuna.eval.robustness.PromptChoice;
import org.lacuna.eval.robustness.TokenCoverage;
import org.lacuna.eval.robustness.Treatment;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.run.RunException;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.rule.Rule;
import org.lacuna.sparsity.rule.Rules;

/**
 * The same neurons for all tokens of a text, chosen by its prompt (GRIFFIN, arXiv 2404.01365).
 *
 * <pre>
 * s_j = ‖ (z_tj / ‖z_t‖₂)_t ‖₂     z_t the intermediate vector of the prompt's token t, in the model without a rule
 * keep neuron j, in this text, if s_j is among the ⌊F · p + 10⁻⁹⌋ largest, of equal ones the lower j
 * </pre>
 * The prompt is what the coverage leaves alone at the beginning, since the rule is for what comes after it; where it leaves nothing alone, the whole
 * text, so that the choice knows the tokens that are scored. In tasks it has to leave a context alone: {@link TokenCoverage.Kind#GENERATED} is the method as
 * published for generation, the whole context its prompt; {@link TokenCoverage.Kind#DECODE} takes the context's last token to what comes after, which for
 * continuations of one token is how its authors measure classification.
 */
final class Griffin implements Method {
    private static final String NAME = "griffin";
    private static final double ROUNDING = 1e-9;

    @Override
    public String name() {
        return NAME;
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
    public boolean choosesNeurons() {
        return true;
    }

    @Override
    public TokenCoverage taskCoverage() {
        return TokenCoverage.parse("generated");
    }

    @Override
    public Optional<Treatment> byPrompt(List<Double> grid, Look look) {
        return Optional.of(new ByPrompt(List.copyOf(grid), look.layers(), look.width(Site.INTERMEDIATE)));
    }

    @Override
    public List<Treatment> treatments(List<Double> grid, Set<Site> sites, Look look) {
        int texts = look.texts().rows();
        int inner = look.width(Site.INTERMEDIATE);
        int[][] ranks = new int[look.layers()][texts * inner];
        look.visit(look.texts(), sites, (text, layer, site, values, n) -> {
            Scores scores = new Scores(n);
            for (int t = 0; t < look.prompt(); t++) {
                scores.add(values, t * n);
            }
            System.arraycopy(scores.ranks(), 0, ranks[layer], text * n, n);
        });
        return grid.stream().<Treatment>map(p -> new Chosen(ranks, new int[] {count(inner, p)}, texts)).toList();
    }

    private static int count(int inner, double p) {
        return (int) (inner * p + ROUNDING);
    }

    /** How much a layer's neurons are used. */
    private static final class Scores {
        private final double[] squares;

        Scores(int n) {
            squares = new double[n];
        }

        /** Adds a token's vector, which begins at {@code from}. */
        void add(FloatBuffer values, int from) {
            double all = 0;
            for (int j = 0; j < squares.length; j++) {
                all += (double) values.get(from + j) * values.get(from + j);
            }
            for (int j = 0; j < squares.length && all > 0; j++) {
                squares[j] += (double) values.get(from + j) * values.get(from + j) / all;
            }
        }

        /** Of each neuron how many are used more. */
        int[] ranks() {
            List<Integer> order = new ArrayList<>();
            for (int j = 0; j < squares.length; j++) {
                order.add(j);
            }
            order.sort((a, b) -> Double.compare(squares[b], squares[a])); // a stable sort: equal ones stay by rising index
            int[] ranks = new int[squares.length];
            for (int rank = 0; rank < ranks.length; rank++) {
                ranks[order.get(rank)] = rank;
            }
            return ranks;
        }
    }

    /** What each text chooses for itself. */
    private record ByPrompt(List<Double> grid, int depth, int inner) implements Treatment {
        @Override
        public Rule rule() {
            return Rules.byName("none");
        }

        @Override
        public int points() {
            return grid.size();
        }

        @Override
        public double parameter(int layer, Site site, int point) {
            return grid.get(point);
        }

        @Override
        public int channelRows() {
            return points();
        }

        @Override
        public Optional<PromptChoice> choice() {
            Scores[] scores = new Scores[depth];
            for (int layer = 0; layer < depth; layer++) {
                scores[layer] = new Scores(inner);
            }
            return Optional.of(new Choice(this, scores));
        }
    }

    private record Choice(ByPrompt of, Scores[] scores) implements PromptChoice {
        @Override
        public String key() {
            return NAME;
        }

        @Override
        public void see(int layer, FloatBuffer values, int from, int n) {
            for (int j = 0; j < n; j++) {
                if (!Float.isFinite(values.get(from + j))) {
                    throw new RunException("the model's numbers overflow: an intermediate vector of layer " + layer + " is not finite in a prompt");
                }
            }
            scores[layer].add(values, from);
        }

        @Override
        public Treatment chosen() {
            int[][] ranks = new int[scores.length][];
            for (int layer = 0; layer < ranks.length; layer++) {
                ranks[layer] = scores[layer].ranks();
            }
            return new Chosen(ranks, of.grid.stream().mapToInt(p -> count(of.inner, p)).toArray(), of.points());
        }
    }

    /**
     * The neurons of the first ranks.
     *
     * @param ranks       [layer], of all texts, or of one
     * @param counts      of how many ranks at each point
     * @param channelRows as many as texts where there is one point; as many as points where there is one text
     */
    private record Chosen(int[][] ranks, int[] counts, int channelRows) implements Treatment {
        @Override
        public Rule rule() {
            return Rules.byName("none");
        }

        @Override
        public int points() {
            return counts.length;
        }

        @Override
        public double parameter(int layer, Site site, int point) {
            return 0;
        }

        @Override
        public float[] channels(int layer, Site site) {
            int all = ranks[layer].length;
            float[] channels = new float[counts.length * all];
            for (int i = 0; i < channels.length; i++) {
                channels[i] = ranks[layer][i % all] < counts[i / all] ? 1 : 0;
            }
            return channels;
        }
    }
}
