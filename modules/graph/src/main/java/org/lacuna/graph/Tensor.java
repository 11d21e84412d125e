package org.lacuna.graph;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * A named piece of memory outside the Java heap: dense, row-major, little-endian, at most 2³¹ − 1 bytes.
 * Whoever made it (a {@link Device}) keeps the memory alive for as long as the tensor is reachable through {@code owner}.
 */
public final class Tensor {
    private final TensorSpec spec;
    private final long address;
    private final ByteBuffer bytes;
    private final Object owner;

    /**
     * @param spec name, type and shape
     * @param address of the first element
     * @param bytes exactly the tensor's memory
     * @param owner kept reachable with the tensor, so that the memory stays
     */
    public Tensor(TensorSpec spec, long address, ByteBuffer bytes, Object owner) {
        if (bytes.capacity() != spec.bytes()) {
            throw new IllegalArgumentException(spec + " wants " + spec.bytes() + " bytes, not " + bytes.capacity());
        }
        this.spec = spec;
        this.address = address;
        this.bytes = bytes.order(ByteOrder.LITTLE_ENDIAN);
        this.owner = owner;
    }

    public TensorSpec spec() {
        return spec;
    }

    public String name() {
        return spec.name();
    }

    public DataType dataType() {
        return spec.dataType();
    }

    /** The dimensions; not to be modified. */
    public long[] shape() {
        return spec.shape();
    }

    /** How many elements. */
    public long length() {
        return spec.length();
    }

    /** The address of the first element. */
    public long address() {
        return address;
    }

    /** The whole tensor, little-endian; its position and limit are the caller's to leave alone. */
    public ByteBuffer bytes() {
        return bytes;
    }

    /** Keeps the memory alive. */
    public Object owner() {
        return owner;
    }

    /** The same memory, from element {@code from} on, under another name and shape. */
    public Tensor view(String name, long from, long... shape) {
        return view(new TensorSpec(name, dataType(), shape), from * spec.elementBytes());
    }

    /** The same memory, from byte {@code offset} on, as another tensor. */
    public Tensor view(TensorSpec part, long offset) {
        if (offset < 0 || offset + part.bytes() > spec.bytes()) {
            throw new IllegalArgumentException(part + " at byte " + offset + " does not fit into " + spec);
        }
        return new Tensor(part, address + offset, bytes.slice(Math.toIntExact(offset), Math.toIntExact(part.bytes())), owner);
    }

    public float getFloat(long index) {
        return bytes.getFloat(Math.toIntExact(index * Float.BYTES));
    }

    public void setFloat(long index, float value) {
        bytes.putFloat(Math.toIntExact(index * Float.BYTES), value);
    }

    public FloatBuffer floats() {
        return bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    }

    public IntBuffer ints() {
        return bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN).asIntBuffer();
    }

    /** Copies all elements; the lengths must agree. */
    public void set(float... values) {
        checkLength(values.length);
        floats().put(values);
    }

    /** Copies all elements; the lengths must agree. */
    public void set(int... values) {
        checkLength(values.length);
        ints().put(values);
    }

    /** Copies all elements; the lengths must agree. */
    public void set(double... values) {
        checkLength(values.length);
        bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN).asDoubleBuffer().put(values);
    }

    /** All elements of a FLOAT tensor. */
    public float[] toFloats() {
        float[] values = new float[Math.toIntExact(length())];
        floats().get(values);
        return values;
    }

    /** All elements of an INT32 tensor. */
    public int[] toInts() {
        int[] values = new int[Math.toIntExact(length())];
        ints().get(values);
        return values;
    }

    private void checkLength(int given) {
        if (given != length()) {
            throw new IllegalArgumentException(spec + " has " + length() + " elements, not " + given);
        }
    }

    @Override
    public String toString() {
        return spec.name() + Arrays.toString(spec.shape());
    }
}
