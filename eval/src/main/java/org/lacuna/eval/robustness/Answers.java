package org.lacuna.eval.robustness;

import java.util.Set;
import org.lacuna.graph.Device;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Model;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.sparsity.Site;

/**
 * What a model says of texts at the points of a grid.
 *
 * @param lossSums −ln p summed over a text's scored tokens, [point][text]
 * @param greedy   whether each of them is what greedy decoding would choose, [point][text]
 * @param kept     elements that are not 0 after the rule, of the treatment's layers and covered tokens, [point][text]
 * @param elements of these layers and tokens, [text]
 */
public record Answers(double[][] lossSums, boolean[][] greedy, long[][] kept, long[] elements) {
    /**
     * Computes them, or takes them from what was found before.
     *
     * @param name     what messages call the model
     * @param texts    of token ids that the model has
     * @param sites    with the rule, in every layer of the treatment's
     * @param findings where pieces are looked up and kept
     * @param subject  hash of model and arithmetic
     * @throws org.lacuna.run.InterruptedRunException if it was asked to stop
     * @throws org.lacuna.run.RunException if the model's numbers are not finite
     */
    public static Answers of(String name, Model model, Device device, Workers workers, Sequences texts, Set<Site> sites, Treatment treatment, TokenCoverage coverage,
            Findings findings, String subject, Watch watch) {
        GridProgram program = new GridProgram(model.config(), model.adapters(), device, sites, treatment.layers(), treatment.points(), texts.rows(),
                texts.length(), false, treatment.channelRows(), texts.branch());
        Sweep sweep = new Sweep(name, model, texts, sites, treatment, coverage, false, program, findings, subject);
        sweep.run(workers, watch);
        int points = treatment.points();
        double[][] lossSums = new double[points][];
        boolean[][] greedy = new boolean[points][];
        long[][] kept = new long[points][texts.texts().size()];
        for (int p = 0; p < points; p++) {
            lossSums[p] = sweep.lossSums(p);
            greedy[p] = sweep.greedy(p);
            for (Site site : sites) {
                for (long[] layer : sweep.kept(site, p)) {
                    for (int text = 0; text < layer.length; text++) {
                        kept[p][text] += layer[text];
                    }
                }
            }
        }
        long[] elements = new long[texts.texts().size()];
        long each = elementsOfToken(model.config(), sites, treatment.layers());
        for (int text = 0; text < elements.length; text++) {
            elements[text] = each * coverage.count(texts.texts().get(text).length(), texts.firstScored(texts.texts().get(text)));
        }
        return new Answers(lossSums, greedy, kept, elements);
    }

    /** What a rule sees of one token: the elements of its vectors at the sites of all layers that have it. */
    static long elementsOfToken(ModelConfig config, Set<Site> sites, LayerSet layers) {
        return layers.of(config.layers()).size() * config.elements(sites);
    }
}
