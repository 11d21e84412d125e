package org.lacuna.model.graph;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.lacuna.graph.penalty.Penalty;
import org.lacuna.model.config.FeedForwardSite;

/**
 * What a training graph has beside the model and its loss.
 *
 * @param penalties what is added to the loss, in the order of their coefficients
 * @param zLoss weight of the squared logarithm of the softmax's denominator; 0 for none
 * @param teacher what the model is to come near to, if there is something
 */
public record TrainingForm(List<PenaltyForm> penalties, double zLoss, Optional<Teacher> teacher) {

    /**
     * A penalty on the vectors at one site of every layer.
     *
     * @param penalty its function
     * @param parameters the function's, in its order
     * @param site whose vectors
     */
    public record PenaltyForm(Penalty penalty, List<Double> parameters, FeedForwardSite site) {}

    /**
     * Another model of the same vocabulary, whose hidden states are fed.
     *
     * @param hidden size of its residual stream
     * @param logits whether the divergence from its next-token distributions is computed
     * @param temperature of these
     * @param layers whether the distance from its residual stream after each layer is
     */
    public record Teacher(int hidden, boolean logits, double temperature, boolean layers) {}

    /** Penalties alone. */
    public TrainingForm(List<PenaltyForm> penalties, double zLoss) {
        this(penalties, zLoss, Optional.empty());
    }

    /** Nothing besides. */
    public static TrainingForm plain() {
        return new TrainingForm(List.of(), 0);
    }

    /** The sites whose activity is counted: the intermediate, and each that is penalised; the intermediate stands first. */
    public List<FeedForwardSite> observed() {
        Set<FeedForwardSite> others = EnumSet.noneOf(FeedForwardSite.class);
        penalties.forEach(p -> others.add(p.site()));
        others.remove(FeedForwardSite.INTERMEDIATE);
        List<FeedForwardSite> sites = new ArrayList<>(List.of(FeedForwardSite.INTERMEDIATE));
        sites.addAll(others);
        return sites;
    }
}
