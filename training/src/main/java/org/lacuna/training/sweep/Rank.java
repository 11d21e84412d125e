package org.lacuna.training.sweep;

import java.util.Comparator;

/** A candidate's place among those of its rung: the higher score is before the lower one, of equal scores the lower loss. */
record Rank(double score, double loss) implements Comparable<Rank> {
    @Override
    public int compareTo(Rank other) {
        return Comparator.comparingDouble(Rank::score).reversed().thenComparingDouble(Rank::loss).compare(this, other);
    }
}
