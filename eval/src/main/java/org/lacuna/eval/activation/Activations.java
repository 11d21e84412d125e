package org.lacuna.eval.activation;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.lacuna.eval.method.Look;
import org.lacuna.eval.robustness.DataSummary;
import org.lacuna.eval.robustness.ModelSummary;
import org.lacuna.run.folder.Json;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.measure.EffectiveRank;
import org.lacuna.sparsity.measure.MagnitudeHistogram;
import org.lacuna.sparsity.measure.Measure;
import org.lacuna.sparsity.measure.MeasureMeans;
import org.lacuna.sparsity.measure.MeasureScratch;
import org.lacuna.sparsity.measure.Measures;
import org.lacuna.sparsity.measure.NeighbourOverlap;
import org.lacuna.sparsity.measure.NeuronUse;
import org.lacuna.sparsity.measure.TextSums;
import org.lacuna.sparsity.measure.TokenSample;
import org.lacuna.sparsity.measure.UnionSparsity;
import org.lacuna.sparsity.rule.RowScratch;
import org.lacuna.sparsity.rule.Rule;
import org.lacuna.sparsity.rule.Rules;

/**
 * What a model's activations are like on some windows of text, without a rule.
 *
 * @param version    of this format, {@link #VERSION}
 * @param model      which model
 * @param data       on what
 * @param provenance version, commit, machine, time
 * @param layers     each layer's sites
 */
public record Activations(int version, ModelSummary model, DataSummary data, JsonNode provenance, List<Layer> layers) {
    /** The format that this build writes and reads. */
    public static final int VERSION = 2;
    /** Tokens that the effective rank is of; it grows with them. */
    public static final int RANK_TOKENS = 256;

    private static final long SAMPLE_SEED = 1;

    /** Copies the list, and takes the provenance as it reads back. */
    public Activations {
        provenance = Json.parse("provenance", Json.line(provenance));
        layers = List.copyOf(layers);
    }

    /**
     * One site of a layer.
     *
     * @param layer         which
     * @param site          where
     * @param means         by measure, the mean over all tokens; NaN where it has no value for any
     * @param undefined     by measure, tokens for which it has no value (a vector of zeros, say)
     * @param dead          elements that are 0 for every token
     * @param alwaysOn      elements that are 0 for none
     * @param overlap       mean Jaccard index of the non-zeros of neighbouring tokens; 1 for two without any
     * @param unions        share of elements that are 0 for all tokens of a chunk, by its size
     * @param effectiveRank of {@link #RANK_TOKENS} tokens' vectors, or of as many as there are
     * @param zeros         elements that are exactly 0, over all tokens
     * @param magnitudes    how many of the others are of which size, by e = floor of log2 |x|; what no element has is not there
     */
    public record Layer(int layer, Site site, Map<String, Double> means, Map<String, Long> undefined, int dead, int alwaysOn, double overlap, Map<String, Double> unions,
            EffectiveRank effectiveRank, long zeros, SortedMap<Integer, Long> magnitudes) {
    }

    /**
     * Looks.
     *
     * @param look  at the model and its windows
     * @param sites that the model has
     * @throws org.lacuna.run.InterruptedRunException if it was asked to stop
     * @throws org.lacuna.run.RunException if what flows through the model is not finite
     */
    public static List<Layer> of(Look look, Set<Site> sites) {
        Map<String, Seen> seen = new LinkedHashMap<>();
        int length = look.texts().length();
        look.visit(look.texts(), new TreeSet<>(sites), (text, layer, site, values, n) -> {
            Seen here = seen.computeIfAbsent(layer + " " + site, key -> new Seen(layer, site, n, look.texts().rows()));
            for (int t = 0; t < length; t++) {
                values.get(t * n, here.row);
                here.add(text, text * (long) length + t);
            }
        });
        return seen.values().stream().map(Seen::layer).toList();
    }

    private static final class Seen {
        final float[] row;
        private final int layer;
        private final Site site;
        private static final Rule NON_ZEROS = Rules.byName("none");

        private final MeasureMeans means;
        private final MeasureScratch scratch;
        private final RowScratch rows;
        private final long[] mask;
        private final NeuronUse use;
        private final NeighbourOverlap overlap;
        private final UnionSparsity unions;
        private final TokenSample sample;
        private final MagnitudeHistogram histogram = new MagnitudeHistogram();

        Seen(int layer, Site site, int n, int texts) {
            this.layer = layer;
            this.site = site;
            row = new float[n];
            means = new MeasureMeans(Measures.all(), texts);
            scratch = new MeasureScratch(n);
            rows = new RowScratch(n);
            mask = new long[(n + 63) / 64];
            use = new NeuronUse(n);
            overlap = new NeighbourOverlap(n, texts);
            unions = new UnionSparsity(n, UnionSparsity.SIZES, texts);
            sample = new TokenSample(RANK_TOKENS, n, SAMPLE_SEED);
        }

        void add(int text, long number) {
            means.add(text, row, row.length, scratch);
            NON_ZEROS.keep(row, row.length, new double[0], 0, mask, rows);
            use.add(mask);
            overlap.add(text, mask);
            unions.add(text, mask);
            sample.add(number, row);
            histogram.add(row, row.length);
        }

        Layer layer() {
            Map<String, Double> values = new LinkedHashMap<>();
            Map<String, Long> undefined = new LinkedHashMap<>();
            for (Measure measure : Measures.all()) {
                TextSums sums = means.of(measure);
                values.put(measure.name(), sums.mean());
                undefined.put(measure.name(), sums.undefined());
            }
            Map<String, Double> chunks = new LinkedHashMap<>();
            unions.chunks().forEach(chunk -> chunks.put(Integer.toString(chunk.size()), chunk.sparsity()));
            SortedMap<Integer, Long> magnitudes = new TreeMap<>();
            for (int e = MagnitudeHistogram.LEAST; e <= MagnitudeHistogram.MOST; e++) {
                if (histogram.count(e) > 0) {
                    magnitudes.put(e, histogram.count(e));
                }
            }
            NeuronUse.Summary summary = use.summary();
            return new Layer(layer, site, values, undefined, summary.dead(), summary.alwaysOn(), overlap.sums().mean(), chunks, EffectiveRank.of(sample.rows()),
                    histogram.zeros(), magnitudes);
        }
    }
}
