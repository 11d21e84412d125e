package org.lacuna.eval.robustness;

import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * Which model was measured and how it came to be. What is only known of a run's checkpoint is empty where a bare checkpoint was given.
 *
 * @param name            what a report calls it: the name of the run's folder, else of the checkpoint's
 * @param checkpoint      the checkpoint's folder, as it was found
 * @param sha256          lower-case hexadecimal hash of {@code model.safetensors}
 * @param configSha256    hash of {@code config.json}: equal weights may be those of models with other activations
 * @param parameters      trainable parameters; a tied embedding counts once
 * @param layers          layers
 * @param hidden          D, values a token in the input of a feed-forward block
 * @param intermediate    F, values a token at the other sites
 * @param heads           query heads
 * @param kvHeads         key and value heads
 * @param vocabulary      token ids; 0 for a network of Deeplearning4j, whose examples, or steps of a sequence, stand for tokens, and whose layer's
 *                        activations stand for the intermediate vector
 * @param experts         whether its feed-forward blocks are of experts, of which a token is sent to some
 * @param activation      the activation's name, {@code silu} say
 * @param feedForward     the block's form: {@code gated}, {@code ungated} or {@code gated with relu on up}; in front of it {@code thresholded } if its
 *                        ReLU has thresholds, and {@code relu behind norms, } if there is an activation behind those of the inputs; behind it its masks
 * @param tied            whether the output embedding is the input embedding
 * @param objective       what was minimised, in words
 * @param training        how activation sparsity came about
 * @param seed            of the fresh weights
 * @param step            optimizer steps taken
 * @param tokensSeen      tokens scored in training
 * @param tokensPerSecond in training: the median over the last half of the steps
 * @param trainingData    name of the corpus that it was trained on
 * @param trainingDataSha256 that corpus' hash
 * @param tokenizerSha256 hash of the checkpoint's {@code tokenizer.json}; empty if it has none
 */
public record ModelSummary(String name, String checkpoint, String sha256, String configSha256, long parameters, int layers, int hidden, int intermediate,
        int heads, int kvHeads, int vocabulary, boolean experts, String activation, String feedForward, boolean tied, Optional<String> objective,
        Training training, OptionalLong seed, OptionalLong step, OptionalLong tokensSeen, OptionalDouble tokensPerSecond, Optional<String> trainingData,
        Optional<String> trainingDataSha256, Optional<String> tokenizerSha256) {

    private static final int SHOWN_DIGITS = 12;

    /** Whether it is a language model, and no other network. */
    public boolean readsTokens() {
        return vocabulary > 0;
    }

    /**
     * Whether training recorded other data than these: the file has changed since, or the user named another. In a sentence.
     *
     * @param data what it is measured on
     */
    public Optional<String> trainedOnOther(DataSummary data) {
        return trainingDataSha256.filter(hash -> !hash.equals(data.sha256())).map(hash -> "\"" + name + "\" was trained on "
                + trainingData.orElse("data") + " of sha256 " + shortened(hash) + " and is measured on " + data.name() + " of sha256 "
                + shortened(data.sha256()) + ": it was changed since, or other data was named. Some of it may be what it was trained on.");
    }

    private static String shortened(String hash) {
        return hash.substring(0, Math.min(SHOWN_DIGITS, hash.length())) + "…";
    }

    /** Whether the objective asked for sparse activations. */
    public enum Training {
        /** Nothing in the objective did: what sparsity there is came by itself. */
        NATURAL,
        /** A penalty on activations was part of the objective, or masks are part of the model. */
        INDUCED,
        /** A bare checkpoint does not tell. */
        UNKNOWN
    }
}
