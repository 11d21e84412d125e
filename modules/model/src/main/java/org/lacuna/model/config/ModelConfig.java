package org.lacuna.model.config;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.lacuna.graph.activation.Activations;
import org.lacuna.run.InputException;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.rule.Rules;

/**
 * A decoder: what it is made of and how large it is.
 *
 * <p>A config may come from a file that somebody else wrote or from a recipe, so nothing is refused on construction:
 * {@link #check} says what is wrong in the words of whoever wrote it. What builds on a config checks it first.
 *
 * @param family {@code model_type} of its {@code config.json}, one of {@code org.lacuna.model.family.Families}
 * @param vocabulary how many token ids there are
 * @param hidden D, the size of the residual stream
 * @param intermediate F, the inner size of the feed-forward block, or of each expert
 * @param layers how many layers
 * @param heads N, query heads
 * @param kvHeads K, key and value heads; divides {@code heads}
 * @param headSize H; need not be hidden / heads
 * @param attention the form of the attention
 * @param norm the norms
 * @param block how attention and feed-forward block stand in the residual stream
 * @param position how the model knows positions
 * @param feedForward the form of the feed-forward block
 * @param embeddingScale what the token's embedding is multiplied by; the output embedding is not
 * @param tied whether the output embedding is the input embedding
 * @param maxPositions the longest text that the model is meant for, in tokens
 * @param initializer standard deviation of fresh weights
 * @param bos the token that begins a text, if there is one
 * @param eos tokens that end a text, none, one or more
 * @param normActivation what the outputs of each layer's input norms, those in front of attention and feed-forward block, go through; {@code identity}
 *     in most models, {@code relu} in stage 2 of ReLU Strikes Back (arXiv 2310.04564)
 */
public record ModelConfig(String family, int vocabulary, int hidden, int intermediate, int layers, int heads, int kvHeads, int headSize,
        AttentionForm attention, Norm norm, Block block, Position position, FeedForward feedForward, double embeddingScale, boolean tied,
        int maxPositions, double initializer, OptionalInt bos, List<Integer> eos, String normActivation) {

    /** Hugging Face's Llama. */
    public static final String LLAMA = "llama";
    /** A Llama with a feed-forward block that Hugging Face's has not: only Lacuna opens it. */
    public static final String LACUNA_LLAMA = "lacuna_llama";

    private static final int MAX_LAYERS = 4096;
    private static final int MAX_SIZE = 1 << 24;
    /** Of all layers; a file has three tensors for each. */
    private static final int MAX_EXPERTS = 1 << 15;

    /** A decoder with nothing behind its norms. */
    public ModelConfig(String family, int vocabulary, int hidden, int intermediate, int layers, int heads, int kvHeads, int headSize,
            AttentionForm attention, Norm norm, Block block, Position position, FeedForward feedForward, double embeddingScale, boolean tied,
            int maxPositions, double initializer, OptionalInt bos, List<Integer> eos) {
        this(family, vocabulary, hidden, intermediate, layers, heads, kvHeads, headSize, attention, norm, block, position, feedForward, embeddingScale,
                tied, maxPositions, initializer, bos, eos, FeedForward.IDENTITY);
    }

    /** A Llama: RMS norm, rotary position, grouped queries, no biases. */
    public static ModelConfig llama(int vocabulary, int hidden, int intermediate, int layers, int heads, int kvHeads, int headSize, double rmsNormEps,
            RotaryPosition rotary, boolean tied, FeedForward feedForward, int maxPositions, double initializer, OptionalInt bos, List<Integer> eos) {
        return new ModelConfig(feedForward.isLlama() ? LLAMA : LACUNA_LLAMA, vocabulary, hidden, intermediate, layers, heads, kvHeads, headSize,
                AttentionForm.plain(headSize), Norm.rms(rmsNormEps), Block.SEQUENTIAL, rotary, feedForward, 1, tied, maxPositions, initializer, bos, eos);
    }

    /** The same with another activation in the feed-forward blocks. */
    public ModelConfig withActivation(String activation) {
        return new ModelConfig(family, vocabulary, hidden, intermediate, layers, heads, kvHeads, headSize, attention, norm, block, position,
                feedForward.withActivation(activation), embeddingScale, tied, maxPositions, initializer, bos, eos, normActivation);
    }

    /**
     * The same with thresholds in the feed-forward blocks' ReLU. A Llama becomes one that only Lacuna opens; {@link #check} refuses the other
     * families, whose files can't say it.
     *
     * @param thresholds one a layer
     */
    public ModelConfig withThresholds(List<Double> thresholds) {
        return new ModelConfig(lacunas(), vocabulary, hidden, intermediate, layers, heads, kvHeads, headSize, attention, norm, block, position,
                feedForward.withThresholds(thresholds), embeddingScale, tied, maxPositions, initializer, bos, eos, normActivation);
    }

    /**
     * The same with another activation behind each layer's input norms. A Llama becomes one that only Lacuna opens, unless it is {@code identity};
     * {@link #check} refuses the other families, whose files can't say it.
     */
    public ModelConfig withNormActivation(String other) {
        return new ModelConfig(other.equals(FeedForward.IDENTITY) ? family : lacunas(), vocabulary, hidden, intermediate, layers, heads, kvHeads, headSize,
                attention, norm, block, position, feedForward, embeddingScale, tied, maxPositions, initializer, bos, eos, other);
    }

    /**
     * The same with other masks in its feed-forward blocks. A Llama becomes one that only Lacuna opens, unless there are none; {@link #check}
     * refuses the other families, whose files can't say it.
     */
    public ModelConfig withMasks(List<Mask> masks) {
        return new ModelConfig(masks.isEmpty() ? family : lacunas(), vocabulary, hidden, intermediate, layers, heads, kvHeads, headSize, attention, norm, block,
                position, feedForward.withMasks(masks), embeddingScale, tied, maxPositions, initializer, bos, eos, normActivation);
    }

    /** The family that stores what a Llama has not. */
    private String lacunas() {
        return family.equals(LLAMA) ? LACUNA_LLAMA : family;
    }

    /** Whether it has what no family but Lacuna's own can store, so that another's file would describe another model. */
    public boolean onlyLacunas() {
        return !feedForward.thresholds().isEmpty() || !feedForward.masks().isEmpty() || !normActivation.equals(FeedForward.IDENTITY);
    }

    /** The sites that each layer has: those of its feed-forward block, and attention's two. */
    public Set<Site> sites() {
        Set<Site> sites = EnumSet.of(Site.ATTENTION_INPUT, Site.ATTENTION_OUTPUT);
        sites.addAll(feedForward.sites());
        return sites;
    }

    /** How many elements a vector at a site has. */
    public int width(Site site) {
        return switch (site) {
            case INPUT, ATTENTION_INPUT -> hidden;
            case UP, GATE, INTERMEDIATE -> intermediate;
            case ATTENTION_OUTPUT -> heads * headSize;
        };
    }

    /** How many elements a token has in a layer at some sites together: at those within experts, of all of its experts. */
    public long elements(Set<Site> at) {
        return at.stream().mapToLong(site -> (long) feedForward.rowsPerToken(site) * width(site)).sum();
    }

    /** The most numbers that one activation has for a token; logits aside, which are computed for some rows at a time. */
    public long widest() {
        long rows = feedForward.rowsPerToken(Site.INTERMEDIATE);
        return Math.max((long) heads * headSize, rows * Math.max(hidden, intermediate));
    }

    /** How positions turn queries and keys in a layer; empty where positions are learned. */
    public Optional<RotaryPosition> rotary(int layer) {
        Optional<RotaryPosition> own = attention.sliding(layer).flatMap(AttentionForm.Sliding::rotary);
        return own.isPresent() || !(position instanceof RotaryPosition rotary) ? own : Optional.of(rotary);
    }

    /**
     * Checks that a model can be made of this config.
     *
     * @param where the file that it came from
     * @param keyOf the key in that file for a component's name ({@code heads} becomes {@code num_attention_heads});
     *     the parts of {@code norm}, {@code attention}, {@code position} and {@code feedForward} are called {@code epsilon},
     *     {@code scale}, {@code window}, {@code theta}, {@code fraction}, {@code factor}, {@code lowFrequencyFactor},
     *     {@code highFrequencyFactor}, {@code originalLength}, {@code activation}, {@code upActivation}, {@code experts},
     *     {@code perToken}, {@code thresholds}, {@code masks}
     * @throws InputException with all problems, each naming file and key
     */
    public void check(String where, UnaryOperator<String> keyOf) {
        Problems p = new Problems(where, keyOf);
        p.size("vocabulary", vocabulary, MAX_SIZE);
        p.size("hidden", hidden, MAX_SIZE);
        p.size("intermediate", intermediate, MAX_SIZE);
        p.size("layers", layers, MAX_LAYERS);
        p.size("heads", heads, MAX_SIZE);
        p.size("kvHeads", kvHeads, MAX_SIZE);
        p.size("headSize", headSize, MAX_SIZE);
        p.size("maxPositions", maxPositions, Integer.MAX_VALUE);
        if (kvHeads > 0 && heads % kvHeads != 0) {
            p.add("kvHeads", "is " + kvHeads + ", which does not divide the " + heads + " of " + keyOf.apply("heads"));
        }
        p.matrix("vocabulary", vocabulary, hidden);
        p.matrix("intermediate", intermediate, hidden);
        p.matrix("heads", (long) heads * headSize, hidden);
        p.positive("epsilon", norm.epsilon());
        if (headSize > 0) {
            p.positive("scale", attention.scale());
        }
        p.positive("embeddingScale", embeddingScale);
        if (!(initializer >= 0) || Double.isInfinite(initializer)) {
            p.add("initializer", "is " + initializer + ", it must be a number from 0 on");
        }
        if (position instanceof RotaryPosition rotary) {
            p.rotary(rotary, headSize);
        } else if (position instanceof LearnedPosition learned) {
            p.matrix("maxPositions", (long) learned.offset() + maxPositions, hidden);
        }
        attention.sliding().ifPresent(s -> {
            p.size("window", s.window(), Integer.MAX_VALUE);
            s.rotary().ifPresent(rotary -> p.rotary(rotary, headSize));
        });
        feedForward.experts().ifPresent(e -> {
            p.size("experts", e.count(), MAX_LAYERS);
            p.size("perToken", e.perToken(), MAX_LAYERS);
            if (e.perToken() > e.count()) {
                p.add("perToken", "is " + e.perToken() + ", more than the " + e.count() + " of " + keyOf.apply("experts"));
            }
            if (layers > 0 && (long) layers * e.count() > MAX_EXPERTS) {
                p.add("experts", "is " + e.count() + " in each of " + layers + " layers, more than " + MAX_EXPERTS + " in all");
            }
            p.matrix("experts", (long) e.count() * intermediate, hidden);
        });
        p.activation("activation", feedForward.activation());
        p.activation("upActivation", feedForward.upActivation());
        if (!feedForward.gated() && !feedForward.upActivation().equals(FeedForward.IDENTITY)) {
            p.add("upActivation", "is " + feedForward.upActivation() + ", but a block without a gate has one activation only");
        }
        p.activation("normActivation", normActivation);
        if (!normActivation.equals(FeedForward.IDENTITY)) {
            p.stored("normActivation", "is " + normActivation, family);
        }
        checkThresholds(p);
        checkMasks(p);
        bos.ifPresent(id -> p.token("bos", id, vocabulary));
        eos.forEach(id -> p.token("eos", id, vocabulary));
        if (!p.found.isEmpty()) {
            throw new InputException(p.found);
        }
    }

    private void checkThresholds(Problems p) {
        List<Double> thresholds = feedForward.thresholds();
        if (thresholds.isEmpty()) {
            return;
        }
        if (!feedForward.activation().equals(FeedForward.RELU)) {
            p.add("thresholds", "are there, but " + p.keyOf.apply("activation") + " is " + feedForward.activation() + "; only relu can have them");
        }
        if (thresholds.size() != layers) {
            p.add("thresholds", "are " + thresholds.size() + ", but " + p.keyOf.apply("layers") + " is " + layers + "; each layer has one");
        }
        for (int layer = 0; layer < thresholds.size(); layer++) {
            if (!(thresholds.get(layer) >= 0 && thresholds.get(layer) <= Float.MAX_VALUE)) {
                p.add("thresholds", "has " + thresholds.get(layer) + " for layer " + layer + ", it must be a 32-bit number from 0 on");
                return; // a file may have a million of them
            }
        }
        p.stored("thresholds", "are there", family);
    }

    private void checkMasks(Problems p) {
        Set<FeedForwardSite> sites = EnumSet.noneOf(FeedForwardSite.class);
        for (Mask mask : feedForward.masks()) {
            String at = "mask at " + mask.site().key();
            if (!sites.add(mask.site())) {
                p.add("masks", "has a second " + at + "; a site has one at most");
            }
            if (!mask.site().isIn(feedForward)) {
                p.add("masks", "has a " + at + ", which a block without a gate has not");
            }
            try {
                if (Rules.byName(mask.rule()) == Rules.byName("none")) {
                    p.add("masks", "has a " + at + " of rule none, which keeps all; leave it out");
                }
            } catch (IllegalArgumentException e) {
                p.add("masks", "has a " + at + ": " + e.getMessage());
            }
            if (!(mask.value() > 0 && mask.value() <= 1)) {
                p.add("masks", "has a " + at + " that keeps " + mask.value() + ", it must be above 0 and at most 1");
            }
        }
        if (!sites.isEmpty()) {
            p.stored("masks", "are there", family);
        }
    }

    private static final class Problems {
        private final List<String> found = new ArrayList<>();
        private final String where;
        private final UnaryOperator<String> keyOf;

        private Problems(String where, UnaryOperator<String> keyOf) {
            this.where = where;
            this.keyOf = keyOf;
        }

        private void add(String component, String problem) {
            found.add(where + ": " + keyOf.apply(component) + " " + problem);
        }

        private void stored(String component, String there, String family) {
            if (!family.equals(LACUNA_LLAMA)) {
                add(component, there + ", which a model of the family " + family + " can't store; a " + LLAMA + " can, as a " + LACUNA_LLAMA);
            }
        }

        private void size(String component, int size, int most) {
            if (size <= 0 || size > most) {
                add(component, "is " + size + ", it must be from 1 to " + most);
            }
        }

        /** A weight is one tensor, which has at most 2³¹ − 1 bytes. */
        private void matrix(String component, long rows, long columns) {
            if (rows > 0 && columns > 0 && rows > Integer.MAX_VALUE / Float.BYTES / columns) {
                add(component, "makes a weight of " + rows + " × " + columns + " numbers of " + Float.BYTES + " bytes, more than the " + Integer.MAX_VALUE
                        + " bytes that one tensor can have");
            }
        }

        private void rotary(RotaryPosition rotary, int headSize) {
            positive("theta", rotary.theta());
            if (!(rotary.fraction() > 0 && rotary.fraction() <= 1)) {
                add("fraction", "is " + rotary.fraction() + ", it must be above 0 and at most 1");
            } else if (headSize > 0 && (rotary.turned(headSize) == 0 || rotary.turned(headSize) % 2 != 0)) {
                add("headSize", "is " + headSize + (rotary.fraction() == 1 ? "" : ", of which " + rotary.turned(headSize) + " turn")
                        + "; rotary position turns pairs, so it must be even");
            }
            if (rotary.scaling().isPresent() && rotary.scaling().get() instanceof RotaryPosition.Linear linear) {
                positive("factor", linear.factor());
            }
            if (rotary.scaling().isPresent() && rotary.scaling().get() instanceof RotaryPosition.Llama3 s) {
                positive("factor", s.factor());
                positive("lowFrequencyFactor", s.lowFrequencyFactor());
                size("originalLength", s.originalLength(), Integer.MAX_VALUE);
                if (!(s.highFrequencyFactor() > s.lowFrequencyFactor()) || Double.isInfinite(s.highFrequencyFactor())) {
                    add("highFrequencyFactor", "is " + s.highFrequencyFactor() + ", it must be above the " + s.lowFrequencyFactor() + " of " + keyOf.apply("lowFrequencyFactor"));
                }
            }
        }

        private void positive(String component, double value) {
            if (!(value > 0) || Double.isInfinite(value)) {
                add(component, "is " + value + ", it must be a positive number");
            }
        }

        private void activation(String component, String name) {
            try {
                Activations.byName(name);
            } catch (IllegalArgumentException e) {
                add(component, "is " + name + ": " + e.getMessage());
            }
        }

        private void token(String component, int id, int vocabulary) {
            if (id < 0 || id >= vocabulary) {
                add(component, "is " + id + ", the vocabulary has the ids from 0 to " + (vocabulary - 1));
            }
        }
    }
}
