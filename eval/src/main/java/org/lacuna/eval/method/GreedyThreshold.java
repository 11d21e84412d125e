package org.lacuna.eval.method;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.lacuna.eval.robustness.Treatment;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.rule.MagnitudeCounts;
import org.lacuna.sparsity.rule.Rules;

/**
 * A threshold of each layer and site, as {@link CalibratedThreshold} has it, but with a share of its own in each: sparsity goes where it costs least (the
 * greedy allocation of TEAL, arXiv 2408.14690, which divides a block's sparsity among its matrices, taken over all layers).
 *
 * <pre>
 * all places (layer, site) begin with sparsity 0
 * again and again: raise by 5 % the place with the least (error after − error before) / elements of its vector, of equal ones the first
 * </pre>
 * The error is that of the output of the layer's feed-forward block, or attention, when that place alone is sparsified, on calibration text ({@link BlockErrors}). It is a surrogate:
 * errors are taken to add up, a layer's is relative to its own output and not to what the model does with it, and what goes into a layer is what the model
 * without a rule has there. p is the mean share that is kept over the places, each weighted by its elements; the last raise is cut so that it is p. So what
 * a smaller p leaves out of a place is no less than what a larger one does.
 */
final class GreedyThreshold implements Method {
    /** Raises from nothing to all of a place. */
    private static final int STEPS = 20;

    /** A layer's site: how many elements its vectors have, what each number of steps costs, and how often magnitudes occur there. */
    private record Place(int layer, Site site, int width, double[] errors, MagnitudeCounts counts) {
        /** What the next raise costs an element. */
        double cost(int taken) {
            return (errors[taken + 1] - errors[taken]) / width;
        }
    }

    @Override
    public String name() {
        return "greedy";
    }

    @Override
    public boolean calibrates() {
        return true;
    }

    @Override
    public List<Treatment> treatments(List<Double> grid, Set<Site> sites, Look look) {
        List<Place> places = places(sites, look);
        List<Integer> raises = raises(places);
        Map<Site, double[][]> thresholds = new EnumMap<>(Site.class);
        sites.forEach(site -> thresholds.put(site, new double[look.layers()][grid.size()]));
        for (int point = 0; point < grid.size(); point++) {
            double[] taken = taken(places, raises, Math.max(0, 1 - grid.get(point)));
            for (int i = 0; i < taken.length; i++) {
                Place place = places.get(i);
                thresholds.get(place.site)[place.layer][point] = place.counts.threshold(taken[i] / STEPS);
            }
        }
        return List.of(new PerLayer(Rules.byName("threshold"), grid.size(), thresholds, Map.of()));
    }

    private static List<Place> places(Set<Site> sites, Look look) {
        Map<Site, MagnitudeCounts[]> counts = look.counts(sites, Map.of());
        List<Place> places = new ArrayList<>();
        for (int layer : look.ruled().of(look.layers())) {
            for (Site site : new TreeSet<>(sites)) {
                MagnitudeCounts here = counts.get(site)[layer];
                double[] thresholds = new double[STEPS + 1];
                for (int step = 0; step <= STEPS; step++) {
                    thresholds[step] = here.threshold(step / (double) STEPS);
                }
                places.add(new Place(layer, site, look.width(site), new BlockErrors(look, layer, site, thresholds.length).of(thresholds), here));
            }
        }
        return places;
    }

    /** The place of each raise, until all is left out. */
    private static List<Integer> raises(List<Place> places) {
        int[] taken = new int[places.size()];
        List<Integer> raises = new ArrayList<>();
        while (raises.size() < STEPS * taken.length) {
            int least = -1;
            for (int i = 0; i < taken.length; i++) {
                if (taken[i] < STEPS && (least < 0 || places.get(i).cost(taken[i]) < places.get(least).cost(taken[least]))) {
                    least = i;
                }
            }
            taken[least]++;
            raises.add(least);
        }
        return raises;
    }

    /** The steps of each place, the last one in part, that make a share of all elements. */
    private static double[] taken(List<Place> places, List<Integer> raises, double sparsity) {
        double[] taken = new double[places.size()];
        // In elements times steps, which are whole numbers but for the last.
        double left = sparsity * STEPS * places.stream().mapToLong(Place::width).sum();
        for (int raise : raises) {
            double here = Math.min(left, places.get(raise).width);
            taken[raise] += here == places.get(raise).width ? 1 : here / places.get(raise).width;
            left -= here;
        }
        return taken;
    }
}
