package org.lacuna.model.lora;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.lacuna.graph.ParameterStore;
import org.lacuna.model.graph.DecoderParameters;
import org.lacuna.model.graph.LowRank;

/** Weights with their adapters in them, of which one at a time is in memory. */
final class Merged implements Function<String, FloatBuffer> {
    private final ParameterStore store;
    private final LowRank adapters;
    /** The module of a weight that has an adapter. */
    private final Map<String, String> modules;
    private String current = "";
    private float[] values = {};

    Merged(ParameterStore store, LowRank adapters) {
        this.store = store;
        this.adapters = adapters;
        modules = adapters.modules().stream().collect(Collectors.toMap(DecoderParameters::weight, module -> module));
    }

    @Override
    public FloatBuffer apply(String parameter) {
        if (!modules.containsKey(parameter)) {
            return store.tensor(parameter).floats();
        }
        if (!current.equals(parameter)) {
            values = merge(parameter, modules.get(parameter));
            current = parameter;
        }
        return FloatBuffer.wrap(values);
    }

    private float[] merge(String weight, String module) {
        int out = store.spec(weight).size(0);
        int in = store.spec(weight).size(1);
        int rank = adapters.rank();
        float[] merged = store.tensor(weight).toFloats();
        float[] a = store.tensor(LowRank.a(module)).toFloats();
        FloatBuffer b = store.tensor(LowRank.b(module)).floats();
        double[] row = new double[in];
        for (int o = 0; o < out; o++) {
            Arrays.fill(row, 0);
            for (int r = 0; r < rank; r++) {
                addScaled(row, adapters.scale() * b.get(o * rank + r), a, r * in);
            }
            for (int i = 0; i < in; i++) {
                merged[o * in + i] += row[i];
            }
        }
        return merged;
    }

    private static void addScaled(double[] row, double factor, float[] a, int from) {
        for (int i = 0; i < row.length; i++) {
            row[i] += factor * a[from + i];
        }
    }
}
