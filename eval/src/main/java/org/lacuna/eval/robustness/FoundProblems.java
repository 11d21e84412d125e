package org.lacuna.eval.robustness;

import java.util.ArrayList;
import java.util.List;
import org.lacuna.sparsity.critical.PairedBootstrap.Interval;

/** What is found to be wrong with a result that was read, each problem in a sentence that begins with its key; the first {@value #MOST} of them. */
public final class FoundProblems {
    private static final int MOST = 10;
    /** Draws of a bootstrap; more take too long to be waited for. */
    public static final int MOST_REPLICATES = 100_000;

    private final List<String> problems = new ArrayList<>();

    /** None if nothing is wrong. */
    public List<String> sentences() {
        return List.copyOf(problems);
    }

    /** Expects {@code low} at most {@code high}, and counts of draws that go together. */
    void interval(String key, Interval interval) {
        if (interval.low() > interval.high()) {
            problem(key, "from " + interval.low() + " to " + interval.high(), "low at most high");
        }
        confidence(key + "/confidence", interval.confidence());
        replicates(key + "/replicates", interval.replicates());
        within(key + "/none", interval.none(), 0, interval.replicates());
        within(key + "/at_least", interval.atLeast(), 0, interval.replicates());
    }

    /** Expects what an interval can be meant to cover. */
    public void confidence(String key, double confidence) {
        check(confidence > 0 && confidence < 1, key, confidence, "a number above 0 and below 1");
    }

    /** Expects a number of bootstrap draws. */
    public void replicates(String key, int replicates) {
        within(key, replicates, 1, MOST_REPLICATES);
    }

    void within(String key, long value, long least, long most) {
        check(value >= least && value <= most, key, value, "a whole number from " + least + " to " + most);
    }

    void number(String key, double value, double least, double most) {
        check(value >= least && value <= most, key, value,
                least == 0 && most == 1 ? "a number from 0 to 1" : least == -Double.MAX_VALUE ? "a number" : "a number of at least " + least);
    }

    void all(String key, List<Double> values, int length, double least, double most) {
        length(key, values, length);
        if (values != null) {
            values.forEach(value -> number(key, value, least, most));
        }
    }

    void length(String key, List<?> values, int length) {
        check(values != null && values.size() == length, key, values == null ? "null" : "of " + values.size() + " values", "a list of " + length);
    }

    /** A problem unless something holds. */
    public void check(boolean holds, String key, Object found, String expected) {
        if (!holds) {
            problem(key, found, expected);
        }
    }

    /** A problem. */
    public void problem(String key, Object found, String expected) {
        add(key + " is " + found + "; expected " + expected);
    }

    /** A problem in a sentence. */
    void add(String sentence) {
        if (problems.size() < MOST) {
            problems.add(sentence);
        }
    }
}
