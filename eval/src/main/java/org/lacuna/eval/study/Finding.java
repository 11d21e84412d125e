package org.lacuna.eval.study;

import java.util.List;

/**
 * What a study says of a claim.
 *
 * @param claim   what is claimed, in a sentence
 * @param measure what each row's number is; above 0 it speaks for the claim
 * @param unit    of the numbers
 * @param rows    the numbers
 * @param limits  what can't be concluded from them
 */
public record Finding(String claim, String measure, Unit unit, List<Row> rows, List<String> limits) {
    /** Copies the lists. */
    public Finding {
        rows = List.copyOf(rows);
        limits = List.copyOf(limits);
    }

    /** What a number is in. */
    public enum Unit {
        /** Shares of activations, shown as percentage points. */
        POINTS,
        /** No unit. */
        NUMBER
    }

    /** Whether an interval lies above 0, below, or has 0 in it. */
    public enum Says {
        /** For the claim. */
        FOR,
        /** Against it. */
        AGAINST,
        /** Neither: the interval has 0 in it. */
        OPEN
    }

    /**
     * One number.
     *
     * @param label   of which models
     * @param value   as measured
     * @param low     lower end of its interval
     * @param high    upper end
     * @param certain false if a critical sparsity that went into it is a lower bound, or missing and counted as 0, as measured or in a draw
     */
    public record Row(String label, double value, double low, double high, boolean certain) {
        static Row of(String label, Draws draws, double confidence) {
            double[] interval = draws.interval(confidence);
            return new Row(label, draws.value(), interval[0], interval[1], draws.certain());
        }

        /** What its interval says of the claim; one that is not certain says nothing. */
        public Says says() {
            return !certain ? Says.OPEN : low > 0 ? Says.FOR : high < 0 ? Says.AGAINST : Says.OPEN;
        }
    }

    /** How many rows say that. */
    public long count(Says says) {
        return rows.stream().filter(row -> row.says() == says).count();
    }

    /** The claim's lot in this study, in words. */
    public String verdict() {
        long yes = count(Says.FOR);
        long no = count(Says.AGAINST);
        String counts = ": " + yes + " for, " + no + " against, " + count(Says.OPEN) + " open, of " + rows.size();
        if (rows.isEmpty()) {
            return "was not put to these models: they lack what it takes";
        }
        if (yes == rows.size()) {
            return "holds" + counts;
        }
        if (no == rows.size()) {
            return "does not hold" + counts;
        }
        if (yes > 0 && no > 0) {
            return "mixed" + counts;
        }
        return (yes > 0 ? "holds in some" : no > 0 ? "does not hold in some" : "can't be told") + counts;
    }
}
