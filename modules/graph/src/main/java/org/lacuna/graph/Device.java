package org.lacuna.graph;

import org.lacuna.graph.op.LacunaOp;

/** Supplies memory and kernels: what a {@code Program} needs of the hardware that it runs on. */
public interface Device {

    /** A zeroed tensor in memory of its own, aligned to 64 bytes. */
    Tensor allocate(TensorSpec spec);

    /** Zeroed memory of {@code bytes} bytes, aligned to 64 bytes, from which {@link Memory#tensor} cuts tensors. */
    Memory allocate(long bytes);

    /** Whether the device has a kernel for the op of this name. */
    boolean runs(String opName);

    /** In which numbers the op's kernel takes the op's input {@code index}, where the graph has it in 32 bits. */
    Format input(LacunaOp op, int index);

    /** In which numbers the op's kernel gives the op's output {@code index}, where the graph has it in 32 bits: FP32 or EITHER. */
    Format output(LacunaOp op, int index);

    /**
     * Whether the output may lie where the input does, if both have the same size: the kernel no longer needs an element of the
     * input when it writes the output's element at that place.
     */
    boolean inPlace(LacunaOp op, int input, int output);

    /** How many bytes of working memory a call of {@code op} with such tensors in {@code panels} panels needs; a multiple of 4. */
    long scratchBytes(LacunaOp op, TensorSpec[] in, TensorSpec[] out, int panels);

    /**
     * Prepares a call: for fixed tensors, to be run many times without allocating. It has phases that follow each other; the
     * panels of a phase may run side by side, each on one thread. The bits do not depend on how many there are.
     *
     * @param panels for so many threads; there may be fewer
     * @param scratch working memory of the size that {@link #scratchBytes} asked for, as FLOAT, or null if that was 0;
     *     its content is undefined before each run
     */
    Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels);

    /** This device, with kernels for programs of that precision. */
    Device in(Precision precision);

    /** Arithmetic on this device's flat vectors. */
    FlatMath flatMath();

    /**
     * How many rows a matrix product treats alike: where both factors lie dense and the left one has a multiple of so many
     * rows, a row of the result has the same bits whatever its place and however many others there are; in bf16, where it also has
     * a multiple of 32 columns.
     */
    int rowsAlike();

    /** The library that multiplies matrices and its version: results depend on it in their last bits. */
    String gemm();

    /** One piece of memory, possibly larger than a tensor can be. */
    interface Memory {
        long bytes();

        /** The tensor that starts {@code offset} bytes into the memory, {@code offset} a multiple of 64. */
        Tensor tensor(TensorSpec spec, long offset);
    }
}
