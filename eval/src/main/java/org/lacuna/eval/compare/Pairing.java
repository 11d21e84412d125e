package org.lacuna.eval.compare;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.lacuna.eval.robustness.ModelSummary.Training;
import org.lacuna.eval.robustness.RobustnessResult;

/** Which model is whose control. Models are named by their place. */
final class Pairing {
    private final Map<Integer, Integer> own;
    private final int shared;

    /**
     * Finds the control of those models that have none of their own.
     *
     * @param own a model's place: that of its own control
     */
    Pairing(List<RobustnessResult> models, Map<Integer, Integer> own) {
        this.own = Map.copyOf(own);
        shared = IntStream.range(0, models.size()).filter(i -> !isOwn(i) && models.get(i).model().training() == Training.NATURAL).findFirst()
                .orElseGet(() -> IntStream.range(0, models.size()).filter(this::isOwn).findFirst().orElse(0));
    }

    /** The control of the models that have none of their own; a model is its own. */
    int shared() {
        return shared;
    }

    /** Whether a model is another's own control. */
    boolean isOwn(int model) {
        return own.containsValue(model);
    }

    /** The control of a model: itself if it is one. */
    int of(int model) {
        return isOwn(model) ? model : own.getOrDefault(model, shared);
    }
}
