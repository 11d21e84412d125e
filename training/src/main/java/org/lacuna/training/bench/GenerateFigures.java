package org.lacuna.training.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.Locale;
import org.lacuna.graph.TensorSpec;
import org.lacuna.model.config.Experts;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.graph.DecoderParameters;
import org.lacuna.run.folder.Json;

/**
 * What {@code bench generate} found.
 *
 * @param shape what was measured
 * @param prompt tokens of the prompt
 * @param tokens added to it
 * @param warmUp generations before the measured ones
 * @param runs measured ones
 * @param first seconds from the prompt to its first token
 * @param each seconds of a further token
 * @param gemvBytesPerSecond weights read by this machine's product of a row and a matrix
 */
record GenerateFigures(Shape shape, int prompt, int tokens, int warmUp, int runs, Sample first, Sample each, double gemvBytesPerSecond) implements Figures {
    private static final double GIGA = 1e9;
    private static final int MILLI = 1000;

    /** Bytes of the weights that a token's pass reads: all but the rows of the tables that it looks up one of, and the experts not chosen. */
    long weightBytes() {
        ModelConfig c = shape.config();
        long elements = 0;
        for (TensorSpec spec : DecoderParameters.of(c)) {
            boolean lookedUp = spec.name().equals(DecoderParameters.POSITIONS) || spec.name().equals(DecoderParameters.EMBEDDING) && !c.tied();
            boolean ofExperts = spec.name().contains(".mlp.experts.");
            Experts experts = c.feedForward().experts().orElse(null);
            elements += lookedUp ? 0 : ofExperts ? spec.length() / experts.count() * experts.perToken() : spec.length();
        }
        return elements * Float.BYTES;
    }

    private double bytesPerSecond() {
        return weightBytes() / each.median();
    }

    @Override
    public void print(PrintWriter out) {
        out.printf("%s; fp32, %d workers%n", shape.model(), shape.workers());
        out.printf("%d generations after %d of warm-up: a prompt of %,d tokens, %,d tokens after it, keys and values kept%n", runs, warmUp, prompt, tokens);
        out.printf(Locale.ROOT, "%-16s %12s %12s %10s %10s %10s%n", "", "tokens/s", "ms: median", "best", "5 %", "95 %");
        row(out, "prompt", first, prompt);
        row(out, "each token", each, 1);
        out.printf(Locale.ROOT, "weights   %.3f GB a token, read at %.1f GB/s%n", weightBytes() / GIGA, bytesPerSecond() / GIGA);
        out.printf(Locale.ROOT, "peak      %.1f GB/s by this machine's product of a row and a matrix of 512 MiB, of which %.1f %% is reached%n", gemvBytesPerSecond / GIGA,
                100 * bytesPerSecond() / gemvBytesPerSecond);
        out.flush();
    }

    private static void row(PrintWriter out, String name, Sample s, int tokens) {
        out.printf(Locale.ROOT, "%-16s %,12.1f %12.2f %10.2f %10.2f %10.2f%n", name, tokens / s.median(), s.median() * MILLI, s.best() * MILLI,
                s.quantile(0.05) * MILLI, s.quantile(0.95) * MILLI);
    }

    @Override
    public ObjectNode toJson() {
        ObjectNode json = Json.object();
        json.set("setup", shape.toJson().put("promptTokens", prompt).put("newTokens", tokens).put("warmUp", warmUp).put("runs", runs));
        json.put("promptTokensPerSecond", prompt / first.median()).put("tokensPerSecond", 1 / each.median());
        json.set("promptSeconds", first.toJson());
        json.set("tokenSeconds", each.toJson());
        return json.put("weightBytesPerToken", weightBytes()).put("weightBytesPerSecond", bytesPerSecond()).put("gemvBytesPerSecond", gemvBytesPerSecond);
    }
}
