package org.lacuna.training;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.lacuna.graph.program.Instance;
import org.lacuna.model.graph.DecoderGraph;
import org.lacuna.model.config.FeedForwardSite;

/** Of how many tokens each element of the observed vectors was not 0, added up over pieces of a batch; allocates nothing after it is made. */
final class ActivityCounts {
    private final ObjectiveGraph graph;
    /** Of each observed site, each layer's elements one after the other. */
    private final long[][] counts;

    ActivityCounts(ObjectiveGraph graph) {
        this.graph = graph;
        counts = new long[graph.observed().size()][];
        for (int i = 0; i < counts.length; i++) {
            counts[i] = new long[graph.layers() * graph.width(graph.observed().get(i))];
        }
    }

    /** The outputs of one piece's run, in the order of {@link #add}. */
    static ByteBuffer[] outputs(Instance run, ObjectiveGraph graph) {
        return graph.observed().stream()
                .flatMap(site -> IntStream.range(0, graph.layers()).mapToObj(layer -> run.tensor(DecoderGraph.active(site, layer)).bytes()))
                .toArray(ByteBuffer[]::new);
    }

    void clear() {
        for (long[] site : counts) {
            Arrays.fill(site, 0);
        }
    }

    /** Adds what a piece's run left in its {@link #outputs}. */
    void add(ByteBuffer[] outputs) {
        int layers = graph.layers();
        for (int site = 0; site < counts.length; site++) {
            int at = 0;
            for (int layer = 0; layer < layers; layer++) {
                ByteBuffer active = outputs[site * layers + layer];
                for (int i = 0; i < active.capacity(); i += Integer.BYTES) {
                    counts[site][at++] += active.getInt(i);
                }
            }
        }
    }

    void add(ActivityCounts other) {
        for (int site = 0; site < counts.length; site++) {
            for (int i = 0; i < counts[site].length; i++) {
                counts[site][i] += other.counts[site][i];
            }
        }
    }

    /**
     * Exact zeros at a site / elements.
     *
     * @param tokens how many were counted
     */
    double zeros(FeedForwardSite site, long tokens) {
        long active = 0;
        long[] of = counts[graph.observed().indexOf(site)];
        for (long count : of) {
            active += count;
        }
        double elements = (double) of.length * tokens * graph.rowsPerToken(site);
        return (elements - active) / elements;
    }

    /** Elements of the intermediate vectors that were 0 at every token / their number. Of experts one element stands for all experts'. */
    double dead() {
        int dead = 0;
        long[] of = counts[graph.observed().indexOf(FeedForwardSite.INTERMEDIATE)];
        for (long count : of) {
            dead += count == 0 ? 1 : 0;
        }
        return (double) dead / of.length;
    }
}
