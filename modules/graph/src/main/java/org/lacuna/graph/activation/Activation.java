package org.lacuna.graph.activation;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.OptionalDouble;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * An elementwise function f and its derivative. It has two sides: a reference in plain ND4J operations, which runs in
 * float or double on any backend, and loops over memory for the CPU's kernels. The reference calls nothing of the loops.
 *
 * <p>The loops work on little-endian buffers of floats; {@code zi}, {@code ai} and {@code di} are indices of elements, and
 * {@code n} is a multiple of {@link org.lacuna.graph.cpu.Lanes#WIDTH} (whoever has another length pads). They
 * allocate nothing and give the same bits for an element wherever it stands. Input and outputs don't overlap.
 */
public interface Activation {

    /** The name in recipes and in Hugging Face's {@code hidden_act}. */
    String name();

    /** Other names that Hugging Face has for the same function. */
    default List<String> aliases() {
        return List.of();
    }

    /** The number that a graph carries. It never changes, since saved graphs hold it. */
    int code();

    /** What f has besides z, a layer's own: FATReLU's threshold. A graph carries it beside the code. Most have none. */
    default OptionalDouble parameter() {
        return OptionalDouble.empty();
    }

    /** f(z), a new array; {@code z} is not modified. */
    INDArray reference(INDArray z);

    /** f′(z), a new array; {@code z} is not modified. */
    INDArray referenceDerivative(INDArray z);

    /** Writes f(z) to {@code a}. */
    void value(ByteBuffer z, int zi, ByteBuffer a, int ai, int n);

    /** Writes f(z) to {@code a}, the same bits as {@link #value}, and f′(z) to {@code d}. */
    void valueAndDerivative(ByteBuffer z, int zi, ByteBuffer a, int ai, ByteBuffer d, int di, int n);
}
