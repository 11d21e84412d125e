package org.lacuna.graph.cpu;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToIntFunction;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.lacuna.graph.FlatMath;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.ParameterStore.Flat;

/** AdamW over all parameters in one reading: a block is cut into stretches of parameters of the same group. */
final class AdamWPass implements FlatMath.AdamW {
    /** Buffers keep no memory alive: the vectors do. */
    private final List<Flat> vectors;
    private final ByteBuffer[] values;
    private final ByteBuffer[] gradient;
    private final ByteBuffer[] first;
    private final ByteBuffer[] second;
    /** For each block its stretches, which leave no gap. */
    private final Stretch[][] stretches;
    private final FlatMath.AdamWGroup[] groups;
    private final FlatMath.AdamWConstants constants;
    /** Of each group, in the step that is prepared. */
    private final float[] keep;
    private final float[] stepSize;
    private float scale;
    private float rootOfCorrection;

    /** Elements of a block from the end of the stretch before to {@code end}, all of one group. */
    private record Stretch(int end, int group) {}

    AdamWPass(ParameterStore store, Flat gradient, Flat first, Flat second, FlatMath.AdamWConstants constants, Map<String, FlatMath.AdamWGroup> groups) {
        if (!groups.keySet().equals(Set.copyOf(store.names()))) {
            throw new IllegalArgumentException("groups of " + groups.keySet() + " for the parameters " + store.names());
        }
        vectors = List.of(store.values(), gradient, first, second);
        values = CpuFlatMath.cut(store.values());
        this.gradient = CpuFlatMath.cut(gradient);
        this.first = CpuFlatMath.cut(first);
        this.second = CpuFlatMath.cut(second);
        this.constants = constants;
        List<FlatMath.AdamWGroup> distinct = groups.values().stream().distinct().toList();
        this.groups = distinct.toArray(FlatMath.AdamWGroup[]::new);
        keep = new float[distinct.size()];
        stepSize = new float[distinct.size()];
        stretches = stretches(store, name -> distinct.indexOf(groups.get(name)), values.length);
    }

    private static Stretch[][] stretches(ParameterStore store, ToIntFunction<String> group, int blocks) {
        List<List<Stretch>> stretches = new ArrayList<>();
        for (int i = 0; i < blocks; i++) {
            stretches.add(new ArrayList<>());
        }
        List<String> names = store.names();
        for (int i = 0; i < names.size(); i++) {
            long to = i + 1 < names.size() ? store.offset(names.get(i + 1)) : store.length();
            for (long at = store.offset(names.get(i)); at < to; ) {
                int block = (int) (at / CpuFlatMath.BLOCK);
                long end = Math.min(to, (block + 1L) * CpuFlatMath.BLOCK);
                append(stretches.get(block), new Stretch((int) (end - (long) block * CpuFlatMath.BLOCK), group.applyAsInt(names.get(i))));
                at = end;
            }
        }
        return stretches.stream().map(list -> list.toArray(Stretch[]::new)).toArray(Stretch[][]::new);
    }

    private static void append(List<Stretch> stretches, Stretch next) {
        int last = stretches.size() - 1;
        if (last >= 0 && stretches.get(last).group == next.group) {
            stretches.set(last, next);
        } else {
            stretches.add(next);
        }
    }

    @Override
    public void prepare(long step, double learningRate, double gradientScale) {
        scale = (float) gradientScale;
        for (int i = 0; i < groups.length; i++) {
            double rate = learningRate * groups[i].rate();
            keep[i] = (float) (1 - rate * groups[i].weightDecay());
            stepSize[i] = (float) (rate / (1 - Math.pow(constants.beta1(), step)));
        }
        rootOfCorrection = (float) Math.sqrt(1 - Math.pow(constants.beta2(), step));
    }

    @Override
    public int blocks() {
        return values.length;
    }

    @Override
    public void accept(int block) {
        int from = 0;
        for (Stretch stretch : stretches[block]) {
            update(block, from, stretch.end, keep[stretch.group], stepSize[stretch.group]);
            from = stretch.end;
        }
        Reference.reachabilityFence(vectors);
    }

    private void update(int block, int from, int to, float keep, float stepSize) {
        float b1 = (float) constants.beta1();
        float c1 = (float) (1 - constants.beta1());
        float b2 = (float) constants.beta2();
        float c2 = (float) (1 - constants.beta2());
        adamW(values[block], gradient[block], first[block], second[block], from, to, keep, scale, b1, c1, b2, c2, rootOfCorrection,
                (float) constants.epsilon(), stepSize);
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
