package org.lacuna.eval.robustness;

import java.util.List;
import org.lacuna.sparsity.critical.PairedBootstrap.Interval;

/**
 * The model with the rule, at one p.
 *
 * @param p              the rule's parameter
 * @param loss           mean −ln p of the scored tokens, nats
 * @param increase       interval of {@code loss} − dense loss, both on the same draw of windows
 * @param sparsity       exact zeros after the rule / elements, over all layers in which it is applied and all tokens that it covers
 * @param layerSparsity  the same layer by layer
 * @param windowLossSums sum of the loss over each window's tokens, nats
 * @param windowKept     elements that are not zero after the rule, of these layers, in each window
 */
public record Point(double p, double loss, Interval increase, double sparsity, List<Double> layerSparsity, List<Double> windowLossSums,
        List<Long> windowKept) {

    /** Copies the lists. */
    public Point {
        layerSparsity = List.copyOf(layerSparsity);
        windowLossSums = List.copyOf(windowLossSums);
        windowKept = List.copyOf(windowKept);
    }
}
