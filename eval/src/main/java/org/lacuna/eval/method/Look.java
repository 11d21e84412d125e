package org.lacuna.eval.method;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.lacuna.data.Batch;
import org.lacuna.eval.robustness.LayerSet;
import org.lacuna.eval.robustness.Watch;
import org.lacuna.graph.Device;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Program;
import org.lacuna.model.Model;
import org.lacuna.model.graph.DecoderGraph;
import org.lacuna.model.graph.DecoderParameters;
import org.lacuna.run.InterruptedRunException;
import org.lacuna.run.RunException;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.rule.MagnitudeCounts;

/**
 * A model, and what flows through it without a rule. Text by text, so that nothing depends on the number of threads.
 *
 * @param name        what messages call the model
 * @param model       without experts where it is looked into its feed-forward blocks
 * @param texts       what is measured on
 * @param calibration other text, for thresholds
 * @param prompt      of the first how many tokens of each measured text neurons may be chosen
 * @param ruled       in which layers what comes of it is applied
 * @param watch       asked between texts, and told of them
 */
public record Look(String name, Model model, Device device, Batch texts, Batch calibration, int prompt, LayerSet ruled, Watch watch) {
    /** For all layers. */
    public Look(String name, Model model, Device device, Batch texts, Batch calibration, int prompt, Watch watch) {
        this(name, model, device, texts, calibration, prompt, LayerSet.ALL, watch);
    }

    /** Is shown the vectors of one text at one place. */
    public interface Visitor {
        /**
         * @param text   which
         * @param values [T, n]
         */
        void see(int text, int layer, Site site, FloatBuffer values, int n);
    }

    int layers() {
        return model.config().layers();
    }

    int width(Site site) {
        return model.config().width(site);
    }

    /** Shows every layer's vectors at the sites, text after text. */
    public void visit(Batch of, Set<Site> sites, Visitor visitor) {
        visit(of, of.rows(), 0, layers(), sites, visitor);
    }

    /** Shows the vectors of the layers {@code from} to before {@code to}, of the first texts; later layers are not computed. */
    void visit(Batch of, int texts, int from, int to, Set<Site> sites, Visitor visitor) {
        int length = of.length();
        Program.Builder builder = Program.of(DecoderGraph.logits(model.config(), model.adapters()), device)
                .placeholder(DecoderGraph.INPUT_IDS, 1, length).placeholder(DecoderGraph.POSITIONS, 1, length);
        Program program = builder.outputs(IntStream.range(from, to).boxed()
                .flatMap(layer -> sites.stream().map(site -> DecoderGraph.site(layer, site))).toArray(String[]::new)).build();
        Instance run = program.instance(model.parameters().values(), null);
        for (int t = 0; t < length; t++) {
            run.tensor(DecoderGraph.POSITIONS).ints().put(t, t);
        }
        watch.begin("a look at " + sites.stream().sorted().map(Site::key).collect(Collectors.joining(", ")), (long) texts * length);
        try {
            for (int text = 0; text < texts; text++) {
                askToStop();
                run.tensor(DecoderGraph.INPUT_IDS).ints().put(0, of.inputs(), text * length, length);
                run.run();
                for (int layer = from; layer < to; layer++) {
                    for (Site site : sites) {
                        visitor.see(text, layer, site, finite(run, text, layer, site, length), width(site));
                    }
                }
                watch.done(length);
            }
        } finally {
            watch.end();
        }
    }

    private FloatBuffer finite(Instance run, int text, int layer, Site site, int length) {
        FloatBuffer values = run.tensor(DecoderGraph.site(layer, site)).floats();
        for (int i = 0; i < length * width(site); i++) {
            if (!Float.isFinite(values.get(i))) {
                throw new RunException(name + ": the model's numbers overflow: " + run.firstNonFinite().orElse(DecoderGraph.site(layer, site))
                        + " is not finite at token " + i / width(site) + " of window " + text);
            }
        }
        return values;
    }

    /**
     * Asked between texts.
     *
     * @throws InterruptedRunException if the watch says so
     */
    void askToStop() {
        if (watch.getAsBoolean()) {
            throw new InterruptedRunException("stopped while looking at what flows through " + name);
        }
    }

    /**
     * Thresholds that keep a share of what flows through the model where it is calibrated.
     *
     * @param kept     shares
     * @param channels what vectors are multiplied by before, [layer][n] by site; empty for nothing
     * @return by site, [layer][share]
     */
    Map<Site, double[][]> thresholds(Set<Site> sites, List<Double> kept, Map<Site, float[][]> channels) {
        Map<Site, double[][]> thresholds = new EnumMap<>(Site.class);
        counts(sites, channels).forEach((site, layers) -> {
            double[][] of = new double[layers.length][kept.size()];
            for (int layer = 0; layer < layers.length; layer++) {
                for (int p = 0; p < kept.size(); p++) {
                    of[layer][p] = layers[layer].threshold(Math.max(0, 1 - kept.get(p)));
                }
            }
            thresholds.put(site, of);
        });
        return thresholds;
    }

    /**
     * How often magnitudes occur where the model is calibrated.
     *
     * @param channels what vectors are multiplied by before, [layer][n] by site; empty for nothing
     * @return by site, of each layer
     */
    Map<Site, MagnitudeCounts[]> counts(Set<Site> sites, Map<Site, float[][]> channels) {
        Map<Site, MagnitudeCounts[]> counts = new EnumMap<>(Site.class);
        sites.forEach(site -> {
            MagnitudeCounts[] layers = new MagnitudeCounts[layers()];
            Arrays.setAll(layers, layer -> new MagnitudeCounts());
            counts.put(site, layers);
        });
        visit(calibration, sites, (text, layer, site, values, n) -> {
            float[] weights = channels.isEmpty() ? null : channels.get(site)[layer];
            MagnitudeCounts here = counts.get(site)[layer];
            for (int i = 0; i < calibration.length() * n; i++) {
                here.add(weights == null ? values.get(i) : values.get(i) * weights[i % n]);
            }
        });
        return counts;
    }

    /**
     * How much of what a vector's element is multiplied by there is: the L2 norm of its column of the matrix that reads the vector; of up and gate
     * projection together for the block's input, of those of queries, keys and values together for attention's.
     *
     * @return by site, [layer][n]
     * @throws IllegalArgumentException for a site that no matrix reads
     */
    Map<Site, float[][]> columnNorms(Set<Site> sites) {
        Map<Site, float[][]> norms = new EnumMap<>(Site.class);
        for (Site site : sites) {
            float[][] of = new float[layers()][];
            for (int layer = 0; layer < of.length; layer++) {
                double[] squares = new double[width(site)];
                for (String module : readers(site)) {
                    addSquares(layer, module, squares);
                }
                of[layer] = roots(squares);
            }
            norms.put(site, of);
        }
        return norms;
    }

    private List<String> readers(Site site) {
        return switch (site) {
            case INPUT -> model.config().feedForward().gated() ? List.of("mlp.up_proj", "mlp.gate_proj") : List.of("mlp.up_proj");
            case INTERMEDIATE -> List.of("mlp.down_proj");
            case ATTENTION_INPUT -> List.of("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj");
            case ATTENTION_OUTPUT -> List.of("self_attn.o_proj");
            case UP, GATE -> throw new IllegalArgumentException("no matrix reads " + site.key());
        };
    }

    private void addSquares(int layer, String module, double[] squares) {
        FloatBuffer weights = model.parameters().tensor(DecoderParameters.weight(DecoderParameters.module(layer, module))).floats();
        for (int i = 0; i < weights.capacity(); i++) {
            squares[i % squares.length] += (double) weights.get(i) * weights.get(i);
        }
    }

    static float[] roots(double[] squares) {
        float[] roots = new float[squares.length];
        for (int j = 0; j < roots.length; j++) {
            roots[j] = (float) Math.sqrt(squares[j]);
        }
        return roots;
    }
}
