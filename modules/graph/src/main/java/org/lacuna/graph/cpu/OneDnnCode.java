package org.lacuna.graph.cpu;

import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.reorder;
import org.lacuna.graph.Precision;

/** oneDNN's code for products of one shape. Any number of threads may run it, since each brings its own working memory. */
final class OneDnnCode {
    private final Shape shape;
    private final matmul product;
    private final dnnl_primitive handle;
    private final memory.desc scratch;
    /** What rounds A and B to bf16; null in fp32. */
    private final Rounding roundA;
    private final Rounding roundB;

    OneDnnCode(Shape shape, engine cpu) {
        this.shape = shape;
        primitive_attr attributes = new primitive_attr();
        attributes.set_scratchpad_mode(dnnl.dnnl_scratchpad_mode_user);
        if (shape.alpha != 1) {
            attributes.set_output_scales(0, new float[] {shape.alpha});
        }
        if (shape.beta != 0) {
            post_ops sum = new post_ops();
            sum.append_sum(shape.beta, memory.data_type.undef);
            attributes.set_post_ops(sum);
        }
        matmul.primitive_desc description = new matmul.primitive_desc(new matmul.desc(shape.factorA(), shape.factorB(), shape.c()), attributes, cpu);
        product = new matmul(description);
        handle = product.get();
        scratch = description.scratchpad_desc();
        roundA = shape.rounds() ? Rounding.of(cpu, shape.a(), shape.factorA()) : null;
        roundB = shape.rounds() ? Rounding.of(cpu, shape.b(), shape.factorB()) : null;
    }

    Shape shape() {
        return shape;
    }

    dnnl_primitive product() {
        return handle;
    }

    dnnl_primitive roundA() {
        return roundA.handle;
    }

    dnnl_primitive roundB() {
        return roundB.handle;
    }

    /** The working memory that the product asks for. */
    memory.desc scratch() {
        return scratch;
    }

    /** Code that copies a matrix into other numbers or another order; the handle lives as long as the primitive. */
    private record Rounding(reorder primitive, dnnl_primitive handle) {
        static Rounding of(engine cpu, memory.desc from, memory.desc to) {
            reorder primitive = new reorder(new reorder.primitive_desc(cpu, from, cpu, to));
            return new Rounding(primitive, primitive.get());
        }
    }

    /** What code is made for: the sizes, how the matrices lie, and the numbers that are multiplied. */
    record Shape(Precision precision, boolean ta, boolean tb, int m, int n, int k, float alpha, int lda, int ldb, float beta, int ldc) {
        /** Whether the factors are rounded first, into memory where they lie dense. */
        boolean rounds() {
            return precision == Precision.BF16;
        }

        /** A as it is given. */
        memory.desc a() {
            return matrix(m, k, ta, lda, memory.data_type.f32);
        }

        memory.desc b() {
            return matrix(k, n, tb, ldb, memory.data_type.f32);
        }

        memory.desc c() {
            return matrix(m, n, false, ldc, memory.data_type.f32);
        }

        /** A as it is multiplied. */
        memory.desc factorA() {
            return rounds() ? matrix(m, k, ta, ta ? m : k, memory.data_type.bf16) : a();
        }

        memory.desc factorB() {
            return rounds() ? matrix(k, n, tb, tb ? k : n, memory.data_type.bf16) : b();
        }

        private static memory.desc matrix(int rows, int columns, boolean transposed, int stride, memory.data_type type) {
            return new memory.desc(new long[] {rows, columns}, type, transposed ? new long[] {1, stride} : new long[] {stride, 1});
        }
    }
}
