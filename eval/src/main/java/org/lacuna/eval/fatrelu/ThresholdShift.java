package org.lacuna.eval.fatrelu;

import java.util.List;
import java.util.stream.IntStream;
import org.lacuna.eval.robustness.DataSummary;
import org.lacuna.eval.robustness.DenseResult;
import org.lacuna.sparsity.Site;

/**
 * A model's ReLU shifted to thresholds, on the text that they were found on.
 *
 * @param model      which, as the user named it
 * @param cett       the bound on each layer's mean error
 * @param data       the text: windows of the training part
 * @param tokens     of how many of its tokens the error was taken: the first ones
 * @param layers     by number
 * @param lossBefore mean −ln p of a token, nats, without thresholds
 * @param lossAfter  the same with them
 */
public record ThresholdShift(String model, double cett, DataSummary data, int tokens, List<LayerShift> layers, double lossBefore, double lossAfter) {

    /** Puts together what was found. */
    static ThresholdShift of(String model, double most, DataSummary data, Calibration found, DenseResult before, DenseResult after) {
        List<Double> zerosBefore = before.exactZeros().get(Site.INTERMEDIATE);
        List<Double> zerosAfter = after.exactZeros().get(Site.INTERMEDIATE);
        List<LayerShift> layers = IntStream.range(0, zerosBefore.size())
                .mapToObj(l -> new LayerShift(l, found.thresholds().get(l), found.cett().get(l), zerosBefore.get(l), zerosAfter.get(l)))
                .toList();
        return new ThresholdShift(model, most, data, found.tokens(), layers, before.loss(), after.loss());
    }
}
