package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import org.lacuna.graph.Tensor;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * A tensor's elements for a kernel that computes in float, a piece at a time: where they lie if they are floats; widened into
 * a piece of memory that stays in the first-level cache, and rounded from it, if they are bf16. For one piece at a time.
 */
final class Elements {
    private final ByteBuffer elements;
    /** Null where the tensor is of floats. */
    private final ByteBuffer piece;

    /**
     * @param t of FLOAT or BFLOAT16
     * @param most elements of a piece
     */
    Elements(Tensor t, int most) {
        elements = t.bytes();
        piece = t.dataType() == DataType.BFLOAT16 ? Lanes.floats(most) : null;
    }

    /** Where the piece's floats are: element {@code from} is at what {@link #read} or {@link #place} returned. */
    ByteBuffer floats() {
        return piece == null ? elements : piece;
    }

    /** Makes {@code n} elements readable as floats; returns the index of the first in {@link #floats}. */
    int read(int from, int n) {
        if (piece == null) {
            return from;
        }
        Bfloat16.widen(elements, from, piece, 0, n);
        return 0;
    }

    /** Where to write the float of element {@code from}, as an index into {@link #floats}; the following ones lie behind it. */
    int place(int from) {
        return piece == null ? from : 0;
    }

    /** Keeps {@code n} floats that were written from {@link #place} on. */
    void written(int from, int n) {
        if (piece != null) {
            Bfloat16.round(piece, 0, elements, from, n);
        }
    }
}
