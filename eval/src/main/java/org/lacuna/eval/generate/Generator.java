package org.lacuna.eval.generate;

import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.IntPredicate;
import org.lacuna.graph.Device;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Program;
import org.lacuna.model.Model;
import org.lacuna.model.graph.LlamaGraph;

/**
 * Goes on with a text, token by token. The model reads its whole window anew for each token: attention is causal, so what stands behind the
 * text in the window does not matter. The window grows with the text up to the model's positions; then the text's oldest tokens are dropped,
 * so a text of any length takes no more memory.
 */
public final class Generator {
    private static final int FIRST_WINDOW = 64;

    private final Model model;
    private final Device device;
    private final int vocabulary;
    private int window;
    private Instance run;

    /** Compiles nothing yet. */
    public Generator(Model model, Device device) {
        this.model = model;
        this.device = device;
        vocabulary = model.config().vocabulary();
    }

    /**
     * Adds tokens to a text.
     *
     * @param prompt  token ids, at least one
     * @param most    tokens to add
     * @param stop    the id after which nothing is added; a negative one never comes
     * @param random  what is drawn from
     * @param more    given each new token, the stopping one too; whether to go on
     */
    public void generate(int[] prompt, long most, int stop, Sampling sampling, SplittableRandom random, IntPredicate more) {
        if (prompt.length == 0) {
            throw new IllegalArgumentException("a prompt has at least one token");
        }
        int positions = model.config().maxPositions();
        int count = Math.min(prompt.length, positions);
        int[] text = Arrays.copyOfRange(prompt, prompt.length - count, prompt.length);
        for (long added = 0; added < most; added++) {
            int token = sampling.next(logits(text, count), random);
            if (!more.test(token) || token == stop) {
                return;
            }
            if (count == positions) {
                System.arraycopy(text, 1, text, 0, --count);
            }
            if (count == text.length) {
                text = Arrays.copyOf(text, (int) Math.min(2L * count, positions));
            }
            text[count++] = token;
        }
    }

    /** For the token after {@code text[0..count)}. */
    private float[] logits(int[] text, int count) {
        if (count > window) {
            compile((int) Math.min(Math.max(FIRST_WINDOW, 2L * Integer.highestOneBit(count)), model.config().maxPositions()));
        }
        run.tensor(LlamaGraph.INPUT_IDS).ints().put(0, text, 0, count);
        run.run();
        FloatBuffer all = run.tensor(LlamaGraph.LOGITS).floats();
        float[] last = new float[vocabulary];
        all.get((count - 1) * vocabulary, last);
        return last;
    }

    private void compile(int length) {
        window = length;
        run = Program.of(LlamaGraph.logits(model.config()), device)
                .placeholder(LlamaGraph.INPUT_IDS, 1, window)
                .placeholder(LlamaGraph.POSITIONS, 1, window)
                .outputs(LlamaGraph.LOGITS)
                .build()
                .instance(model.parameters().values(), null);
        IntBuffer positions = run.tensor(LlamaGraph.POSITIONS).ints();
        for (int t = 0; t < window; t++) {
            positions.put(t, t);
        }
    }
}
