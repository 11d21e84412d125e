package org.lacuna.eval.activation;

import java.util.ArrayList;
import java.util.List;
import org.lacuna.eval.robustness.Settings;
import org.lacuna.sparsity.critical.PairedBootstrap.Interval;
import org.lacuna.sparsity.measure.MaskOverlap;
import org.lacuna.sparsity.measure.TextSums;

/**
 * How many neurons two models of one shape have active together at the same tokens. It compares neuron j of the one with neuron j of the other, which says something of a model and what
 * was made of it; neurons of models that were trained apart have no number that means anything, and share what they share by chance.
 *
 * @param model    the one, by its place in a comparison
 * @param against  the other
 * @param active   what counts as active: {@code not 0}, or a rule and its p
 * @param windows  of text
 * @param tokens   in all of them
 * @param overlap  mean Jaccard index over layers and tokens
 * @param interval of it, over draws of the windows
 * @param expected mean over the same of what masks as large have in common that are drawn at random
 * @param layers   each layer
 */
public record ModelOverlap(int model, int against, String active, int windows, long tokens, double overlap, Interval interval, double expected, List<LayerOverlap> layers) {
    /** Copies the list. */
    public ModelOverlap {
        layers = List.copyOf(layers);
    }

    /**
     * One layer, means over tokens.
     *
     * @param overlap      Jaccard index
     * @param expected     of masks as large, drawn at random
     * @param active       share of the one model's neurons that are active
     * @param otherActive  of the other's
     */
    public record LayerOverlap(double overlap, double expected, double active, double otherActive) {
    }

    /**
     * Holds two models against each other, by each kind of mask that tells anything: not where all of both models' neurons are active at all tokens.
     *
     * @param settings whose draws and confidence the intervals have
     * @return empty where the models are not of one shape or looked at other tokens
     */
    public static List<ModelOverlap> of(int model, ActiveNeurons one, int against, ActiveNeurons other, Settings settings) {
        List<ModelOverlap> found = new ArrayList<>();
        for (int kind = 0; kind < ActiveNeurons.KINDS.size() && one.sameShape(other); kind++) {
            List<MaskOverlap> layers = new ArrayList<>();
            for (int layer = 0; layer < one.layers(); layer++) {
                layers.add(layer(kind, layer, one, other));
            }
            if (layers.stream().anyMatch(layer -> layer.firstDensity() < 1 || layer.secondDensity() < 1)) {
                found.add(new ModelOverlap(model, against, ActiveNeurons.KINDS.get(kind).name(), one.windows(), (long) one.windows() * one.length(),
                        layers.stream().mapToDouble(layer -> layer.overlap().mean()).average().orElseThrow(), interval(layers, one, settings),
                        layers.stream().mapToDouble(layer -> layer.expected().mean()).average().orElseThrow(), layers.stream().map(layer -> new LayerOverlap(layer.overlap().mean(),
                                layer.expected().mean(), layer.firstDensity(), layer.secondDensity())).toList()));
            }
        }
        return found;
    }

    private static MaskOverlap layer(int kind, int layer, ActiveNeurons one, ActiveNeurons other) {
        MaskOverlap overlap = new MaskOverlap(one.neurons(), one.windows());
        for (int token = 0; token < one.windows() * one.length(); token++) {
            overlap.add(token / one.length(), one.mask(kind, layer, token), other.mask(kind, layer, token));
        }
        return overlap;
    }

    private static Interval interval(List<MaskOverlap> layers, ActiveNeurons one, Settings settings) {
        double[] sums = new double[one.windows()];
        for (MaskOverlap layer : layers) {
            TextSums overlap = layer.overlap();
            for (int window = 0; window < sums.length; window++) {
                sums[window] += overlap.sum(window) / (layers.size() * (double) one.length());
            }
        }
        return settings.bootstrap(sums.length).number(times -> {
            double sum = 0;
            for (int window = 0; window < sums.length; window++) {
                sum += times[window] * sums[window];
            }
            return sum / sums.length;
        }, settings.confidence());
    }
}
