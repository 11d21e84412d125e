package org.lacuna.eval.robustness;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.lacuna.graph.ParameterStore;
import org.lacuna.model.Model;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.sparsity.Site;

/** A Llama in plain loops and doubles, token by token, with rules by sorting: nothing of the engine but its weights. */
final class PlainLlama {
    private final ModelConfig c;
    private final ParameterStore store;
    private final Map<String, double[]> doubles = new HashMap<>();
    private final Set<Site> sites;
    private final Mask mask;
    /** Non-zeros after the rule, in all layers. */
    long kept;

    /** Which elements of a token's vector stay. */
    interface Mask {
        boolean[] of(int layer, Site site, int t, double[] v);

        static Mask byRule(String rule, double p) {
            return (layer, site, t, v) -> {
                List<Integer> falling = IntStream.range(0, v.length).boxed().sorted(Comparator.comparingDouble(j -> -Math.abs(v[j]))).toList();
                double total = Arrays.stream(v).map(Math::abs).sum();
                boolean[] keeps = new boolean[v.length];
                double before = 0;
                for (int k = 0; k < v.length; k++) {
                    int j = falling.get(k);
                    keeps[j] = switch (rule) {
                        case "top_p" -> p >= 1 || before < p * total;
                        case "top_k" -> k < (int) (v.length * p + 1e-9);
                        case "max_p" -> Math.abs(v[j]) >= p * Math.abs(v[falling.get(0)]);
                        default -> throw new IllegalArgumentException(rule);
                    };
                    before += Math.abs(v[j]);
                }
                return keeps;
            };
        }
    }

    PlainLlama(Model model, Set<Site> sites, double p) {
        this(model, sites, Mask.byRule("top_p", p));
    }

    PlainLlama(Model model, Set<Site> sites, Mask mask) {
        c = model.config();
        store = model.parameters();
        this.sites = sites;
        this.mask = mask;
    }

    /** −ln p(target), summed. */
    double loss(int[] inputs, int[] targets) {
        List<double[]> h = hidden(inputs);
        double sum = 0;
        for (int t = 0; t < inputs.length; t++) {
            double[] logits = logits(h.get(t));
            double largest = Arrays.stream(logits).max().orElseThrow();
            sum += largest + Math.log(Arrays.stream(logits).map(z -> Math.exp(z - largest)).sum()) - logits[targets[t]];
        }
        return sum;
    }

    /** The token that is the likeliest after a text. */
    int next(int[] inputs) {
        double[] logits = logits(hidden(inputs).get(inputs.length - 1));
        return IntStream.range(0, logits.length).reduce(0, (a, b) -> logits[b] > logits[a] ? b : a);
    }

    private double[] logits(double[] h) {
        return times("model.embed_tokens.weight", norm(h, "model.norm.weight"));
    }

    private List<double[]> hidden(int[] inputs) {
        List<double[]> h = new ArrayList<>();
        for (int id : inputs) {
            h.add(row("model.embed_tokens.weight", id, c.hidden()));
        }
        for (int layer = 0; layer < c.layers(); layer++) {
            String at = "model.layers." + layer + ".";
            attention(layer, at, h);
            for (int t = 0; t < h.size(); t++) {
                add(h.get(t), feedForward(layer, t, norm(h.get(t), at + "post_attention_layernorm.weight")));
            }
        }
        return h;
    }

    private void attention(int layer, String at, List<double[]> h) {
        List<double[]> q = new ArrayList<>();
        List<double[]> k = new ArrayList<>();
        List<double[]> v = new ArrayList<>();
        for (int t = 0; t < h.size(); t++) {
            double[] x = rule(layer, Site.ATTENTION_INPUT, t, norm(h.get(t), at + "input_layernorm.weight"));
            q.add(turn(times(at + "self_attn.q_proj.weight", x), t));
            k.add(turn(times(at + "self_attn.k_proj.weight", x), t));
            v.add(times(at + "self_attn.v_proj.weight", x));
        }
        int size = c.headSize();
        for (int t = 0; t < h.size(); t++) {
            double[] y = new double[c.heads() * size];
            for (int head = 0; head < c.heads(); head++) {
                int kv = head / (c.heads() / c.kvHeads()) * size;
                double[] weight = new double[t + 1];
                for (int s = 0; s <= t; s++) {
                    for (int i = 0; i < size; i++) {
                        weight[s] += q.get(t)[head * size + i] * k.get(s)[kv + i] / Math.sqrt(size);
                    }
                    weight[s] = Math.exp(weight[s]);
                }
                double total = Arrays.stream(weight).sum();
                for (int s = 0; s <= t; s++) {
                    for (int i = 0; i < size; i++) {
                        y[head * size + i] += weight[s] / total * v.get(s)[kv + i];
                    }
                }
            }
            add(h.get(t), times(at + "self_attn.o_proj.weight", rule(layer, Site.ATTENTION_OUTPUT, t, y)));
        }
    }

    private double[] feedForward(int layer, int t, double[] norm) {
        String at = "model.layers." + layer + ".mlp.";
        double[] x = rule(layer, Site.INPUT, t, norm);
        double[] up = times(at + "up_proj.weight", x);
        double[] i;
        if (c.feedForward().gated()) {
            double[] u = rule(layer, Site.UP, t, up);
            double[] g = rule(layer, Site.GATE, t, Arrays.stream(times(at + "gate_proj.weight", x)).map(this::activation).toArray());
            i = IntStream.range(0, u.length).mapToDouble(j -> g[j] * u[j]).toArray();
        } else {
            i = Arrays.stream(up).map(this::activation).toArray();
        }
        return times(at + "down_proj.weight", rule(layer, Site.INTERMEDIATE, t, i));
    }

    private double activation(double z) {
        return switch (c.feedForward().activation()) {
            case "silu" -> z / (1 + Math.exp(-z));
            case "relu" -> Math.max(z, 0);
            default -> throw new IllegalArgumentException(c.feedForward().activation());
        };
    }

    private double[] rule(int layer, Site site, int t, double[] v) {
        if (!sites.contains(site)) {
            return v;
        }
        boolean[] keeps = mask.of(layer, site, t, v);
        double[] masked = new double[v.length];
        for (int j = 0; j < v.length; j++) {
            if (v[j] != 0 && keeps[j]) {
                masked[j] = v[j];
                kept++;
            }
        }
        return masked;
    }

    private double[] turn(double[] x, int position) {
        double[] y = x.clone();
        int half = c.headSize() / 2;
        double[] frequencies = c.rotary(0).orElseThrow().frequencies(c.headSize());
        for (int head = 0; head < x.length / c.headSize(); head++) {
            for (int i = 0; i < half; i++) {
                int a = head * c.headSize() + i;
                double cos = Math.cos(position * frequencies[i]);
                double sin = Math.sin(position * frequencies[i]);
                y[a] = x[a] * cos - x[a + half] * sin;
                y[a + half] = x[a + half] * cos + x[a] * sin;
            }
        }
        return y;
    }

    private double[] norm(double[] x, String weight) {
        double[] w = weights(weight);
        double squares = 0;
        for (double v : x) {
            squares += v * v;
        }
        double scale = 1 / Math.sqrt(squares / x.length + c.norm().epsilon());
        return IntStream.range(0, x.length).mapToDouble(i -> x[i] * scale * w[i]).toArray();
    }

    private double[] times(String matrix, double[] x) {
        double[] w = weights(matrix);
        double[] y = new double[w.length / x.length];
        for (int r = 0; r < y.length; r++) {
            for (int i = 0; i < x.length; i++) {
                y[r] += w[r * x.length + i] * x[i];
            }
        }
        return y;
    }

    private double[] row(String matrix, int row, int width) {
        return Arrays.copyOfRange(weights(matrix), row * width, (row + 1) * width);
    }

    private double[] weights(String name) {
        return doubles.computeIfAbsent(name, n -> {
            float[] values = store.tensor(n).toFloats();
            return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
        });
    }

    private static void add(double[] to, double[] x) {
        Arrays.setAll(to, i -> to[i] + x[i]);
    }
}
