package org.lacuna.decode;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.IntPredicate;
import org.lacuna.graph.Device;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Model;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.graph.LowRank;

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

    private final Model model;
    private final Device device;
    private final Workers workers;
    private final boolean ownWorkers;
    private final int positions;
    /** Tokens that the programs have room for; 0 before they are there. */
    private int capacity;
    private Reading reading;

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
        return Reading.Form.plain(config, adapters, PIECE, room(tokens, config), workers).bytes(device);
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
        reading.forget();
        for (long added = 0; added < most; added++) {
            reading.read(new int[][] {text}, count, Reading.Cover.EVERY, workers);
            int token = sampling.next(reading.logits(0), random);
            if (!more.test(token) || stop.test(token)) {
                return;
            }
            if (count == positions) {
                count = (positions + 1) / 2;
                System.arraycopy(text, positions - count, text, 0, count);
                reading.forget();
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
        reading = null; // so that the memory of the smaller one can go
        capacity = wanted;
        reading = new Reading(Reading.Form.plain(model.config(), model.adapters(), PIECE, capacity, workers.count()), model, device);
    }

    @Override
    public void close() {
        if (ownWorkers) {
            workers.close();
        }
    }
}
