package org.lacuna.model.graph;

import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.model.safetensors.SafetensorsFile;
import org.lacuna.sparsity.Site;

/**
 * Llama, GPT-2 and GPT-NeoX in plain loops and doubles, token by token, from the tensors of their files as these lay them out, with top-p by sorting at
 * attention's sites: nothing of the engine, the builder or the families.
 */
final class PlainDecoder {
    private final SafetensorsFile file;
    private final ModelConfig c;
    private final Site site;
    private final double p;
    private final Map<String, double[]> doubles = new HashMap<>();
    /** Non-zeros after the rule: [layers][tokens]. */
    final int[][] kept;

    /** @param site one of attention's, in all layers; null for no rule */
    PlainDecoder(SafetensorsFile file, ModelConfig config, Site site, double p, int tokens) {
        this.file = file;
        this.site = site;
        this.p = p;
        c = config;
        kept = new int[config.layers()][tokens];
    }

    /** [tokens][V]. */
    double[][] logits(int[] ids) {
        double[][] h = new double[ids.length][];
        for (int t = 0; t < ids.length; t++) {
            h[t] = switch (c.family()) {
                case "llama" -> row("model.embed_tokens.weight", ids[t]);
                case "gpt_neox" -> row("gpt_neox.embed_in.weight", ids[t]);
                default -> plus(row("transformer.wte.weight", ids[t]), row("transformer.wpe.weight", t));
            };
        }
        for (int layer = 0; layer < c.layers(); layer++) {
            h = layer(layer, h);
        }
        double[][] logits = new double[ids.length][];
        for (int t = 0; t < ids.length; t++) {
            logits[t] = switch (c.family()) {
                case "llama" -> times("lm_head.weight", norm("model.norm", h[t]));
                case "gpt_neox" -> times("embed_out.weight", norm("gpt_neox.final_layer_norm", h[t]));
                default -> times("transformer.wte.weight", norm("transformer.ln_f", h[t]));
            };
        }
        return logits;
    }

    private double[][] layer(int layer, double[][] h) {
        return switch (c.family()) {
            case "llama" -> {
                String at = "model.layers." + layer + ".";
                double[][] a = sum(h, attention(layer, each(h, x -> norm(at + "input_layernorm", x)), at));
                yield sum(a, each(a, x -> gated(at + "mlp.", norm(at + "post_attention_layernorm", x))));
            }
            case "gpt_neox" -> {
                // Both branches read the layer's input, each through a norm of its own.
                String at = "gpt_neox.layers." + layer + ".";
                double[][] a = attention(layer, each(h, x -> norm(at + "input_layernorm", x)), at);
                double[][] f = each(h, x -> linear(at + "mlp.dense_4h_to_h", gelu(linear(at + "mlp.dense_h_to_4h", norm(at + "post_attention_layernorm", x)))));
                yield sum(sum(h, a), f);
            }
            default -> {
                String at = "transformer.h." + layer + ".";
                double[][] a = sum(h, attention(layer, each(h, x -> norm(at + "ln_1", x)), at));
                yield sum(a, each(a, x -> conv1d(at + "mlp.c_proj", geluTanh(conv1d(at + "mlp.c_fc", norm(at + "ln_2", x))))));
            }
        };
    }

    /** As many heads of keys as of queries in all three. */
    private double[][] attention(int layer, double[][] normed, String at) {
        int size = c.headSize();
        int tokens = normed.length;
        double[][] x = rule(layer, Site.ATTENTION_INPUT, normed);
        double[][][] qkv = new double[3][tokens][];
        for (int t = 0; t < tokens; t++) {
            for (int i = 0; i < 3; i++) {
                double[] v = projected(at, i, x[t]);
                qkv[i][t] = i < 2 && c.position() instanceof RotaryPosition rotary ? turned(v, t, rotary) : v;
            }
        }
        double[][] y = new double[tokens][c.heads() * size];
        for (int t = 0; t < tokens; t++) {
            for (int head = 0; head < c.heads(); head++) {
                double[] weights = new double[t + 1];
                for (int s = 0; s <= t; s++) {
                    for (int i = head * size; i < (head + 1) * size; i++) {
                        weights[s] += qkv[0][t][i] * qkv[1][s][i] / Math.sqrt(size);
                    }
                    weights[s] = Math.exp(weights[s]);
                }
                double total = Arrays.stream(weights).sum();
                for (int s = 0; s <= t; s++) {
                    for (int i = head * size; i < (head + 1) * size; i++) {
                        y[t][i] += weights[s] / total * qkv[2][s][i];
                    }
                }
            }
        }
        return each(rule(layer, Site.ATTENTION_OUTPUT, y), v -> switch (c.family()) {
            case "llama" -> times(at + "self_attn.o_proj.weight", v);
            case "gpt_neox" -> linear(at + "attention.dense", v);
            default -> conv1d(at + "attn.c_proj", v);
        });
    }

    /** Queries, keys or values, 0 to 2, from the tensors that hold them: one each, one after the other in one, or head by head in one. */
    private double[] projected(String at, int which, double[] x) {
        int n = c.heads() * c.headSize();
        return switch (c.family()) {
            case "llama" -> times(at + "self_attn." + "qkv".charAt(which) + "_proj.weight", x);
            case "gpt_neox" -> {
                double[] all = linear(at + "attention.query_key_value", x);
                double[] own = new double[n];
                for (int j = 0; j < n; j++) {
                    own[j] = all[j / c.headSize() * 3 * c.headSize() + which * c.headSize() + j % c.headSize()];
                }
                yield own;
            }
            default -> Arrays.copyOfRange(conv1d(at + "attn.c_attn", x), which * n, (which + 1) * n);
        };
    }

    private double[][] rule(int layer, Site where, double[][] vectors) {
        if (where != site) {
            return vectors;
        }
        double[][] masked = new double[vectors.length][];
        for (int t = 0; t < vectors.length; t++) {
            double[] v = vectors[t];
            masked[t] = new double[v.length];
            double total = Arrays.stream(v).map(Math::abs).sum();
            double before = 0;
            List<Integer> falling = IntStream.range(0, v.length).boxed().sorted(Comparator.comparingDouble(j -> -Math.abs(v[j]))).toList();
            for (int j : falling) {
                if (v[j] != 0 && (p >= 1 || before < p * total)) {
                    masked[t][j] = v[j];
                    kept[layer][t]++;
                }
                before += Math.abs(v[j]);
            }
        }
        return masked;
    }

    private double[] turned(double[] x, int position, RotaryPosition rotary) {
        double[] y = x.clone();
        int half = (int) (c.headSize() * rotary.fraction()) / 2;
        for (int head = 0; head < c.heads(); head++) {
            for (int i = 0; i < half; i++) {
                double angle = position * Math.pow(rotary.theta(), -i / (double) half);
                int a = head * c.headSize() + i;
                y[a] = x[a] * Math.cos(angle) - x[a + half] * Math.sin(angle);
                y[a + half] = x[a + half] * Math.cos(angle) + x[a] * Math.sin(angle);
            }
        }
        return y;
    }

    private double[] gated(String at, double[] x) {
        double[] z = times(at + "gate_proj.weight", x);
        double[] u = times(at + "up_proj.weight", x);
        return times(at + "down_proj.weight", IntStream.range(0, z.length).mapToDouble(j -> z[j] / (1 + Math.exp(-z[j])) * u[j]).toArray());
    }

    private static double[] geluTanh(double[] z) {
        return Arrays.stream(z).map(x -> x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)))).toArray();
    }

    private static double[] gelu(double[] z) {
        return Arrays.stream(z).map(x -> x / 2 * (1 + erf(x / Math.sqrt(2)))).toArray();
    }

    /** 2 / √π · exp(−x²) · Σ 2ⁿ x²ⁿ⁺¹ / (1 · 3 · … · (2n + 1)), whose terms have one sign. */
    private static double erf(double x) {
        double term = x;
        double sum = x;
        for (int n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }
        return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
    }

    /** RMS norm in Llama, of mean and variance with a bias in the others. */
    private double[] norm(String name, double[] x) {
        double[] w = tensor(name + ".weight");
        boolean rms = c.family().equals("llama");
        double mean = rms ? 0 : Arrays.stream(x).average().orElseThrow();
        double variance = Arrays.stream(x).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
        double[] y = new double[x.length];
        Arrays.setAll(y, i -> (x[i] - mean) / Math.sqrt(variance + c.norm().epsilon()) * w[i]);
        return rms ? y : plus(y, tensor(name + ".bias"));
    }

    private double[] linear(String name, double[] x) {
        return plus(times(name + ".weight", x), tensor(name + ".bias"));
    }

    /** A weight [in, out], as GPT-2's files have it. */
    private double[] conv1d(String name, double[] x) {
        double[] w = tensor(name + ".weight");
        double[] y = tensor(name + ".bias").clone();
        for (int i = 0; i < x.length; i++) {
            for (int j = 0; j < y.length; j++) {
                y[j] += x[i] * w[i * y.length + j];
            }
        }
        return y;
    }

    /** A weight [out, in]. */
    private double[] times(String name, double[] x) {
        double[] w = tensor(name);
        double[] y = new double[w.length / x.length];
        for (int j = 0; j < y.length; j++) {
            for (int i = 0; i < x.length; i++) {
                y[j] += w[j * x.length + i] * x[i];
            }
        }
        return y;
    }

    private double[] row(String name, int row) {
        return Arrays.copyOfRange(tensor(name), row * c.hidden(), (row + 1) * c.hidden());
    }

    private double[] tensor(String name) {
        return doubles.computeIfAbsent(name, n -> {
            float[] values = file.floats(n);
            return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
        });
    }

    private static double[][] each(double[][] vectors, UnaryOperator<double[]> function) {
        return Arrays.stream(vectors).map(function).toArray(double[][]::new);
    }

    private static double[][] sum(double[][] a, double[][] b) {
        return IntStream.range(0, a.length).mapToObj(t -> plus(a[t], b[t])).toArray(double[][]::new);
    }

    private static double[] plus(double[] a, double[] b) {
        return IntStream.range(0, a.length).mapToDouble(i -> a[i] + b[i]).toArray();
    }
}
