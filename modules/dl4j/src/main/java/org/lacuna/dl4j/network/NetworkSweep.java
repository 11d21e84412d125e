package org.lacuna.dl4j.network;

import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.lacuna.dl4j.layer.RowRule;
import org.lacuna.run.InputException;
import org.lacuna.run.InterruptedRunException;
import org.lacuna.run.RunException;
import org.lacuna.sparsity.rule.NonFiniteException;
import org.lacuna.sparsity.rule.Rule;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.lossfunctions.impl.LossBinaryXENT;

/** Examples through a network without a rule and with one at a layer, for every p of a grid; what lies below the layer is run once. */
final class NetworkSweep {
    /** Loss sums by window. */
    final double[] dense;
    /** Right answers by window; all 0 for what is no classifier. */
    final int[] denseRight;
    /** [p][window]. */
    final double[][] losses;
    /** Values that are not 0 after the rule, [p][window]. */
    final long[][] kept;
    final int[][] right;
    /** Exact zeros of the dense run. */
    long zeros;
    /** Neurons that are not 0 for some row. */
    boolean[] alive = {};
    private final SitedNetwork network;
    private final Measured data;
    private final String name;
    private final boolean binary;

    NetworkSweep(String name, SitedNetwork network, Measured data, int points) {
        this.name = name;
        this.network = network;
        this.data = data;
        int windows = data.windows();
        dense = new double[windows];
        denseRight = new int[windows];
        losses = new double[points][windows];
        kept = new long[points][windows];
        right = new int[points][windows];
        binary = data.labels().size(1) == 1 && network.loss().filter(LossBinaryXENT.class::isInstance).isPresent();
    }

    /** Whether there are right answers to count: labels of several classes, or of two behind a sigmoid. */
    boolean classifies() {
        return binary || data.labels().size(1) > 1;
    }

    void run(Rule rule, List<Double> grid, BooleanSupplier stop) {
        for (int from = 0; from < data.windows(); from += data.batch()) {
            int to = Math.min(from + data.batch(), data.windows());
            INDArray labels = part(data.labels(), from, to);
            INDArray rows = rows(part(data.features(), from, to));
            observe(rows);
            score(rows, labels, from, dense, denseRight);
            for (int p = 0; p < grid.size(); p++) {
                if (stop.getAsBoolean()) {
                    throw new InterruptedRunException("stopped while measuring " + name + "; nothing is kept of it, the same command begins anew");
                }
                RowRule.Masked masked = masked(new RowRule(rule, grid.get(p)), rows, from);
                for (int r = 0; r < masked.kept().length; r++) {
                    kept[p][from + r / data.length()] += masked.kept()[r];
                }
                score(masked.rows(), labels, from, losses[p], right[p]);
            }
        }
    }

    private INDArray rows(INDArray features) {
        INDArray rows;
        try {
            rows = network.rows(features);
        } catch (RuntimeException e) {
            throw notComputed(features, e);
        }
        if (rows.size(0) != features.size(0) * data.length()) {
            throw new InputException(name + ": layer \"" + network.name() + "\" has " + rows.size(0) + " vectors for " + features.size(0) + " examples of " + data.length()
                    + " steps; a layer that keeps the steps is measured");
        }
        return rows;
    }

    /** What Deeplearning4j says of a network that it can't compute, though its shapes fit the data. */
    private InputException notComputed(INDArray array, RuntimeException e) {
        String reason = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
        return new InputException(name + ": Deeplearning4j can't compute the network on " + data.name() + ", arrays of " + Arrays.toString(array.shape()) + ": " + reason, e);
    }

    private RowRule.Masked masked(RowRule rule, INDArray rows, int from) {
        try {
            return rule.apply(rows);
        } catch (NonFiniteException e) {
            throw new RunException(name + ": the network's numbers overflow: layer \"" + network.name() + "\" is not finite in the examples from " + from, e);
        }
    }

    private void observe(INDArray rows) {
        int n = Math.toIntExact(rows.size(1));
        if (alive.length == 0) {
            alive = new boolean[n];
        }
        float[] values = rows.dup('c').data().asFloat();
        for (int i = 0; i < values.length; i++) {
            zeros += values[i] == 0 ? 1 : 0;
            alive[i % n] |= values[i] != 0;
        }
    }

    private void score(INDArray rows, INDArray labels, int from, double[] lossSums, int[] rightAnswers) {
        INDArray output;
        double[] sums;
        try {
            output = network.output(rows);
            sums = network.losses(labels);
        } catch (RuntimeException e) {
            throw notComputed(labels, e);
        }
        for (int w = 0; w < sums.length; w++) {
            if (!Double.isFinite(sums[w])) {
                throw new RunException(name + ": the network's loss is " + sums[w] + " in example " + (from + w) + " (counted from 0)");
            }
            lossSums[from + w] = sums[w];
        }
        if (classifies()) {
            INDArray hits = binary ? output.gt(0.5).eq(labels.gt(0.5)) : output.argMax(1).eq(labels.argMax(1));
            double[] counted = hits.castTo(output.dataType()).reshape(sums.length, data.length()).sum(1).toDoubleVector();
            for (int w = 0; w < sums.length; w++) {
                rightAnswers[from + w] = (int) counted[w];
            }
        }
    }

    private static INDArray part(INDArray all, int from, int to) {
        return all.get(NDArrayIndex.interval(from, to)).dup('c');
    }}
