package org.lacuna.sparsity.rule;

import java.util.Comparator;
import java.util.stream.IntStream;

/** Top-p word for word as it is defined: the whole row sorted, summed one by one. */
final class NaiveTopP {
    private NaiveTopP() {
    }

    static boolean[] kept(float[] row, double p) {
        int[] order = IntStream.range(0, row.length).boxed()
                .sorted(Comparator.<Integer>comparingDouble(i -> -Math.abs((double) row[i])).thenComparing(Comparator.naturalOrder()))
                .mapToInt(Integer::intValue).toArray();
        double total = 0;
        for (int i : order) {
            total += Math.abs((double) row[i]);
        }
        boolean[] kept = new boolean[row.length];
        double before = 0;
        for (int i : order) {
            if (row[i] == 0 || p < 1 && !(before < p * total)) {
                break;
            }
            kept[i] = true;
            before += Math.abs((double) row[i]);
        }
        return kept;
    }
}
