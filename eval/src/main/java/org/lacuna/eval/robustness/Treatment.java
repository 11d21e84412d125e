package org.lacuna.eval.robustness;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.rule.Rule;

/** How vectors are sparsified at the points of a grid. */
public interface Treatment {
    /** The rule, at all points. */
    Rule rule();

    /** How many points. */
    int points();

    /** The rule's parameter. */
    double parameter(int layer, Site site, int point);

    /** Of how many rows {@link #channels} are: 0 where the rule looks at vectors as they are, 1, as many as there are texts, or of one text's own as many as points. */
    default int channelRows() {
        return 0;
    }

    /**
     * What each element is multiplied by before the rule looks at it.
     *
     * @return [{@link #channelRows}, n], row-major, finite and at least 0
     */
    default float[] channels(int layer, Site site) {
        throw new UnsupportedOperationException(rule().name() + " looks at vectors as they are");
    }

    /** What chooses a text's own treatment by its prompt, a new one for each call; empty where all texts have this one. */
    default Optional<PromptChoice> choice() {
        return Optional.empty();
    }

    /** In which layers the rule is applied; no parameter and no channel of another is asked for. */
    default LayerSet layers() {
        return LayerSet.ALL;
    }

    /** The same in some layers alone. */
    default Treatment in(LayerSet layers) {
        return layers.isAll() ? this : new Within(this, layers);
    }

    /** A treatment in some layers. */
    record Within(Treatment whole, LayerSet layers) implements Treatment {
        @Override
        public Rule rule() {
            return whole.rule();
        }

        @Override
        public int points() {
            return whole.points();
        }

        @Override
        public double parameter(int layer, Site site, int point) {
            return whole.parameter(layer, site, point);
        }

        @Override
        public int channelRows() {
            return whole.channelRows();
        }

        @Override
        public float[] channels(int layer, Site site) {
            return whole.channels(layer, site);
        }

        @Override
        public Optional<PromptChoice> choice() {
            return whole.choice();
        }
    }

    /**
     * A rule at several sites, each with a p of its own.
     *
     * @param points how many
     * @param places of each site, at every point: which point of the site's treatment it is
     * @param sites  of each site a treatment, all with one rule and as many {@link #channelRows}
     */
    record Joint(int points, Map<Site, List<Integer>> places, Map<Site, Treatment> sites) implements Treatment {
        /**
         * At all points of a grid.
         *
         * @param sites of each of its sites a treatment whose points are those of {@link JointGrid#measured}
         */
        public static Joint of(JointGrid grid, Map<Site, Treatment> sites) {
            List<Map<Site, Double>> points = grid.points();
            Map<Site, List<Integer>> places = new EnumMap<>(Site.class);
            for (Site site : grid.sites()) {
                List<Double> values = grid.measured(site);
                if (sites.get(site).points() != values.size()) {
                    throw new IllegalArgumentException("a treatment of " + sites.get(site).points() + " points for " + values.size() + " values at " + site.key());
                }
                places.put(site, points.stream().map(point -> values.indexOf(point.get(site))).toList());
            }
            return new Joint(points.size(), places, Map.copyOf(sites));
        }

        private Treatment any() {
            return sites.values().iterator().next();
        }

        @Override
        public Rule rule() {
            return any().rule();
        }

        @Override
        public double parameter(int layer, Site site, int point) {
            return sites.get(site).parameter(layer, site, places.get(site).get(point));
        }

        @Override
        public int channelRows() {
            return any().channelRows();
        }

        @Override
        public float[] channels(int layer, Site site) {
            return sites.get(site).channels(layer, site);
        }
    }

    /** The rule with the same parameter in every layer and at every site. */
    record Uniform(Rule rule, List<Double> grid) implements Treatment {
        /** Copies the list. */
        public Uniform {
            grid = List.copyOf(grid);
        }

        @Override
        public int points() {
            return grid.size();
        }

        @Override
        public double parameter(int layer, Site site, int point) {
            return grid.get(point);
        }
    }
}
