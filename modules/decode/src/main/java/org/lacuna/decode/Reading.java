package org.lacuna.decode;

import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.lacuna.graph.Device;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Program;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Model;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.graph.DecoderGraph;
import org.lacuna.model.graph.LowRank;
import org.lacuna.run.RunException;
import org.lacuna.sparsity.Site;

/**
 * Texts of one length that a model reads side by side, each under rules of its own where there are any. Keys and values of what was read are kept, so that
 * going on costs the new tokens alone. Two programs of one graph share them: one reads pieces of a text, the other single tokens.
 */
public final class Reading {
    /** So few tokens take less time one by one. */
    private static final int FEW = 4;

    private final Form form;
    private final Instance pieces;
    private final Instance single;
    private final long[] kept;
    /** Null where nobody watches. */
    private Watcher watcher;
    /** Tokens whose keys and values are kept. */
    private int past;

    /**
     * What is compiled.
     *
     * @param texts       how many
     * @param piece       tokens of a text that are read together
     * @param capacity    tokens that there is room for
     * @param panels      into how many parts the work on one step is cut
     * @param sites       at which vectors have a rule; empty for none
     * @param layers      in which they have it, rising; those of the model where there are no rules
     * @param channelRows rows of what vectors are multiplied by before rules look at them; 0 where rules look at vectors as they are
     * @param watched     whether the intermediate vectors can be {@linkplain #watch watched}, of one text
     */
    public record Form(ModelConfig config, LowRank adapters, int texts, int piece, int capacity, int panels, Set<Site> sites, List<Integer> layers, int channelRows,
            boolean watched) {
        /** In all layers. */
        public Form(ModelConfig config, LowRank adapters, int texts, int piece, int capacity, int panels, Set<Site> sites, int channelRows) {
            this(config, adapters, texts, piece, capacity, panels, sites, IntStream.range(0, config.layers()).boxed().toList(), channelRows, false);
        }

        /** Of one text, without rules. */
        public static Form plain(ModelConfig config, LowRank adapters, int piece, int capacity, int panels) {
            return new Form(config, adapters, 1, piece, capacity, panels, Set.of(), 0);
        }

        /** The same, to be {@linkplain Reading#watch watched}. */
        public Form toWatch() {
            return new Form(config, adapters, texts, piece, capacity, panels, sites, layers, channelRows, true);
        }

        /** Bytes that a reading holds beside the parameters; compiles what it will compute. */
        public long bytes(Device device) {
            return cacheBytes() + program(device, 1, true).arenaBytes() + program(device, piece, false).arenaBytes() + fed(1) + fed(piece);
        }

        private long cacheBytes() {
            return 2L * config.layers() * config.kvHeads() * config.headSize() * Float.BYTES * capacity * texts;
        }

        /** Ids and positions, where they begin, what is covered; and rules. */
        private long fed(int tokens) {
            long all = Integer.BYTES * (2L * texts * tokens + 1);
            if (!sites.isEmpty()) {
                all += (long) texts * tokens * Float.BYTES + (long) layers.size() * sites.size() * texts * (Integer.BYTES + Double.BYTES)
                        + sites.stream().mapToLong(config::width).sum() * layers.size() * channelRows * Float.BYTES;
            }
            return all;
        }

        Program program(Device device, int tokens, boolean logits) {
            Program.Builder builder = Program.of(DecoderGraph.decoding(config, adapters, sites, Set.copyOf(layers), channelRows > 0), device)
                    .placeholder(DecoderGraph.INPUT_IDS, texts, tokens)
                    .placeholder(DecoderGraph.POSITIONS, texts, tokens)
                    .placeholder(DecoderGraph.PAST, 1)
                    .panels(panels);
            for (Map.Entry<String, String> state : DecoderGraph.states(config).entrySet()) {
                builder.placeholder(state.getKey(), texts, capacity, (long) config.kvHeads() * config.headSize()).state(state.getKey(), state.getValue());
            }
            List<String> outputs = new ArrayList<>(logits ? List.of(DecoderGraph.LOGITS) : List.of());
            if (!sites.isEmpty()) {
                builder.placeholder(DecoderGraph.TOKEN_MASK, texts, tokens);
            }
            for (int layer = 0; watched && layer < config.layers(); layer++) {
                outputs.add(DecoderGraph.site(layer, Site.INTERMEDIATE));
            }
            for (int layer : layers) {
                for (Site site : sites) {
                    builder.placeholder(DecoderGraph.rule(layer, site), texts).placeholder(DecoderGraph.parameters(layer, site), texts, 1);
                    if (channelRows > 0) {
                        builder.placeholder(DecoderGraph.channels(layer, site), channelRows, config.width(site));
                    }
                    outputs.add(DecoderGraph.kept(layer, site));
                }
            }
            return builder.outputs(outputs.toArray(String[]::new)).build();
        }
    }

    /** Which tokens rules are applied to. */
    public interface Cover {
        /** All of them. */
        Cover EVERY = (text, position) -> true;

        /** Whether to the token of a text at a position. */
        boolean covers(int text, int position);
    }

    /** Is shown what flows through the model. */
    public interface Watcher {
        /**
         * Sees a token's intermediate vector.
         *
         * @param values of several
         * @param from   where the token's begins
         * @param n      its elements
         */
        void see(int layer, FloatBuffer values, int from, int n);
    }

    /** Makes the memory. */
    public Reading(Form form, Model model, Device device) {
        this.form = form;
        single = form.program(device, 1, true).instance(model.parameters().values(), null);
        pieces = form.program(device, form.piece, false).instance(model.parameters().values(), null, null, single.states());
        kept = new long[form.texts];
    }

    /**
     * Sets the rules.
     *
     * @param setting told to fill {@link DecoderGraph#rule}, {@link DecoderGraph#parameters} and {@link DecoderGraph#channels}
     */
    public void rules(Consumer<Instance> setting) {
        setting.accept(pieces);
        setting.accept(single);
    }

    /** Begins anew: nothing was read, nothing kept. */
    public void forget() {
        past = 0;
        Arrays.fill(kept, 0);
    }

    /** From now on, shows each token of a form that is {@linkplain Form#watched watched}; null to show no more. */
    public void watch(Watcher who) {
        if (who != null && !(form.watched && form.texts == 1)) {
            throw new IllegalArgumentException("a reading of " + form.texts + " texts that was not made to be watched");
        }
        watcher = who;
    }

    /**
     * Goes on from where another reading of the model stands: each text now has read what that one's first text has. Nothing of it counts as kept.
     *
     * @throws IllegalArgumentException if there is no room for it
     */
    public void begin(Reading other) {
        if (other.past > form.capacity) {
            throw new IllegalArgumentException(other.past + " tokens were read, and there is room for " + form.capacity);
        }
        forget();
        past = other.past;
        single.states().forEach((name, to) -> {
            Tensor from = other.single.tensor(name);
            int row = to.spec().size(2) * Float.BYTES;
            for (int text = 0; text < form.texts; text++) {
                to.bytes().put(text * form.capacity * row, from.bytes(), 0, past * row);
            }
        });
    }

    /** Of how many tokens of each text keys and values are kept. */
    public int past() {
        return past;
    }

    /**
     * Reads what of the texts was not read yet.
     *
     * @param texts   ids of each, of which the first {@code count}
     * @param count   more than were read, at most as many as there is room for
     * @param workers who share the panels, or null for the calling thread alone
     * @throws org.lacuna.graph.op.NonFiniteRowException if a vector that a rule sees is not finite
     */
    public void read(int[][] texts, int count, Cover cover, Workers workers) {
        while (count - 1 - past > FEW && past + form.piece <= form.capacity) {
            feed(pieces, texts, Math.min(form.piece, count - 1 - past), cover, workers);
        }
        while (past < count) {
            feed(single, texts, 1, cover, workers);
        }
    }

    /** Runs {@code count} tokens from {@link #past} on; what else the program has room for is written behind them and never read. */
    private void feed(Instance run, int[][] texts, int count, Cover cover, Workers workers) {
        IntBuffer ids = run.tensor(DecoderGraph.INPUT_IDS).ints();
        IntBuffer places = run.tensor(DecoderGraph.POSITIONS).ints();
        FloatBuffer mask = form.sites.isEmpty() ? null : run.tensor(DecoderGraph.TOKEN_MASK).floats();
        int tokens = ids.capacity() / form.texts;
        for (int text = 0; text < form.texts; text++) {
            for (int t = 0; t < tokens; t++) {
                boolean there = t < count;
                ids.put(text * tokens + t, there ? texts[text][past + t] : 0);
                places.put(text * tokens + t, there ? past + t : 0);
                if (mask != null) {
                    mask.put(text * tokens + t, there && cover.covers(text, past + t) ? 1 : 0);
                }
            }
        }
        run.tensor(DecoderGraph.PAST).set(past);
        run.run(workers, null);
        for (int layer : form.layers) {
            for (Site site : form.sites) {
                IntBuffer counts = run.tensor(DecoderGraph.kept(layer, site)).ints();
                int rows = counts.capacity() / form.texts;
                for (int i = 0; i < counts.capacity(); i++) {
                    kept[i / rows] += Math.max(0, counts.get(i)); // −1 where no rule was applied
                }
            }
        }
        for (int layer = 0; watcher != null && layer < form.config.layers(); layer++) {
            FloatBuffer values = run.tensor(DecoderGraph.site(layer, Site.INTERMEDIATE)).floats();
            int n = form.config().width(Site.INTERMEDIATE);
            for (int t = 0; t < count; t++) {
                watcher.see(layer, values, t * n, n);
            }
        }
        past += count;
    }

    /**
     * What the model says of the token after the last one that was read.
     *
     * @return logits, by token id
     * @throws RunException if one is not finite
     */
    public float[] logits(int text) {
        FloatBuffer all = single.tensor(DecoderGraph.LOGITS).floats();
        float[] logits = new float[all.capacity() / form.texts];
        all.get(text * logits.length, logits);
        for (float logit : logits) {
            if (!Float.isFinite(logit)) {
                throw new RunException("the model's numbers overflow: a logit is " + logit + " after " + past + " tokens");
            }
        }
        return logits;
    }

    /** Elements of a text, of all layers and sites and the covered tokens that were read, that are not 0 after the rule. */
    public long kept(int text) {
        return kept[text];
    }
}
