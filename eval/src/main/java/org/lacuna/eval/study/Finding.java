package org.lacuna.eval.study;

import java.util.ArrayList;
import java.util.List;

/**
 * What a study says of a claim.
 *
 * @param claim   what is claimed, in a sentence
 * @param measure what each row's number is; above 0 it speaks for the claim
 * @param unit    of the numbers
 * @param rows    the numbers
 * @param limits  what can't be concluded from them
 * @param missing what this study lacks to put the claim to numbers, or to some: a clause each, empty if nothing
 */
public record Finding(String claim, String measure, Unit unit, List<Row> rows, List<String> limits, List<String> missing) {
    /** Copies the lists. */
    public Finding {
        rows = List.copyOf(rows);
        limits = List.copyOf(limits);
        missing = List.copyOf(missing);
    }

    /** One that every study has all for. */
    public Finding(String claim, String measure, Unit unit, List<Row> rows, List<String> limits) {
        this(claim, measure, unit, rows, limits, List.of());
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

    /** Why the claim, or some rows of it, can't be judged: what is missing, numbers that are none, intervals that are too wide. A clause each; empty if nothing is in the way. */
    public List<String> gaps() {
        List<String> gaps = new ArrayList<>(missing);
        List<String> bounds = rows.stream().filter(row -> !row.certain()).map(Row::label).toList();
        if (!bounds.isEmpty()) {
            gaps.add("a critical sparsity that is but a lower bound, or none and counted as 0, went into " + bounds.size() + " of " + rows.size() + " rows (" + String.join("; ", bounds)
                    + "): these say nothing");
        }
        if (bounds.size() < rows.size() && count(Says.OPEN) == rows.size()) {
            gaps.add("no interval is clear of 0: more windows, documents, seeds or models would narrow them");
        }
        return gaps;
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
