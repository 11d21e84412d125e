package org.lacuna.decode;

import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.IntPredicate;
import org.lacuna.graph.Device;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Program;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Model;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.graph.DecoderGraph;
import org.lacuna.model.graph.LowRank;
import org.lacuna.run.RunException;

/**
 * Goes on with a text, token by token. Keys and values of the tokens so far are kept, so that a token costs one pass of one row through
 * the model; a prompt goes through it in pieces of {@link #PIECE} tokens.
 *
 * <p>A text may grow beyond the model's positions: then the later half of what it read is read anew from position 0, and the rest is
 * forgotten.
 */
public final class Generator implements AutoCloseable {
    /** Tokens of a prompt that go through the model together. */
    static final int PIECE = 64;
    /** So few tokens take less time one by one. */
    private static final int FEW = 4;

    private final Model model;
    private final Device device;
    private final Workers workers;
    private final boolean ownWorkers;
    private final int positions;
    /** Tokens that the programs have room for; 0 before they are there. */
    private int capacity;
    private Instance pieces;
    private Instance single;
    /** Tokens whose keys and values are kept. */
    private int past;

    /**
     * Compiles nothing yet.
     *
     * @param workers threads
     */
    public Generator(Model model, Device device, int workers) {
        this(model, device, new Workers(workers), true);
    }

    /** The same with threads that somebody else has and closes. */
    public Generator(Model model, Device device, Workers workers) {
        this(model, device, workers, false);
    }

    private Generator(Model model, Device device, Workers workers, boolean ownWorkers) {
        this.model = model;
        this.device = device;
        this.workers = workers;
        this.ownWorkers = ownWorkers;
        positions = positions(model.config());
    }

    /** What keys and values of {@code tokens} tokens take in memory. */
    public static long cacheBytes(ModelConfig config, long tokens) {
        return 2L * config.layers() * config.kvHeads() * config.headSize() * Float.BYTES * room(tokens, config);
    }

    /**
     * What a generator holds beside the parameters, keys and values included; compiles what it will compute.
     *
     * @param workers threads
     * @param tokens of the prompt, and those to be added
     */
    public static long bytes(ModelConfig config, Device device, int workers, long tokens) {
        return bytes(config, LowRank.none(), device, workers, tokens);
    }

    /** The same of a model with adapters. */
    public static long bytes(ModelConfig config, LowRank adapters, Device device, int workers, long tokens) {
        int capacity = room(tokens, config);
        long arenas = program(config, adapters, device, workers, capacity, 1, true).arenaBytes()
                + program(config, adapters, device, workers, capacity, PIECE, false).arenaBytes();
        // Ids and positions of both, and where each begins.
        return cacheBytes(config, tokens) + arenas + Integer.BYTES * (2L * (1 + PIECE) + 2);
    }

    private static int room(long tokens, ModelConfig config) {
        int most = (int) Math.min(tokens, positions(config));
        return (most + PIECE - 1) / PIECE * PIECE;
    }

    /** Tokens that the model reads at most: its positions, or what a tensor of a layer's keys can hold. */
    private static int positions(ModelConfig config) {
        long width = (long) config.kvHeads() * config.headSize() * Float.BYTES;
        return (int) Math.max(1, Math.min(config.maxPositions(), Integer.MAX_VALUE / width - PIECE));
    }

    /**
     * Adds tokens to a text.
     *
     * @param prompt  token ids, at least one; of more than the model's positions, the end is read
     * @param most    tokens to add
     * @param stop    which ids end a text; the first of them is the last token added
     * @param random  what is drawn from
     * @param more    given each new token, the stopping one too; whether to go on
     */
    public void generate(int[] prompt, long most, IntPredicate stop, Sampling sampling, SplittableRandom random, IntPredicate more) {
        if (prompt.length == 0) {
            throw new IllegalArgumentException("a prompt has at least one token");
        }
        int count = Math.min(prompt.length, positions);
        int[] text = Arrays.copyOfRange(prompt, prompt.length - count, prompt.length);
        reserve(count + most);
        past = 0;
        for (long added = 0; added < most; added++) {
            int token = sampling.next(logits(text, count), random);
            if (!more.test(token) || stop.test(token)) {
                return;
            }
            if (count == positions) {
                count = (positions + 1) / 2;
                System.arraycopy(text, positions - count, text, 0, count);
                past = 0;
                if (count == positions) {
                    count = 0; // one position: nothing but the new token fits
                }
            }
            if (count == text.length) {
                text = Arrays.copyOf(text, (int) Math.min(2L * count + 1, positions));
            }
            text[count++] = token;
        }
    }

    /** For the token after {@code text[0..count)}. */
    private float[] logits(int[] text, int count) {
        while (count - 1 - past > FEW) {
            int n = Math.min(PIECE, count - 1 - past);
            feed(pieces, text, past, n);
            past += n;
        }
        while (past < count) {
            feed(single, text, past, 1);
            past++;
        }
        FloatBuffer logits = single.tensor(DecoderGraph.LOGITS).floats();
        float[] last = new float[logits.capacity()];
        logits.get(last);
        for (float logit : last) {
            if (!Float.isFinite(logit)) {
                throw new RunException("the model's numbers overflow: a logit is " + logit + " after " + count + " tokens");
            }
        }
        return last;
    }

    /** Runs {@code count} tokens from {@code from} on; what else the program has room for is written behind them and never read. */
    private void feed(Instance run, int[] text, int from, int count) {
        IntBuffer ids = run.tensor(DecoderGraph.INPUT_IDS).ints();
        IntBuffer places = run.tensor(DecoderGraph.POSITIONS).ints();
        for (int t = 0; t < ids.capacity(); t++) {
            ids.put(t, t < count ? text[from + t] : 0);
            places.put(t, t < count ? from + t : 0);
        }
        run.tensor(DecoderGraph.PAST).set(from);
        run.run(workers, null);
    }

    /**
     * Makes the memory for a text now, which is otherwise made when one is first asked for.
     *
     * @param tokens of the prompt, and those to be added
     */
    public void reserve(long tokens) {
        int wanted = room(tokens, model.config());
        if (wanted <= capacity) {
            return;
        }
        single = null; // so that the memory of the smaller ones can go
        pieces = null;
        capacity = wanted;
        single = program(1, true).instance(model.parameters().values(), null);
        pieces = program(PIECE, false).instance(model.parameters().values(), null, null, single.states());
    }

    private Program program(int tokens, boolean logits) {
        return program(model.config(), model.adapters(), device, workers.count(), capacity, tokens, logits);
    }

    private static Program program(ModelConfig config, LowRank adapters, Device device, int workers, int capacity, int tokens, boolean logits) {
        long width = (long) config.kvHeads() * config.headSize();
        Program.Builder builder = Program.of(DecoderGraph.decoding(config, adapters), device)
                .placeholder(DecoderGraph.INPUT_IDS, 1, tokens)
                .placeholder(DecoderGraph.POSITIONS, 1, tokens)
                .placeholder(DecoderGraph.PAST, 1)
                .panels(workers);
        for (Map.Entry<String, String> state : DecoderGraph.states(config).entrySet()) {
            builder.placeholder(state.getKey(), 1, capacity, width).state(state.getKey(), state.getValue());
        }
        if (logits) {
            builder.outputs(DecoderGraph.LOGITS);
        }
        return builder.build();
    }

    @Override
    public void close() {
        if (ownWorkers) {
            workers.close();
        }
    }
}
