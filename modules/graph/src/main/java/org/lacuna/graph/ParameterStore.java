package org.lacuna.graph;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * A model's parameters: fp32 tensors. The trainable ones lie one behind the other in one flat vector, each from a multiple of
 * 32 elements on, so that the optimizer is one pass, a checkpoint a stream, and a gradient or an optimizer's moment has
 * the same layout. The gaps between tensors are zero and stay so. Frozen ones, where there are any, lie in a vector of their own, and
 * have neither gradient nor moments.
 */
public final class ParameterStore {
    private static final int ALIGNMENT = 32;

    private final Device device;
    private final Layout trainable;
    private final Layout fixed;
    private final Flat values;
    private final Flat frozen;
    /** Of the frozen ones; null until somebody asks for it. */
    private Rounded frozenRounded;
    private final Map<String, Guest> guests = new HashMap<>();

    /** A frozen parameter of another store. */
    private record Guest(ParameterStore store, String name) {}

    /** Where tensors lie in a flat vector. */
    private static final class Layout {
        private final Map<String, Long> offsets = new LinkedHashMap<>();
        private final Map<String, TensorSpec> specs = new LinkedHashMap<>();
        private long length;

        private void add(TensorSpec spec) {
            specs.put(spec.name(), spec);
            offsets.put(spec.name(), length);
            length += aligned(spec.length());
        }

        private long count() {
            return specs.values().stream().mapToLong(TensorSpec::length).sum();
        }
    }

    /** Allocates zeroed parameters on {@code device} in the order given, all of them trainable. */
    public ParameterStore(Device device, List<TensorSpec> parameters) {
        this(device, parameters, Set.of());
    }

    /**
     * The same, some of them frozen.
     *
     * @param frozen their names
     */
    public ParameterStore(Device device, List<TensorSpec> parameters, Set<String> frozen) {
        this.device = device;
        trainable = new Layout();
        fixed = new Layout();
        Set<String> names = new HashSet<>();
        for (TensorSpec spec : parameters) {
            if (spec.dataType() != DataType.FLOAT) {
                throw new IllegalArgumentException(spec + ": a parameter is FLOAT");
            }
            if (!names.add(spec.name())) {
                throw new IllegalArgumentException("two parameters are called " + spec.name());
            }
            (frozen.contains(spec.name()) ? fixed : trainable).add(spec);
        }
        if (!names.containsAll(frozen)) {
            throw new IllegalArgumentException("there are no parameters " + frozen.stream().filter(name -> !names.contains(name)).sorted().toList() + " to freeze");
        }
        values = new Flat(trainable);
        this.frozen = new Flat(fixed);
    }

    private ParameterStore(ParameterStore other) {
        device = other.device;
        trainable = other.trainable;
        fixed = other.fixed;
        values = new Flat(trainable);
        frozen = other.frozen;
        frozenRounded = other.frozenRounded;
        copy(other.values, values);
    }

    private static void copy(Flat from, Flat to) {
        for (String name : from.layout.specs.keySet()) {
            ByteBuffer source = from.tensor(name).bytes();
            to.tensor(name).bytes().put(0, source, 0, source.capacity());
        }
    }

    /** Another store with trainable parameters of its own, for now the same numbers, and with this one's frozen ones. */
    public ParameterStore copy() {
        return new ParameterStore(this);
    }

    /**
     * Lets programs read another store's frozen parameter from this one. It has no part in this one's vectors, names and counts.
     *
     * @param name what it is called here
     * @param theirs what it is called there
     */
    public void attach(String name, ParameterStore store, String theirs) {
        if (!store.fixed.specs.containsKey(theirs)) {
            throw new IllegalArgumentException("no frozen parameter of the other store is called " + theirs);
        }
        if (trainable.specs.containsKey(name) || fixed.specs.containsKey(name)) {
            throw new IllegalArgumentException("two parameters are called " + name);
        }
        guests.put(name, new Guest(store, theirs));
    }

    private static long aligned(long elements) {
        return (elements + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    /** How many elements the flat vector of such parameters has, gaps included: {@link #length} before there is a store. */
    public static long length(List<TensorSpec> parameters) {
        return parameters.stream().mapToLong(spec -> aligned(spec.length())).sum();
    }

    /** Names of the trainable ones, in the order of the flat vector. */
    public List<String> names() {
        return List.copyOf(trainable.specs.keySet());
    }

    /** Names of the frozen ones, in order. */
    public List<String> frozenNames() {
        return List.copyOf(fixed.specs.keySet());
    }

    private Layout layout(String name) {
        return fixed.specs.containsKey(name) ? fixed : trainable;
    }

    /** The parameter's name and shape. */
    public TensorSpec spec(String name) {
        TensorSpec spec = layout(name).specs.get(name);
        if (spec == null) {
            throw new IllegalArgumentException("no parameter is called " + name);
        }
        return spec;
    }

    /** Where the tensor starts in its flat vector, in elements. */
    public long offset(String name) {
        spec(name);
        return layout(name).offsets.get(name);
    }

    /** The flat vector's length in elements, gaps included. */
    public long length() {
        return trainable.length;
    }

    /** How many elements the tensors have together, frozen ones too, without gaps. */
    public long count() {
        return trainable.count() + fixed.count();
    }

    /** How many elements the trainable ones have together, without gaps. */
    public long trainableCount() {
        return trainable.count();
    }

    /** The trainable parameters' values. */
    public Flat values() {
        return values;
    }

    /** The parameter called {@code name}; writing to it changes the model. */
    public Tensor tensor(String name) {
        return values.tensor(name);
    }

    /** A new zeroed vector in the layout of {@link #values}: for a gradient or an optimizer's moment. */
    public Flat like() {
        return new Flat(trainable);
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
        private final Layout layout;
        private final Device.Memory memory;

        private Flat(Layout layout) {
            this.layout = layout;
            memory = device.allocate(layout.length * Float.BYTES);
        }

        /** The part that belongs to the parameter {@code name}; of a frozen one the store's own, the only one that there is. */
        public Tensor tensor(String name) {
            Guest guest = guests.get(name);
            if (guest != null) {
                Tensor theirs = guest.store.frozen.tensor(guest.name);
                return theirs.view(name, 0, theirs.shape());
            }
            return (layout == layout(name) ? memory : frozen.memory).tensor(spec(name), offset(name) * Float.BYTES);
        }

        /** Elements {@code from} to {@code from + count}, {@code from} a multiple of 32, as one tensor. */
        public Tensor part(long from, int count) {
            return memory.tensor(new TensorSpec("[" + from + ", " + (from + count) + ")", DataType.FLOAT, count), from * Float.BYTES);
        }

        public long length() {
            return layout.length;
        }

        /** New memory for the vector in bf16, zeroed; {@link FlatMath#round} fills it. */
        public Rounded rounded() {
            return new Rounded(layout);
        }
    }

    /** A flat vector in bf16, in the same layout. */
    public final class Rounded {
        private final Layout layout;
        private final Device.Memory memory;

        private Rounded(Layout layout) {
            this.layout = layout;
            memory = device.allocate(layout.length * Short.BYTES);
        }

        /**
         * The part that belongs to the parameter {@code name}, as {@code called}; of a frozen one the store's own copy, which is made
         * when it is first asked for and holds what the parameters were then.
         */
        public Tensor tensor(String name, String called) {
            Guest guest = guests.get(name);
            if (guest != null) {
                return guest.store.frozenRounded().tensor(guest.name, called);
            }
            Device.Memory from = layout == layout(name) ? memory : frozenRounded().memory;
            return from.tensor(new TensorSpec(called, DataType.BFLOAT16, spec(name).shape()), offset(name) * Short.BYTES);
        }

        /** Elements {@code from} to {@code from + count}, {@code from} a multiple of 32, as one tensor. */
        public Tensor part(long from, int count) {
            return memory.tensor(new TensorSpec("[" + from + ", " + (from + count) + ")", DataType.BFLOAT16, count), from * Short.BYTES);
        }
    }

    private synchronized Rounded frozenRounded() {
        if (frozenRounded == null) {
            frozenRounded = frozen.rounded();
            FlatMath.Pass pass = device.flatMath().round(frozen, frozenRounded);
            for (int block = 0; block < pass.blocks(); block++) {
                pass.accept(block);
            }
        }
        return frozenRounded;
    }
}
