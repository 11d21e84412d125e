package org.lacuna.graph.cpu;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.lacuna.graph.FlatMath;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.ParameterStore.Flat;
import org.lacuna.graph.ParameterStore.Rounded;

/** Flat vectors in the Vector API. A block's length is a multiple of every vector width, so that no loop has a tail. */
final class CpuFlatMath implements FlatMath {
    /** Elements in a block: small enough that its vectors stay in a core's cache, large enough to pay for being handed out. */
    static final int BLOCK = 1 << 14;

    private static final VectorSpecies<Double> D = DoubleVector.SPECIES_PREFERRED;

    @Override
    public Sum sum(Flat total, List<Flat> terms) {
        if (terms.isEmpty()) {
            throw new IllegalArgumentException("a sum of no vectors");
        }
        if (terms.subList(1, terms.size()).contains(total)) {
            throw new IllegalArgumentException("the total is overwritten before it is added");
        }
        return new SumPass(total, terms);
    }

    @Override
    public AdamW adamW(ParameterStore store, Flat gradient, Flat first, Flat second, AdamWConstants constants, Map<String, AdamWGroup> groups) {
        return new AdamWPass(store, gradient, first, second, constants, groups);
    }

    @Override
    public Pass average(Flat average, Flat vector, double weight) {
        if (average.length() != vector.length()) {
            throw new IllegalArgumentException("an average of " + average.length() + " elements and a vector of " + vector.length());
        }
        return new AveragingPass(average, vector, (float) weight);
    }

    @Override
    public Pass round(Flat vector, Rounded rounded) {
        return new RoundingPass(vector, rounded);
    }

    /** The vector's blocks. */
    static ByteBuffer[] cut(Flat flat) {
        ByteBuffer[] blocks = new ByteBuffer[Math.toIntExact((flat.length() + BLOCK - 1) / BLOCK)];
        for (int i = 0; i < blocks.length; i++) {
            long from = (long) i * BLOCK;
            blocks[i] = flat.part(from, (int) Math.min(BLOCK, flat.length() - from)).bytes();
        }
        return blocks;
    }

    private static int elements(ByteBuffer block) {
        return block.capacity() / Float.BYTES;
    }

    private static final class RoundingPass implements Pass {
        /** Buffers keep no memory alive: the vectors do. */
        private final List<Object> vectors;
        private final ByteBuffer[] from;
        private final ByteBuffer[] to;

        RoundingPass(Flat vector, Rounded rounded) {
            vectors = List.of(vector, rounded);
            from = cut(vector);
            to = new ByteBuffer[from.length];
            for (int i = 0; i < to.length; i++) {
                to[i] = rounded.part((long) i * BLOCK, elements(from[i])).bytes();
            }
        }

        @Override
        public int blocks() {
            return from.length;
        }

        @Override
        public void accept(int block) {
            Bfloat16.round(from[block], 0, to[block], 0, elements(from[block]));
            Reference.reachabilityFence(vectors);
        }
    }

    private static final class AveragingPass implements Pass {
        /** Buffers keep no memory alive: the vectors do. */
        private final List<Flat> vectors;
        private final ByteBuffer[] average;
        private final ByteBuffer[] vector;
        private final float weight;

        AveragingPass(Flat average, Flat vector, float weight) {
            vectors = List.of(average, vector);
            this.average = cut(average);
            this.vector = cut(vector);
            this.weight = weight;
        }

        @Override
        public int blocks() {
            return average.length;
        }

        @Override
        public void accept(int block) {
            average(average[block], vector[block], elements(average[block]), weight);
            Reference.reachabilityFence(vectors);
        }
    }

    static void average(ByteBuffer average, ByteBuffer vector, int n, float weight) {
        for (int i = 0; i < n; i += Lanes.WIDTH) {
            FloatVector a = Lanes.load(average, i);
            Lanes.store(a.add(Lanes.load(vector, i).sub(a).mul(weight)), average, i);
        }
    }

    private static final class SumPass implements Sum {
        /** Buffers keep no memory alive: the vectors do. */
        private final List<Flat> vectors;
        private final ByteBuffer[] total;
        private final ByteBuffer[][] terms;
        private final double[] squares;
        private final double[][] lanes;

        SumPass(Flat total, List<Flat> terms) {
            vectors = new ArrayList<>(terms);
            vectors.add(total);
            this.total = cut(total);
            this.terms = terms.stream().map(t -> t == total ? this.total : cut(t)).toArray(ByteBuffer[][]::new);
            squares = new double[this.total.length];
            lanes = new double[this.total.length][D.length()];
        }

        @Override
        public int blocks() {
            return total.length;
        }

        @Override
        public void accept(int block) {
            ByteBuffer into = total[block];
            int n = elements(into);
            ByteBuffer left = terms[0][block];
            if (terms.length == 1 && left != into) {
                into.put(0, left, 0, into.capacity());
            }
            for (int i = 1; i < terms.length; i++) {
                AddKernel.add(left, 0, terms[i][block], 0, into, 0, n);
                left = into;
            }
            squares[block] = sumOfSquares(into, n, lanes[block]);
            Reference.reachabilityFence(vectors);
        }

        @Override
        public double squares() {
            double sum = 0;
            for (double s : squares) {
                sum += s;
            }
            return sum;
        }
    }

    /** Each lane adds its elements in rising order; the lanes are then added in order. */
    static double sumOfSquares(ByteBuffer v, int n, double[] lanes) {
        DoubleVector low = DoubleVector.zero(D);
        DoubleVector high = DoubleVector.zero(D);
        for (int i = 0; i < n; i += Lanes.WIDTH) {
            FloatVector x = Lanes.load(v, i);
            DoubleVector a = (DoubleVector) x.convertShape(VectorOperators.F2D, D, 0);
            DoubleVector b = (DoubleVector) x.convertShape(VectorOperators.F2D, D, 1);
            low = low.add(a.mul(a));
            high = high.add(b.mul(b));
        }
        low.add(high).intoArray(lanes, 0);
        double sum = 0;
        for (double lane : lanes) {
            sum += lane;
        }
        return sum;
    }
}
