package org.lacuna.eval.fatrelu;

/**
 * What a threshold does to one layer.
 *
 * @param layer          its number
 * @param threshold      below which its gate lets nothing pass
 * @param cett           the error that alone makes, on what goes into the layer in the model without thresholds
 * @param sparsityBefore share of its intermediate values that are exactly 0 without thresholds
 * @param sparsityAfter  the same with all layers' thresholds
 */
public record LayerShift(int layer, double threshold, double cett, double sparsityBefore, double sparsityAfter) {}
