package org.lacuna.graph.cpu;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
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
    public Sum sum(Flat total, List<Flat> terms, boolean accumulate) {
        if (terms.isEmpty()) {
            throw new IllegalArgumentException("a sum of no vectors");
        }
        if (terms.subList(1, terms.size()).contains(total) || accumulate && terms.contains(total)) {
            throw new IllegalArgumentException("the total is overwritten before it is added");
        }
        List<Flat> all = new ArrayList<>(terms);
        if (accumulate) {
            all.add(0, total);
        }
        return new SumPass(total, all);
    }

    @Override
    public AdamW adamW(ParameterStore store, Flat gradient, Flat first, Flat second, AdamWConstants constants, Set<String> decayed) {
        return new AdamWPass(store, gradient, first, second, constants, decayed);
    }

    @Override
    public Pass round(Flat vector, Rounded rounded) {
        return new RoundingPass(vector, rounded);
    }

    private static ByteBuffer[] cut(Flat flat) {
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

    private static final class AdamWPass implements AdamW {
        /** Buffers keep no memory alive: the vectors do. */
        private final List<Flat> vectors;
        private final ByteBuffer[] values;
        private final ByteBuffer[] gradient;
        private final ByteBuffer[] first;
        private final ByteBuffer[] second;
        /** For each block the ends of its stretches, in elements; every other stretch decays, the first one does not. */
        private final int[][] ends;
        private final AdamWConstants constants;
        private float scale;
        private float keep;
        private float stepSize;
        private float rootOfCorrection;

        AdamWPass(ParameterStore store, Flat gradient, Flat first, Flat second, AdamWConstants constants, Set<String> decayed) {
            decayed.forEach(store::spec); // throws on a name that is no parameter's
            vectors = List.of(store.values(), gradient, first, second);
            values = cut(store.values());
            this.gradient = cut(gradient);
            this.first = cut(first);
            this.second = cut(second);
            this.constants = constants;
            ends = ends(store, decayed, values.length);
        }

        private static int[][] ends(ParameterStore store, Set<String> decayed, int blocks) {
            List<List<Integer>> ends = new ArrayList<>();
            for (int i = 0; i < blocks; i++) {
                ends.add(new ArrayList<>());
            }
            List<String> names = store.names();
            for (int i = 0; i < names.size(); i++) {
                long from = store.offset(names.get(i));
                long to = i + 1 < names.size() ? store.offset(names.get(i + 1)) : store.length();
                for (long at = from; at < to; ) {
                    int block = (int) (at / BLOCK);
                    long end = Math.min(to, (block + 1L) * BLOCK);
                    append(ends.get(block), decayed.contains(names.get(i)), (int) (at % BLOCK), (int) (end - (long) block * BLOCK));
                    at = end;
                }
            }
            return ends.stream().map(list -> list.stream().mapToInt(Integer::intValue).toArray()).toArray(int[][]::new);
        }

        private static void append(List<Integer> ends, boolean decays, int from, int to) {
            boolean lastDecays = ends.size() % 2 == 0;
            if (ends.isEmpty()) {
                if (decays) {
                    ends.add(from);
                }
                ends.add(to);
            } else if (lastDecays == decays) {
                ends.set(ends.size() - 1, to);
            } else {
                ends.add(to);
            }
        }

        @Override
        public void prepare(long step, double learningRate, double gradientScale) {
            scale = (float) gradientScale;
            keep = (float) (1 - learningRate * constants.weightDecay());
            stepSize = (float) (learningRate / (1 - Math.pow(constants.beta1(), step)));
            rootOfCorrection = (float) Math.sqrt(1 - Math.pow(constants.beta2(), step));
        }

        @Override
        public int blocks() {
            return values.length;
        }

        @Override
        public void accept(int block) {
            int from = 0;
            float factor = 1;
            for (int end : ends[block]) {
                update(values[block], gradient[block], first[block], second[block], from, end, factor);
                from = end;
                factor = factor == 1 ? keep : 1;
            }
            Reference.reachabilityFence(vectors);
        }

        private void update(ByteBuffer p, ByteBuffer g, ByteBuffer m, ByteBuffer v, int from, int to, float factor) {
            float b1 = (float) constants.beta1();
            float c1 = (float) (1 - constants.beta1());
            float b2 = (float) constants.beta2();
            float c2 = (float) (1 - constants.beta2());
            adamW(p, g, m, v, from, to, factor, scale, b1, c1, b2, c2, rootOfCorrection, (float) constants.epsilon(), stepSize);
        }
    }

    static void adamW(ByteBuffer p, ByteBuffer g, ByteBuffer m, ByteBuffer v, int from, int to, float keep, float scale,
            float b1, float c1, float b2, float c2, float root, float epsilon, float stepSize) {
        for (int i = from; i < to; i += Lanes.WIDTH) {
            FloatVector gradient = Lanes.load(g, i).mul(scale);
            FloatVector first = Lanes.load(m, i).mul(b1).add(gradient.mul(c1));
            FloatVector second = Lanes.load(v, i).mul(b2).add(gradient.mul(gradient).mul(c2));
            Lanes.store(first, m, i);
            Lanes.store(second, v, i);
            FloatVector below = second.lanewise(VectorOperators.SQRT).div(root).add(epsilon);
            Lanes.store(Lanes.load(p, i).mul(keep).sub(first.div(below).mul(stepSize)), p, i);
        }
    }
}
