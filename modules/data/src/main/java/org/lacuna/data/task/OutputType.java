package org.lacuna.data.task;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** What a task asks of a model, by the names of lm-evaluation-harness. */
public enum OutputType {
    /** How likely one text is after a context, and whether greedy decoding would give it. */
    LOGLIKELIHOOD("loglikelihood"),
    /** How likely each of several choices is. */
    MULTIPLE_CHOICE("multiple_choice"),
    /** How likely a whole text is. */
    LOGLIKELIHOOD_ROLLING("loglikelihood_rolling"),
    /** What greedy decoding gives after a context. */
    GENERATE_UNTIL("generate_until");

    private final String key;

    OutputType(String key) {
        this.key = key;
    }

    /**
     * Its name in a task file.
     *
     * @return {@code multiple_choice} and so on
     */
    public String key() {
        return key;
    }

    static Optional<OutputType> named(String key) {
        return Arrays.stream(values()).filter(type -> type.key.equals(key)).findFirst();
    }

    static List<String> keys() {
        return Arrays.stream(values()).map(OutputType::key).toList();
    }

    /** What lm-evaluation-harness measures where a task file names nothing. */
    List<String> usualMetrics() {
        return switch (this) {
            case LOGLIKELIHOOD -> List.of("perplexity", "acc");
            case MULTIPLE_CHOICE -> List.of("acc", "acc_norm");
            case LOGLIKELIHOOD_ROLLING -> List.of("word_perplexity", "byte_perplexity", "bits_per_byte");
            case GENERATE_UNTIL -> List.of("exact_match");
        };
    }
}
