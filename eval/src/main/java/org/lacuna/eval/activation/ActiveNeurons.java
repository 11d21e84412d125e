package org.lacuna.eval.activation;

import java.util.List;
import java.util.Set;
import org.lacuna.data.Batch;
import org.lacuna.data.TokenSequence;
import org.lacuna.data.sample.Windows;
import org.lacuna.eval.method.Look;
import org.lacuna.eval.source.Hashes;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.rule.RowScratch;
import org.lacuna.sparsity.rule.Rule;
import org.lacuna.sparsity.rule.Rules;

/**
 * Which neurons of a model's intermediate vectors are active at each token of a few windows of text, in each layer: as masks, a bit a neuron, so that two models need not be in
 * memory together.
 */
public final class ActiveNeurons {
    /** What counts as active, each looked at by itself. */
    static final List<Kind> KINDS = List.of(new Kind("none", 0, "not 0"), new Kind("top_p", 0.9, "top_p 0.9"));

    /** Masks take layers · F / 4 bytes a token: of the largest models some hundred megabytes for as many tokens as these. */
    private static final int MOST_WINDOWS = 16;
    private static final int LONGEST_WINDOW = 128;

    private final int layers;
    private final int neurons;
    private final Batch text;
    /** By kind, layer and token. */
    private final long[][][][] masks;

    /**
     * A rule by whose masks neurons are called active.
     *
     * @param rule its name
     * @param p    its parameter
     * @param name what a report calls them
     */
    record Kind(String rule, double p, String name) {
    }

    private ActiveNeurons(int layers, int neurons, Batch text) {
        this.layers = layers;
        this.neurons = neurons;
        this.text = text;
        masks = new long[KINDS.size()][layers][text.inputs().length][neurons + 63 >> 6];
    }

    /**
     * The windows that are looked at: the first of a text, of those that models are measured on no more and none longer.
     *
     * @param windows of those that models are measured on
     * @param length  tokens in each of those
     */
    public static Batch text(TokenSequence validation, int windows, int length) {
        return Windows.first(validation, Math.min(windows, MOST_WINDOWS), Math.min(length, LONGEST_WINDOW));
    }

    /**
     * Looks.
     *
     * @param look at a model without experts and the windows that {@link #text} gave
     * @throws org.lacuna.run.InterruptedRunException if it was asked to stop
     * @throws org.lacuna.run.RunException if what flows through the model is not finite
     */
    public static ActiveNeurons of(Look look) {
        int n = look.model().config().intermediate();
        int length = look.texts().length();
        ActiveNeurons active = new ActiveNeurons(look.model().config().layers(), n, look.texts());
        float[] row = new float[n];
        RowScratch scratch = new RowScratch(n);
        List<Rule> rules = KINDS.stream().map(kind -> Rules.byName(kind.rule)).toList();
        look.visit(look.texts(), Set.of(Site.INTERMEDIATE), (window, layer, site, values, width) -> {
            for (int t = 0; t < length; t++) {
                values.get(t * n, row);
                for (int kind = 0; kind < rules.size(); kind++) {
                    rules.get(kind).keep(row, n, new double[] {KINDS.get(kind).p}, 0, active.masks[kind][layer][window * length + t], scratch);
                }
            }
        });
        return active;
    }

    /** Whether neuron j of the one can be held against neuron j of the other, at the same tokens. */
    boolean sameShape(ActiveNeurons other) {
        return layers == other.layers && neurons == other.neurons && Hashes.windows(text).equals(Hashes.windows(other.text));
    }

    int layers() {
        return layers;
    }

    int neurons() {
        return neurons;
    }

    int windows() {
        return text.rows();
    }

    int length() {
        return text.length();
    }

    /** Of one token; read only. */
    long[] mask(int kind, int layer, int token) {
        return masks[kind][layer][token];
    }
}
