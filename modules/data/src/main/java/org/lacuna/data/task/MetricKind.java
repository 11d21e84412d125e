package org.lacuna.data.task;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * A metric: what one document gives, and how the documents' values are pooled; as lm-evaluation-harness 0.4.13 does. A value v has a weight w, which
 * is 1 for all but those that are by the word or byte.
 */
public enum MetricKind {
    /** 1 where the most likely choice (the first of equals) is right, or greedy decoding gives the text; pooled by the mean. */
    ACC("acc", Pooling.MEAN, OutputType.MULTIPLE_CHOICE, OutputType.LOGLIKELIHOOD),
    /** As {@link #ACC}, of log-likelihood / Unicode characters (code points) of the choice; the delimiter in front of it is not counted. */
    ACC_NORM("acc_norm", Pooling.MEAN, OutputType.MULTIPLE_CHOICE),
    /** As {@link #ACC}, of log-likelihood / UTF-8 bytes of the choice. */
    ACC_BYTES("acc_bytes", Pooling.MEAN, OutputType.MULTIPLE_CHOICE),
    /** 1 where what was generated is an answer, or greedy decoding gives a right choice; pooled by the mean. */
    EXACT_MATCH("exact_match", Pooling.MEAN, OutputType.GENERATE_UNTIL, OutputType.MULTIPLE_CHOICE),
    /** v is the log-likelihood of the text, nats; exp(−mean v). */
    PERPLEXITY("perplexity", Pooling.PERPLEXITY, OutputType.LOGLIKELIHOOD),
    /** v is the log-likelihood of the text, w its words (stretches between white space); exp(−Σv / Σw). */
    WORD_PERPLEXITY("word_perplexity", Pooling.PERPLEXITY, OutputType.LOGLIKELIHOOD_ROLLING),
    /** As {@link #WORD_PERPLEXITY}, by the UTF-8 byte. */
    BYTE_PERPLEXITY("byte_perplexity", Pooling.PERPLEXITY, OutputType.LOGLIKELIHOOD_ROLLING),
    /** As {@link #BYTE_PERPLEXITY}, −Σv / (Σw ln 2). */
    BITS_PER_BYTE("bits_per_byte", Pooling.BITS, OutputType.LOGLIKELIHOOD_ROLLING);

    private enum Pooling { MEAN, PERPLEXITY, BITS }

    private final String key;
    private final Pooling pooling;
    private final List<OutputType> types;

    MetricKind(String key, Pooling pooling, OutputType... types) {
        this.key = key;
        this.pooling = pooling;
        this.types = List.of(types);
    }

    /**
     * Its name in a task file and in reports.
     *
     * @return {@code acc_norm} and so on
     */
    public String key() {
        return key;
    }

    /**
     * Whether a model with more of it is the better one.
     *
     * @return false for perplexities and bits
     */
    public boolean higherIsBetter() {
        return pooling == Pooling.MEAN;
    }

    static Optional<MetricKind> named(String key, OutputType type) {
        return Arrays.stream(values()).filter(kind -> kind.key.equals(key) && kind.types.contains(type)).findFirst();
    }

    static List<String> keys(OutputType type) {
        return Arrays.stream(values()).filter(kind -> kind.types.contains(type)).map(MetricKind::key).toList();
    }

    /**
     * One number of many documents, or of a sample of them drawn again.
     *
     * @param values  v of each document, at least one
     * @param weights w of each
     * @return the pooled metric
     */
    public double pool(List<Double> values, List<Double> weights) {
        double mean = sum(values) / sum(weights);
        return switch (pooling) {
            case MEAN -> mean;
            case PERPLEXITY -> Math.exp(-mean);
            case BITS -> -mean / Math.log(2);
        };
    }

    /**
     * The standard error of the pooled metric where it is a mean: sample standard deviation (n − 1) / √n. Empty for one document, and where the
     * metric is no mean: for those lm-evaluation-harness draws the documents again (perplexity) or gives none (by the word and byte).
     *
     * @param values v of each document
     * @return the standard error
     */
    public OptionalDouble standardError(List<Double> values) {
        int n = values.size();
        if (pooling != Pooling.MEAN || n < 2) {
            return OptionalDouble.empty();
        }
        double mean = sum(values) / n;
        double squares = 0;
        for (double value : values) {
            squares += (value - mean) * (value - mean);
        }
        return OptionalDouble.of(Math.sqrt(squares / (n - 1)) / Math.sqrt(n));
    }

    private static double sum(List<Double> values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum;
    }
}
