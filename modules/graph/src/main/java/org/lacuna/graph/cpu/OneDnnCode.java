package org.lacuna.graph.cpu;

import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive_attr;
import org.nd4j.linalg.api.buffer.DataType;

/** oneDNN's code for products of one shape. Any number of threads may run it, since each brings its own working memory. */
final class OneDnnCode {
    private final Shape shape;
    private final matmul product;
    private final dnnl_primitive handle;
    private final memory.desc scratch;

    OneDnnCode(Shape shape, engine cpu) {
        this.shape = shape;
        primitive_attr attributes = new primitive_attr();
        attributes.set_scratchpad_mode(dnnl.dnnl_scratchpad_mode_user);
        if (shape.add) {
            post_ops sum = new post_ops();
            sum.append_sum(1, 0, memory.data_type.undef);
            attributes.set_post_ops(sum);
        }
        matmul.primitive_desc description = new matmul.primitive_desc(cpu, shape.a(), shape.b(), shape.c(), attributes, false);
        product = new matmul(description);
        handle = product.get();
        scratch = description.scratchpad_desc();
    }

    Shape shape() {
        return shape;
    }

    dnnl_primitive product() {
        return handle;
    }

    /** The working memory that the product asks for. */
    memory.desc scratch() {
        return scratch;
    }

    /** What code is made for: the sizes, how the matrices lie, and their numbers. */
    record Shape(boolean ta, boolean tb, int m, int n, int k, DataType factors, int lda, int ldb, boolean add, DataType sums, int ldc) {
        /** These operands in other sizes. */
        static Shape of(Gemm.Operands o, int m, int n, int k) {
            return new Shape(o.ta(), o.tb(), m, n, k, o.a().type(), o.a().stride(o.ta() ? m : k), o.b().stride(o.tb() ? k : n),
                    o.add(), o.c().type(), o.c().stride(n));
        }

        memory.desc a() {
            return matrix(m, k, ta, lda, factors);
        }

        memory.desc b() {
            return matrix(k, n, tb, ldb, factors);
        }

        memory.desc c() {
            return matrix(m, n, false, ldc, sums);
        }

        private static memory.desc matrix(int rows, int columns, boolean transposed, int stride, DataType type) {
            memory.data_type numbers = type == DataType.BFLOAT16 ? memory.data_type.bf16 : memory.data_type.f32;
            return new memory.desc(new long[] {rows, columns}, numbers, transposed ? new long[] {1, stride} : new long[] {stride, 1});
        }
    }
}
