package org.lacuna.graph;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * A model's trainable parameters: fp32 tensors that lie one behind the other in one flat vector, each from a multiple of
 * 32 elements on, so that the optimizer is one pass, a checkpoint a stream, and a gradient or an optimizer's moment has
 * the same layout. The gaps between tensors are zero and stay so.
 */
public final class ParameterStore {
    private static final int ALIGNMENT = 32;

    private final Map<String, Long> offsets = new LinkedHashMap<>();
    private final Map<String, TensorSpec> specs = new LinkedHashMap<>();
    private final Device device;
    private final long length;
    private final Flat values;

    /** Allocates zeroed parameters on {@code device} in the order given. */
    public ParameterStore(Device device, List<TensorSpec> parameters) {
        this.device = device;
        long next = 0;
        for (TensorSpec spec : parameters) {
            if (spec.dataType() != DataType.FLOAT) {
                throw new IllegalArgumentException(spec + ": a trainable parameter is FLOAT");
            }
            if (specs.put(spec.name(), spec) != null) {
                throw new IllegalArgumentException("two parameters are called " + spec.name());
            }
            offsets.put(spec.name(), next);
            next += aligned(spec.length());
        }
        length = next;
        values = new Flat();
    }

    private static long aligned(long elements) {
        return (elements + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    /** How many elements the flat vector of such parameters has, gaps included: {@link #length} before there is a store. */
    public static long length(List<TensorSpec> parameters) {
        return parameters.stream().mapToLong(spec -> aligned(spec.length())).sum();
    }

    /** Names in the order of the flat vector. */
    public List<String> names() {
        return Collections.unmodifiableList(new ArrayList<>(specs.keySet()));
    }

    public TensorSpec spec(String name) {
        TensorSpec spec = specs.get(name);
        if (spec == null) {
            throw new IllegalArgumentException("no parameter is called " + name);
        }
        return spec;
    }

    /** Where the tensor starts in the flat vector, in elements. */
    public long offset(String name) {
        spec(name);
        return offsets.get(name);
    }

    /** The flat vector's length in elements, gaps included. */
    public long length() {
        return length;
    }

    /** How many elements the tensors have together, without gaps. */
    public long count() {
        return specs.values().stream().mapToLong(TensorSpec::length).sum();
    }

    /** The parameters' values. */
    public Flat values() {
        return values;
    }

    /** The parameter called {@code name}; writing to it changes the model. */
    public Tensor tensor(String name) {
        return values.tensor(name);
    }

    /** A new zeroed vector of the same layout: for a gradient or an optimizer's moment. */
    public Flat like() {
        return new Flat();
    }

    /** Fills a tensor with normal numbers of mean 0, drawn from {@code random} in order. */
    public void normal(String name, double standardDeviation, Random random) {
        Tensor t = tensor(name);
        for (long i = 0; i < t.length(); i++) {
            t.setFloat(i, (float) (random.nextGaussian() * standardDeviation));
        }
    }

    /** One flat vector in the store's layout. */
    public final class Flat {
        private final Device.Memory memory = device.allocate(length * Float.BYTES);

        private Flat() {}

        /** The part that belongs to the parameter {@code name}. */
        public Tensor tensor(String name) {
            return memory.tensor(spec(name), offset(name) * Float.BYTES);
        }

        /** Elements {@code from} to {@code from + count}, {@code from} a multiple of 32, as one tensor. */
        public Tensor part(long from, int count) {
            return memory.tensor(new TensorSpec("[" + from + ", " + (from + count) + ")", DataType.FLOAT, count), from * Float.BYTES);
        }

        public long length() {
            return length;
        }

        /** New memory for the vector in bf16, zeroed; {@link FlatMath#round} fills it. */
        public Rounded rounded() {
            return new Rounded();
        }
    }

    /** A flat vector in bf16, in the same layout. */
    public final class Rounded {
        private final Device.Memory memory = device.allocate(length * Short.BYTES);

        private Rounded() {}

        /** The part that belongs to the parameter {@code name}, as {@code called}. */
        public Tensor tensor(String name, String called) {
            return memory.tensor(new TensorSpec(called, DataType.BFLOAT16, spec(name).shape()), offset(name) * Short.BYTES);
        }

        /** Elements {@code from} to {@code from + count}, {@code from} a multiple of 32, as one tensor. */
        public Tensor part(long from, int count) {
            return memory.tensor(new TensorSpec("[" + from + ", " + (from + count) + ")", DataType.BFLOAT16, count), from * Short.BYTES);
        }
    }
}
