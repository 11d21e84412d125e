package org.lacuna.eval.report;

import java.util.ArrayList;
import java.util.List;

/** A series of any length that is added point by point, of which few are kept: each the mean of as many points that follow each other. */
final class Thinned {
    /** More than a chart has pixels for would only make the page large. */
    static final int MOST = 1000;

    private final List<Double> x = new ArrayList<>();
    private final List<Double> y = new ArrayList<>();
    private int together = 1;
    private int added;
    private double sumX;
    private double sumY;

    void add(double atX, double atY) {
        sumX += atX;
        sumY += atY;
        added++;
        if (added == together) {
            close();
        }
        if (x.size() == MOST) {
            halve(x);
            halve(y);
            together *= 2;
        }
    }

    private void close() {
        x.add(sumX / added);
        y.add(sumY / added);
        sumX = 0;
        sumY = 0;
        added = 0;
    }

    private static void halve(List<Double> values) {
        for (int i = 0; i < values.size() / 2; i++) {
            values.set(i, (values.get(2 * i) + values.get(2 * i + 1)) / 2);
        }
        values.subList(values.size() / 2, values.size()).clear();
    }

    /** How many points stand in one. */
    int together() {
        return together;
    }

    List<Double> x() {
        return x;
    }

    List<Double> y() {
        return y;
    }

    /** The points that do not fill one up yet are one too. */
    Thinned end() {
        if (added > 0) {
            close();
        }
        return this;
    }
}
