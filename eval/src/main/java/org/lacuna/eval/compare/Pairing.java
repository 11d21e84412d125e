package org.lacuna.eval.compare;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.lacuna.eval.robustness.ModelSummary.Training;
import org.lacuna.eval.robustness.ModelSummary;

/** Which model is whose control, and why. Models are named by their place. */
final class Pairing {
    private final Map<Integer, Integer> own;
    private final int shared;
    private final String because;

    /**
     * Finds the control of those models that have none of their own. A natural model without a ReLU goes before one with it: what a ReLU leaves out by itself is of
     * what such a control is there to tell apart, and the order of a folder's names is nobody's choice.
     *
     * @param own   a model's place: that of its own control
     * @param named the control that the user wants; it has none then
     */
    Pairing(List<ModelSummary> models, Map<Integer, Integer> own, Optional<Integer> named) {
        Map<Integer, Integer> kept = new HashMap<>(own);
        named.ifPresent(kept::remove);
        this.own = Map.copyOf(kept);
        IntPredicate natural = model -> !isOwn(model) && models.get(model).training() == Training.NATURAL;
        Optional<Integer> smooth = first(models, natural.and(model -> !hasRelu(models.get(model))));
        Optional<Integer> anyNatural = first(models, natural);
        Optional<Integer> anyOwn = first(models, this::isOwn);
        shared = named.or(() -> smooth).or(() -> anyNatural).or(() -> anyOwn).orElse(0);
        boolean shares = IntStream.range(0, models.size()).anyMatch(model -> model != shared && of(model) == shared && !this.own.containsKey(model));
        because = named.isPresent() ? "named by --control"
                : isOwn(shared) && !shares ? "its own"
                : smooth.isPresent() ? "the first natural model without a ReLU"
                : anyNatural.isPresent() ? "the first natural model"
                : anyOwn.isPresent() ? "the first that is a control of its own model, as none of the others is known to be natural" : "the first model, as none is known to be natural";
    }

    private static Optional<Integer> first(List<ModelSummary> models, IntPredicate wanted) {
        return IntStream.range(0, models.size()).filter(wanted).boxed().findFirst();
    }

    private static boolean hasRelu(ModelSummary model) {
        return (model.activation() + " " + model.feedForward()).toLowerCase(Locale.ROOT).contains("relu");
    }

    /** The control of the models that have none of their own; a model is its own. */
    int shared() {
        return shared;
    }

    /** Why it is that one, {@code "the first natural model"}. */
    String because() {
        return because;
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
