package org.lacuna.training.sweep;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.math3.stat.correlation.SpearmansCorrelation;
import org.apache.commons.math3.stat.ranking.NaturalRanking;

/**
 * How much a key's value goes with the score: for numbers Spearman's rank correlation; for values of a list η² of the scores' ranks, the share of
 * their variance that lies between the values. Both describe the candidates that were tried, one key at a time: no cause, and no part that keys have
 * together.
 */
record Importance(String key, String measure, double value, int candidates) {
    private static final int LEAST = 3;

    /** Of each key; without those that too few candidates have. Equal scores share their mean rank. */
    static List<Importance> of(List<SearchKey> keys, List<Map<String, String>> values, List<Double> scores) {
        List<Importance> all = new ArrayList<>();
        for (SearchKey key : keys) {
            List<String> given = new ArrayList<>();
            List<Double> found = new ArrayList<>();
            for (int i = 0; i < values.size(); i++) {
                if (values.get(i).containsKey(key.key())) {
                    given.add(values.get(i).get(key.key()));
                    found.add(scores.get(i));
                }
            }
            if (given.size() >= LEAST) {
                double[] y = found.stream().mapToDouble(Double::doubleValue).toArray();
                boolean discrete = key.type() == KeyKind.DISCRETE;
                double value = discrete ? between(given, new NaturalRanking().rank(y))
                        : new SpearmansCorrelation().correlation(given.stream().mapToDouble(Double::parseDouble).toArray(), y);
                all.add(new Importance(key.key(), discrete ? "η² of ranks" : "rank correlation", value, given.size()));
            }
        }
        return all;
    }

    /** Variance between groups / all variance; NaN where all ranks are the same. */
    private static double between(List<String> groups, double[] ranks) {
        double mean = 0;
        for (double rank : ranks) {
            mean += rank / ranks.length;
        }
        Map<String, double[]> sums = new LinkedHashMap<>();
        double all = 0;
        for (int i = 0; i < ranks.length; i++) {
            double[] sum = sums.computeIfAbsent(groups.get(i), group -> new double[2]);
            sum[0] += ranks[i] - mean;
            sum[1]++;
            all += (ranks[i] - mean) * (ranks[i] - mean);
        }
        double between = sums.values().stream().mapToDouble(sum -> sum[0] * sum[0] / sum[1]).sum();
        return between / all;
    }
}
