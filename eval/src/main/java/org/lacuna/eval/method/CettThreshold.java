package org.lacuna.eval.method;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.lacuna.data.Batch;
import org.lacuna.eval.robustness.Treatment;
import org.lacuna.sparsity.Site;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.graph.DecoderParameters;
import org.lacuna.sparsity.measure.CettCurve;
import org.lacuna.sparsity.rule.Rules;

/**
 * A threshold of each layer on what an element contributes, |i_j| · ‖W_d[:, j]‖₂, as high as an error of the block's output allows on a calibration text: p is the
 * bound on CETT, the mean over tokens of ‖Σ i_j · W_d[:, j]‖₂ over the elements j that are left out, divided by ‖FFN(x)‖₂, the same bound in all layers (Sparsing
 * Law, arXiv 2411.02335). What goes into a layer is what the model without a rule has there.
 *
 * <p>Critical sparsity by this rule, at a perplexity of 1 + x/100 times the dense one, is what that paper calls PPL-x % sparsity; it searches for the bound by
 * halving, here it is interpolated between the grid's.
 */
final class CettThreshold implements Method {
    /** Scores of one layer that are held at a time, 12 bytes each. */
    private static final int MOST_SCORES = 1 << 23;

    @Override
    public String name() {
        return "cett";
    }

    @Override
    public List<Double> grid() {
        return List.of(0.0, 0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0);
    }

    /** Any error is a bound. */
    @Override
    public void check(double p) {
    }

    /** On other text than it is calibrated on nothing is sure. */
    @Override
    public boolean keepsAll(double p) {
        return false;
    }

    @Override
    public Set<Site> sites(ModelConfig config) {
        return Set.of(Site.INTERMEDIATE);
    }

    @Override
    public int channelRows(int texts) {
        return 1;
    }

    @Override
    public boolean calibrates() {
        return true;
    }

    @Override
    public List<Treatment> treatments(List<Double> grid, Set<Site> sites, Look look) {
        float[][] norms = new float[look.layers()][];
        double[][] thresholds = new double[look.layers()][grid.size()];
        for (int layer : look.ruled().of(look.layers())) {
            CettCurve curve = curve(look, layer);
            norms[layer] = curve.norms();
            for (int p = 0; p < grid.size(); p++) {
                thresholds[layer][p] = curve.within(grid.get(p)).threshold();
            }
        }
        return List.of(new PerLayer(Rules.byName("threshold"), grid.size(), Map.of(Site.INTERMEDIATE, thresholds), Map.of(Site.INTERMEDIATE, norms)));
    }

    /** One layer at a time, of as many texts as can be held. */
    private static CettCurve curve(Look look, int layer) {
        ModelConfig config = look.model().config();
        Batch text = look.calibration();
        int f = config.intermediate();
        int texts = Math.max(1, Math.min(text.rows(), MOST_SCORES / f / text.length()));
        FloatBuffer weights = look.model().parameters().tensor(DecoderParameters.weight(DecoderParameters.module(layer, "mlp.down_proj"))).floats();
        float[] down = new float[config.hidden() * f];
        weights.get(0, down);
        CettCurve curve = new CettCurve(texts * text.length(), down, config.hidden(), f);
        float[] token = new float[f];
        look.visit(text, texts, layer, layer + 1, Set.of(Site.INTERMEDIATE), (at, here, site, values, n) -> {
            for (int t = 0; t < text.length(); t++) {
                values.get(t * n, token);
                curve.set(at * text.length() + t, token);
            }
        });
        return curve;
    }
}
