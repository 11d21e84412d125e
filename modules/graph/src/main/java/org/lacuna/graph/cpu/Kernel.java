package org.lacuna.graph.cpu;

import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.op.LacunaOp;

/**
 * Runs one op on the CPU. Its loops over vectors are static methods, which the JVM is told to compile each by itself: where
 * several share a compilation, it gives up inlining and makes objects of the vectors.
 */
interface Kernel {

    /** In which numbers it takes the op's input {@code index} in a bf16 program. */
    default Format input(LacunaOp op, int index) {
        return Format.FP32;
    }

    /** In which numbers it gives the op's output {@code index} in a bf16 program: FP32 or EITHER. */
    default Format output(LacunaOp op, int index) {
        return Format.FP32;
    }

    /** Whether the output may lie where the input does; see {@link org.lacuna.graph.Device#inPlace}. */
    default boolean inPlace(int input, int output) {
        return false;
    }

    /** How many bytes of working memory a call in {@code panels} panels needs. */
    default long scratchBytes(LacunaOp op, TensorSpec[] in, TensorSpec[] out, int panels) {
        return 0;
    }

    /**
     * Prepares a call for fixed tensors. What the call needs (pointers, small arrays) is made here: running it
     * allocates nothing, and it gives the same bits whenever it runs, whether the JVM interprets or has compiled it, and
     * whatever the number of panels.
     *
     * @param panels for so many workers; a kernel may make fewer
     * @return phases that follow each other, each of panels that may run side by side
     */
    Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels);

    /** A call that one worker runs. */
    static Runnable[][] whole(Runnable call) {
        return new Runnable[][] {{call}};
    }
}
