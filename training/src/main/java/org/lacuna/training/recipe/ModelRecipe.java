package org.lacuna.training.recipe;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;
import org.lacuna.graph.activation.Activations;
import org.lacuna.model.Tuning;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.Mask;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.model.lora.Adapters;
import org.lacuna.run.InputException;
import org.lacuna.run.recipe.Key;

/**
 * The model that is to be trained: a checkpoint's ({@code from}), or one of the Llama family from nothing, whose vocabulary comes from
 * the data. A fresh model has a value for every other key, given or by default; of a checkpoint's only the activations, {@code masks},
 * {@code freeze} and {@code lora} may have one.
 */
public record ModelRecipe(
        @Key(doc = "checkpoint to begin with: its folder, or a run's; all but the activations is its own", def = "null") Optional<String> from,
        @Key(doc = "size of the residual stream", def = "null", min = 1, max = 1 << 20) Optional<Integer> hidden,
        @Key(doc = "inner size of the feed-forward block", def = "null", min = 1, max = 1 << 20) Optional<Integer> intermediate,
        @Key(doc = "layers", def = "null", min = 1, max = 4096) Optional<Integer> layers,
        @Key(doc = "query heads; hidden / heads is a head's size", def = "null", min = 1, max = 1 << 16) Optional<Integer> heads,
        @Key(doc = "key and value heads; divides heads", def = "null", min = 1, max = 1 << 16) Optional<Integer> kvHeads,
        @Key(doc = "activation, by Hugging Face's name; with model.from in place of the checkpoint's own", def = "null") Optional<String> activation,
        @Key(doc = "activation behind the norms in front of attention and feed-forward block; with model.from in place of the checkpoint's own", def = "null") Optional<String> normActivation,
        @Key(doc = "form of the feed-forward block", def = "null") Optional<Ffn> ffn,
        @Key(doc = "rules that are part of the model, {site, rule, value}; with model.from in place of the checkpoint's own", def = "null") Optional<List<Mask>> masks,
        @Key(doc = "whether the output embedding is the input embedding", def = "null") Optional<Boolean> tied,
        @Key(doc = "base of the rotary position", def = "null", above = 0) Optional<Double> ropeTheta,
        @Key(doc = "added to the mean square in each norm", def = "null", above = 0, max = 1) Optional<Double> normEps,
        @Key(doc = "standard deviation of fresh weights", def = "null", min = 0, max = 10) Optional<Double> initStd,
        @Key(doc = "longest text that the model is meant for, tokens", def = "null", min = 1) Optional<Integer> maxPositions,
        @Key(doc = "parameters that are not trained, by name, * for anything", def = "[]") List<String> freeze,
        @Key(doc = "adapters beside the checkpoint's weights, which alone are trained", def = "null") Optional<LoraRecipe> lora) {

    /** The forms of the feed-forward block. */
    public enum Ffn {
        /** down( act(gate(x)) ⊙ up(x) ). */
        GATED,
        /** down( act(up(x)) ). */
        UNGATED,
        /** down( relu(gate(x)) ⊙ relu(up(x)) ). */
        DRELU
    }

    /** Gives a fresh model its defaults, and checks what one key alone can't know. */
    public ModelRecipe {
        List<String> problems = new ArrayList<>();
        if (from.isPresent()) {
            Map<String, Optional<?>> sizes = new LinkedHashMap<>();
            sizes.put("hidden", hidden);
            sizes.put("intermediate", intermediate);
            sizes.put("layers", layers);
            sizes.put("heads", heads);
            sizes.put("kvHeads", kvHeads);
            sizes.put("ffn", ffn);
            sizes.put("tied", tied);
            sizes.put("ropeTheta", ropeTheta);
            sizes.put("normEps", normEps);
            sizes.put("initStd", initStd);
            sizes.put("maxPositions", maxPositions);
            sizes.values().removeIf(Optional::isEmpty);
            if (!sizes.isEmpty()) {
                problems.add("from: the checkpoint has its own " + String.join(", ", sizes.keySet())
                        + "; leave these keys of model out, or take a recipe without them (configs/finetune.yaml)");
            }
        } else {
            hidden = Optional.of(hidden.orElse(128));
            intermediate = Optional.of(intermediate.orElse(352));
            layers = Optional.of(layers.orElse(4));
            heads = Optional.of(heads.orElse(4));
            kvHeads = Optional.of(kvHeads.orElse(4));
            activation = Optional.of(activation.orElse("silu"));
            normActivation = Optional.of(normActivation.orElse(FeedForward.IDENTITY));
            ffn = Optional.of(ffn.orElse(Ffn.GATED));
            masks = Optional.of(masks.orElse(List.of()));
            tied = Optional.of(tied.orElse(true));
            ropeTheta = Optional.of(ropeTheta.orElse(10000.0));
            normEps = Optional.of(normEps.orElse(1e-6));
            initStd = Optional.of(initStd.orElse(0.02));
            maxPositions = Optional.of(maxPositions.orElse(2048));
            checkHeads(problems, hidden.get(), heads.get(), kvHeads.get());
        }
        if (lora.isPresent() && from.isEmpty()) {
            problems.add("lora: adapters stand beside a checkpoint's weights; name one with from, or leave lora out");
        }
        if (lora.isPresent() && !freeze.isEmpty()) {
            problems.add("freeze: with lora all of the checkpoint's parameters are frozen; leave one of both out");
        }
        activation = known(problems, "activation", activation);
        normActivation = known(problems, "normActivation", normActivation);
        if (ffn.equals(Optional.of(Ffn.DRELU)) && !activation.equals(Optional.of("relu"))) {
            problems.add("activation: " + activation.orElseThrow() + " with ffn = drelu, whose activation is relu");
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
    }

    /** The activation by the first of its names. */
    private static Optional<String> known(List<String> problems, String key, Optional<String> name) {
        try {
            return name.map(n -> Activations.byName(n).name());
        } catch (IllegalArgumentException e) {
            problems.add(key + ": " + e.getMessage());
            return name;
        }
    }

    private static void checkHeads(List<String> problems, int hidden, int heads, int kvHeads) {
        if (hidden % heads != 0) {
            problems.add("heads: " + heads + " does not divide hidden = " + hidden);
        } else if (hidden / heads % 2 != 0) {
            problems.add("heads: " + heads + " makes heads of " + hidden / heads + " numbers; rotary position turns pairs, so a head's size must be even");
        }
        if (heads % kvHeads != 0) {
            problems.add("kvHeads: " + kvHeads + " does not divide heads = " + heads);
        }
    }

    /**
     * The config of a fresh model.
     *
     * @param vocabulary how many token ids the data has
     * @param endOfText the id that ends a text, if there is one
     */
    public ModelConfig config(int vocabulary, OptionalInt endOfText) {
        if (from.isPresent()) {
            throw new IllegalStateException("the model is that of a checkpoint");
        }
        String act = activation.orElseThrow();
        FeedForward feedForward = switch (ffn.orElseThrow()) {
            case GATED -> FeedForward.gated(act);
            case UNGATED -> FeedForward.ungated(act);
            case DRELU -> FeedForward.dRelu();
        };
        List<Integer> eos = endOfText.isPresent() ? List.of(endOfText.getAsInt()) : List.of();
        int headSize = hidden.orElseThrow() / heads.orElseThrow();
        return ModelConfig.llama(vocabulary, hidden.get(), intermediate.orElseThrow(), layers.orElseThrow(), heads.get(), kvHeads.orElseThrow(), headSize,
                normEps.orElseThrow(), RotaryPosition.plain(ropeTheta.orElseThrow()), tied.orElseThrow(), feedForward, maxPositions.orElseThrow(),
                initStd.orElseThrow(), endOfText, eos).withNormActivation(normActivation.orElseThrow()).withMasks(masks.orElseThrow());
    }

    /**
     * What of a model is trained.
     *
     * @param model its config
     * @throws InputException if a pattern of {@code freeze} or a target of {@code lora} matches nothing, or nothing is left to train
     */
    public Tuning tuning(ModelConfig model) {
        if (lora.isPresent()) {
            LoraRecipe l = lora.get();
            return keyed("model.lora.targets", () -> Tuning.adapting(model, Adapters.matching(model, l.rank(), l.alpha(), l.targets())));
        }
        return keyed("model.freeze", () -> Tuning.freezing(model, freeze));
    }

    private static Tuning keyed(String key, Supplier<Tuning> tuning) {
        try {
            return tuning.get();
        } catch (InputException e) {
            throw e.map(problem -> key + ": " + problem);
        }
    }

    /** The same model without what makes its activations sparse: no masks; a checkpoint's as it is, without another activation either. */
    ModelRecipe natural() {
        boolean fresh = from.isEmpty();
        return new ModelRecipe(from, hidden, intermediate, layers, heads, kvHeads, fresh ? activation : Optional.empty(), fresh ? normActivation : Optional.empty(), ffn,
                fresh ? Optional.of(List.of()) : Optional.empty(), tied, ropeTheta, normEps, initStd, maxPositions, freeze, lora);
    }

    /** A checkpoint's config, with this recipe's activations and masks where it has them; it may be one that {@link ModelConfig#check} refuses. */
    public ModelConfig config(ModelConfig checkpoint) {
        ModelConfig swapped = activation.map(checkpoint::withActivation).orElse(checkpoint);
        ModelConfig normed = normActivation.map(swapped::withNormActivation).orElse(swapped);
        return masks.map(normed::withMasks).orElse(normed);
    }
}
