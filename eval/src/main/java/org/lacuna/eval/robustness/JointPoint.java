package org.lacuna.eval.robustness;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.critical.PairedBootstrap.Interval;

/**
 * The model with a rule at several sites, each with a p of its own. Sparsities and operations are of the layers in which the rule is applied and of the tokens that it
 * covers.
 *
 * @param p                the rule's parameter at each site
 * @param loss             mean −ln p of the scored tokens, nats
 * @param increase         interval of {@code loss} − dense loss, both on the same draw of windows
 * @param sparsity         exact zeros after the rules / elements, of each site
 * @param layerSparsity    the same layer by layer
 * @param saved            the share of the operations, and of the weights' bytes, that a token could do without: see {@link JointResult}
 * @param windowLossSums   sum of the loss over each window's tokens, nats
 * @param windowOperations operations that are left, in each window, rounded to whole ones
 */
public record JointPoint(Map<Site, Double> p, double loss, Interval increase, Map<Site, Double> sparsity, Map<Site, List<Double>> layerSparsity, double saved,
        List<Double> windowLossSums, List<Long> windowOperations) {

    /** Copies the lists; the sites in their order. */
    public JointPoint {
        p = Collections.unmodifiableMap(new TreeMap<>(p));
        sparsity = Collections.unmodifiableMap(new TreeMap<>(sparsity));
        layerSparsity = Collections.unmodifiableMap(new TreeMap<>(layerSparsity));
        windowLossSums = List.copyOf(windowLossSums);
        windowOperations = List.copyOf(windowOperations);
    }

    /** Whether p is one for all sites. */
    public boolean same() {
        return p.values().stream().distinct().count() == 1;
    }
}
