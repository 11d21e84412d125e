package org.lacuna.sparsity.measure;

import java.util.ArrayList;
import java.util.List;

/** The means of measures over tokens, each token counting once. One instance a worker; see {@link TextSums} for why texts are told apart. */
public final class MeasureMeans {
    private final List<Measure> measures;
    private final List<TextSums> sums = new ArrayList<>();

    /**
     * Of no token yet.
     *
     * @param measures whose means are wanted
     * @param texts    how many texts there may be
     */
    public MeasureMeans(List<Measure> measures, int texts) {
        this.measures = List.copyOf(measures);
        for (int i = 0; i < measures.size(); i++) {
            sums.add(new TextSums(texts));
        }
    }

    /** Adds a token; arguments and errors are those of {@link Measure#of}, and after an error some measures have the token and others don't. */
    public void add(int text, float[] values, int n, MeasureScratch scratch) {
        for (int i = 0; i < measures.size(); i++) {
            sums.get(i).add(text, measures.get(i).of(values, n, scratch));
        }
    }

    /**
     * Takes in what another worker added.
     *
     * @throws IllegalArgumentException if it is of other measures or another number of texts, or both have tokens of the same text
     */
    public void merge(MeasureMeans other) {
        if (!other.measures.equals(measures)) {
            throw new IllegalArgumentException("means of " + names(measures) + " and of " + names(other.measures));
        }
        for (int i = 0; i < measures.size(); i++) {
            sums.get(i).merge(other.sums.get(i));
        }
    }

    private static List<String> names(List<Measure> measures) {
        return measures.stream().map(Measure::name).toList();
    }

    /**
     * What was gathered of a measure: its mean, the tokens it is of, and those that don't have it.
     *
     * @throws IllegalArgumentException if it is none of these
     */
    public TextSums of(Measure measure) {
        int i = measures.indexOf(measure);
        if (i < 0) {
            throw new IllegalArgumentException("no means of " + measure.name() + ", only of " + names(measures));
        }
        return sums.get(i);
    }
}
