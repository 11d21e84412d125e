package org.lacuna.training.recipe;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.lacuna.graph.activation.Activations;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.run.InputException;
import org.lacuna.run.recipe.Key;

/** A model of the Llama family that is to be trained from nothing; its vocabulary comes from the data. */
public record ModelRecipe(
        @Key(doc = "size of the residual stream", def = "128", min = 1, max = 1 << 20) int hidden,
        @Key(doc = "inner size of the feed-forward block", def = "352", min = 1, max = 1 << 20) int intermediate,
        @Key(doc = "layers", def = "4", min = 1, max = 4096) int layers,
        @Key(doc = "query heads; hidden / heads is a head's size", def = "4", min = 1, max = 1 << 16) int heads,
        @Key(doc = "key and value heads; divides heads", def = "4", min = 1, max = 1 << 16) int kvHeads,
        @Key(doc = "activation, by Hugging Face's name", def = "silu") String activation,
        @Key(doc = "form of the feed-forward block", def = "gated") Ffn ffn,
        @Key(doc = "whether the output embedding is the input embedding", def = "true") boolean tied,
        @Key(doc = "base of the rotary position", def = "10000", above = 0) double ropeTheta,
        @Key(doc = "added to the mean square in each norm", def = "1e-6", above = 0, max = 1) double normEps,
        @Key(doc = "standard deviation of fresh weights", def = "0.02", min = 0, max = 10) double initStd,
        @Key(doc = "longest text that the model is meant for, tokens", def = "2048", min = 1) int maxPositions) {

    /** The forms of the feed-forward block. */
    public enum Ffn {
        /** down( act(gate(x)) ⊙ up(x) ). */
        GATED,
        /** down( act(up(x)) ). */
        UNGATED,
        /** down( relu(gate(x)) ⊙ relu(up(x)) ). */
        DRELU
    }

    /** Checks what one key alone can't know. */
    public ModelRecipe {
        List<String> problems = new ArrayList<>();
        if (hidden % heads != 0) {
            problems.add("heads: " + heads + " does not divide hidden = " + hidden);
        } else if (hidden / heads % 2 != 0) {
            problems.add("heads: " + heads + " makes heads of " + hidden / heads + " numbers; rotary position turns pairs, so a head's size must be even");
        }
        if (heads % kvHeads != 0) {
            problems.add("kvHeads: " + kvHeads + " does not divide heads = " + heads);
        }
        try {
            activation = Activations.byName(activation).name();
        } catch (IllegalArgumentException e) {
            problems.add("activation: " + e.getMessage());
        }
        if (ffn == Ffn.DRELU && !activation.equals("relu")) {
            problems.add("activation: " + activation + " with ffn = drelu, whose activation is relu");
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
    }

    /**
     * The config of this model.
     *
     * @param vocabulary how many token ids the data has
     * @param endOfText the id that ends a text, if there is one
     */
    public ModelConfig config(int vocabulary, OptionalInt endOfText) {
        FeedForward feedForward = switch (ffn) {
            case GATED -> FeedForward.gated(activation);
            case UNGATED -> FeedForward.ungated(activation);
            case DRELU -> FeedForward.dRelu();
        };
        List<Integer> eos = endOfText.isPresent() ? List.of(endOfText.getAsInt()) : List.of();
        return ModelConfig.llama(vocabulary, hidden, intermediate, layers, heads, kvHeads, hidden / heads, normEps,
                RotaryPosition.plain(ropeTheta), tied, feedForward, maxPositions, initStd, endOfText, eos);
    }
}
