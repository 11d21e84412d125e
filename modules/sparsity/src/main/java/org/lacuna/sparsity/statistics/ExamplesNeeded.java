package org.lacuna.sparsity.statistics;

import java.util.Arrays;
import java.util.OptionalLong;
import org.apache.commons.numbers.gamma.InverseErf;

/**
 * How many examples it would take until the interval of a mean no longer held a bar: {@code n = (z s / |mean - bar|)²}, rounded up, from the normal interval
 * {@code mean ± z s / sqrt(n)} (W. G. Cochran, Sampling Techniques, 3rd edition 1977, chapter 4).
 *
 * <p>An estimate, and a modest one: it takes mean and standard deviation as they were measured. If they are right, another sample of n examples resolves the
 * bar only about every second time, since its own mean falls on the wrong side of where it must as often as not; and where |mean - bar| is but a fraction of
 * the standard error, n may be off by a large factor.
 *
 * @param measured   examples that were measured
 * @param mean       of their differences
 * @param deviation  standard deviation of a single difference (with n - 1)
 * @param bar        what the mean is held against
 * @param confidence of the interval
 * @param resolved   whether the interval of the measured examples leaves the bar out already
 * @param examples   how many would, no more than were measured if they do; empty where the mean is the bar, so that no number would
 */
public record ExamplesNeeded(int measured, double mean, double deviation, double bar, double confidence, boolean resolved, OptionalLong examples) {

    /**
     * From paired differences.
     *
     * @param differences one per example, finite; at least 2
     * @param bar         finite; 0 for "is there a difference"
     * @param confidence  such as 0.95, in (0, 1)
     */
    public static ExamplesNeeded of(double[] differences, double bar, double confidence) {
        int n = differences.length;
        if (n < 2) {
            throw new IllegalArgumentException("a standard deviation needs at least 2 examples, not " + n);
        }
        if (!Double.isFinite(bar) || !(confidence > 0 && confidence < 1)) {
            throw new IllegalArgumentException("a bar is finite and a confidence between 0 and 1, not " + bar + " and " + confidence);
        }
        double mean = Arrays.stream(differences).sum() / n;
        double deviation = Math.sqrt(Arrays.stream(differences).map(d -> (d - mean) * (d - mean)).sum() / (n - 1));
        if (!Double.isFinite(deviation)) {
            throw new IllegalArgumentException("the differences have a mean of " + mean + " and a standard deviation of " + deviation);
        }
        double distance = Math.abs(mean - bar);
        if (distance == 0) {
            return new ExamplesNeeded(n, mean, deviation, bar, confidence, false, OptionalLong.empty());
        }
        double z = Math.sqrt(2) * InverseErf.value(confidence);
        double root = z * deviation / distance;
        // The number at which half the interval is the distance; one example, if even that is more than needed.
        long examples = (long) Math.max(1, Math.ceil(root * root));
        return new ExamplesNeeded(n, mean, deviation, bar, confidence, examples <= n, OptionalLong.of(examples));
    }
}
