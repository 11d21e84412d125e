package org.lacuna.graph.cpu;

import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Products of bf16 factors by a library that multiplies floats: a block of each factor is widened, exactly, into working memory
 * of the thread that multiplies, and where the result is bf16, floats are summed there and rounded. A product of two bf16 numbers
 * is exact in float, so the sums are those that bf16's instructions make, in another order. Products of floats are the library's.
 */
final class WideningGemms implements GemmLibrary {
    /** Rows of op(A) that a block has at most, but for some more where one would be left over. */
    private static final int ROWS = 384;
    /** Columns of op(B) that a block has at most. */
    private static final int COLUMNS = 512;
    /** Terms that are summed at a time at most; the sums of further ones are added. */
    private static final int TERMS = 1024;
    /** Blocks are of whole units: of tiles, and of the rows that any library treats alike, so that a row's bits don't depend on its block. */
    private static final int UNIT = 48;

    private final GemmLibrary floats;
    private final ThreadLocal<Bench> benches = ThreadLocal.withInitial(Bench::new);

    /** Multiplies by {@code floats}. */
    WideningGemms(GemmLibrary floats) {
        this.floats = floats;
    }

    @Override
    public Gemm bind(Gemm.Operands operands) {
        return operands.a().type() == DataType.BFLOAT16 ? new Bound(this, operands) : floats.bind(operands);
    }

    @Override
    public DataType copied(DataType factors) {
        return DataType.FLOAT;
    }

    /** As the library says, of each block: what it says of products of some size only, {@link OpenBlasGemms}, a small block of a larger one need not keep. */
    @Override
    public int rowsAlike() {
        return floats.rowsAlike();
    }

    /** That of a product of floats, however its result is rounded. */
    @Override
    public int panelHeight(boolean ta, DataType factors, DataType sums, int rows, int inner, int panels) {
        return floats.panelHeight(ta, DataType.FLOAT, factors == DataType.BFLOAT16 ? DataType.FLOAT : sums, rows, inner, panels);
    }

    @Override
    public String description() {
        return floats.description() + ", bf16 widened to fp32";
    }

    /** How long the parts are into which {@code size} is cut, the last one the rest: {@code most}, and less where that makes them alike. */
    static int part(int size, int most) {
        int parts = Math.max(1, (size + most - 1) / most);
        int part = (size + parts - 1) / parts;
        part = (part + UNIT - 1) / UNIT * UNIT;
        while (part < size && size % part == 1) {
            part += UNIT; // a row that is alone would not have the bits that it has among others
        }
        return Math.min(part, size);
    }

    /** One thread's place to work. */
    private static final class Bench {
        private Tensor memory = floats(0);

        private static Tensor floats(int n) {
            TensorSpec spec = new TensorSpec("blocks", DataType.FLOAT, n);
            return new CpuMemory(spec.bytes()).tensor(spec, 0);
        }

        /** Room for so many floats. */
        Tensor memory(int n) {
            if (memory.length() < n) {
                memory = floats(n);
            }
            return memory;
        }
    }

    private static final class Bound extends Gemm {
        private final WideningGemms library;
        private final Operands o;
        private final ByteBuffer a;
        private final ByteBuffer b;
        /** Null where floats are written. */
        private final ByteBuffer c;
        private final Gemm first;
        private final Gemm further;

        Bound(WideningGemms library, Operands o) {
            super(o);
            this.library = library;
            this.o = o;
            a = from(o.a());
            b = from(o.b());
            c = o.c().type() == DataType.BFLOAT16 ? from(o.c()) : null;
            first = product(o.add());
            further = o.add() ? first : product(true);
        }

        /** All that a tensor that starts there can have. */
        private static ByteBuffer from(Matrix x) {
            return new Pointer(x.address()).getByteBuffer(0, Integer.MAX_VALUE);
        }

        /** Working memory is another for each thread: it lies at an offset from 0. */
        private Gemm product(boolean add) {
            Matrix block = new Matrix(0, DataType.FLOAT, 0);
            return library.floats.bind(o.ta(), o.tb(), o.m(), o.n(), o.k(), block, block, add, c == null ? o.c() : block);
        }

        @Override
        void run(int m, int n, int k, long aOffset, long bOffset, long cOffset) {
            boolean whole = c == null && o.c().stride() == 0; // rows that lie one behind the other are no parts of longer ones
            int height = part(m, ROWS);
            int width = whole ? n : part(n, COLUMNS);
            int depth = part(k, Math.max(UNIT, Math.min(TERMS, TERMS * COLUMNS / width)));
            int bAt = aligned(height * depth);
            int cAt = bAt + aligned(depth * width);
            Tensor memory = library.benches.get().memory(c == null ? cAt : cAt + height * width);
            long start = memory.address() / Float.BYTES;
            int apart = o.c().stride(n);
            for (int column = 0; column < n; column += width) {
                int w = Math.min(width, n - column);
                for (int row = 0; row < m; row += height) {
                    int h = Math.min(height, m - row);
                    long into = cOffset + (long) row * apart + column;
                    for (int term = 0; term < k; term += depth) {
                        int d = Math.min(depth, k - term);
                        if (column == 0 || height < m || depth < k) {
                            widen(a, aOffset, o.a().stride(o.ta() ? m : k), o.ta(), row, h, term, d, memory.bytes(), 0);
                        }
                        if (row == 0 || depth < k) {
                            widen(b, bOffset, o.b().stride(o.tb() ? k : n), o.tb(), term, d, column, w, memory.bytes(), bAt);
                        }
                        (term == 0 ? first : further).run(h, w, d, start, start + bAt, c == null ? into : start + cAt);
                    }
                    if (c != null) {
                        round(memory.bytes(), cAt, h, w, c, into, apart);
                    }
                }
            }
        }

        private static int aligned(int floats) {
            return Math.toIntExact(CpuMemory.aligned((long) floats * Float.BYTES) / Float.BYTES);
        }

        /** Widens a part of a matrix, which keeps lying as it does. */
        private static void widen(ByteBuffer x, long offset, int stride, boolean transposed, int row, int rows, int column, int columns, ByteBuffer to, int at) {
            int first = Math.toIntExact(offset + (transposed ? (long) column * stride + row : (long) row * stride + column));
            int lines = transposed ? columns : rows;
            int length = transposed ? rows : columns;
            if (length == stride) {
                Bfloat16.widen(x, first, to, at, lines * length);
                return;
            }
            for (int i = 0; i < lines; i++) {
                Bfloat16.widen(x, first + i * stride, to, at + i * length, length);
            }
        }

        private static void round(ByteBuffer sums, int at, int rows, int columns, ByteBuffer to, long offset, int stride) {
            int first = Math.toIntExact(offset);
            for (int i = 0; i < rows; i++) {
                Bfloat16.round(sums, at + i * columns, to, first + i * stride, columns);
            }
        }
    }
}
