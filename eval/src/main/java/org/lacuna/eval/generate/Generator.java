package org.lacuna.eval.generate;

import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.lacuna.graph.Device;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Program;
import org.lacuna.model.Model;
import org.lacuna.model.graph.LlamaGraph;

/**
 * Goes on with a text, token by token. The model reads its whole window anew for each token: attention is causal, so what stands behind the
 * text in the window does not matter. Where the text outgrows the window, its oldest tokens are dropped.
 */
public final class Generator {
    private final int vocabulary;
    private final int window;
    private final Instance run;

    /**
     * Compiles.
     *
     * @param window tokens that the model reads at once, at least 1
     */
    public Generator(Model model, Device device, int window) {
        vocabulary = model.config().vocabulary();
        this.window = window;
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

    /**
     * The prompt and what follows it.
     *
     * @param prompt  token ids, at least one
     * @param most    tokens to add
     * @param stop    the id after which nothing is added
     * @param random  what is drawn from
     * @return prompt and new tokens, the stopping one too
     */
    public int[] generate(int[] prompt, int most, int stop, Sampling sampling, SplittableRandom random) {
        if (prompt.length == 0) {
            throw new IllegalArgumentException("a prompt has at least one token");
        }
        int[] text = Arrays.copyOf(prompt, Math.addExact(prompt.length, most));
        int length = prompt.length;
        while (length < text.length && (length == prompt.length || text[length - 1] != stop)) {
            text[length] = sampling.next(logits(text, length), random);
            length++;
        }
        return Arrays.copyOf(text, length);
    }

    /** For the token after {@code text[0..length)}. */
    private float[] logits(int[] text, int length) {
        int count = Math.min(length, window);
        run.tensor(LlamaGraph.INPUT_IDS).ints().put(0, text, length - count, count);
        run.run();
        FloatBuffer all = run.tensor(LlamaGraph.LOGITS).floats();
        float[] last = new float[vocabulary];
        all.get((count - 1) * vocabulary, last);
        return last;
    }
}
