package org.lacuna.graph.cpu;

import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.Pointer;

/** {@link OneDnnCode} with the arguments of a call: for one thread at a time. */
final class OneDnnCall {
    private final OneDnnCode code;
    private final Argument a;
    private final Argument b;
    private final Argument c;
    private final Argument scratch;
    /** What is multiplied: a and b themselves, or rounded copies in the thread's working memory. */
    private final Argument factorA;
    private final Argument factorB;
    private final long factorAAt;
    private final long factorBAt;
    private final long padBytes;
    private final dnnl_exec_arg_t product;
    private final dnnl_exec_arg_t roundingA;
    private final dnnl_exec_arg_t roundingB;

    OneDnnCall(OneDnnCode code, engine cpu) {
        this.code = code;
        OneDnnCode.Shape shape = code.shape();
        a = new Argument(shape.a(), cpu);
        b = new Argument(shape.b(), cpu);
        c = new Argument(shape.c(), cpu);
        scratch = new Argument(code.scratch(), cpu);
        factorA = shape.rounds() ? new Argument(shape.factorA(), cpu) : a;
        factorB = shape.rounds() ? new Argument(shape.factorB(), cpu) : b;
        factorAAt = CpuMemory.aligned(code.scratch().get_size());
        factorBAt = factorAAt + (shape.rounds() ? CpuMemory.aligned(shape.factorA().get_size()) : 0);
        padBytes = factorBAt + (shape.rounds() ? CpuMemory.aligned(shape.factorB().get_size()) : 0);
        product = arguments(new int[] {dnnl.DNNL_ARG_SRC, dnnl.DNNL_ARG_WEIGHTS, dnnl.DNNL_ARG_DST, dnnl.DNNL_ARG_SCRATCHPAD},
                factorA, factorB, c, scratch);
        int[] fromTo = {dnnl.DNNL_ARG_FROM, dnnl.DNNL_ARG_TO};
        roundingA = shape.rounds() ? arguments(fromTo, a, factorA) : null;
        roundingB = shape.rounds() ? arguments(fromTo, b, factorB) : null;
    }

    private static dnnl_exec_arg_t arguments(int[] roles, Argument... values) {
        dnnl_exec_arg_t arguments = new dnnl_exec_arg_t(roles.length);
        for (int i = 0; i < roles.length; i++) {
            arguments.position(i).arg(roles[i]).memory(values[i].handle);
        }
        return arguments.position(0);
    }

    boolean fits(int m, int n, int k) {
        OneDnnCode.Shape shape = code.shape();
        return shape.m() == m && shape.n() == n && shape.k() == k;
    }

    void run(OneDnnGemms.Bench bench, long aAddress, long bAddress, long cAddress) {
        a.at(aAddress);
        b.at(bAddress);
        c.at(cAddress);
        if (padBytes > 0) {
            long pad = bench.pad(padBytes);
            scratch.at(pad);
            if (roundingA != null) {
                factorA.at(pad + factorAAt);
                factorB.at(pad + factorBAt);
                execute(bench, code.roundA(), 2, roundingA);
                execute(bench, code.roundB(), 2, roundingB);
            }
        }
        execute(bench, code.product(), 4, product);
    }

    private void execute(OneDnnGemms.Bench bench, dnnl_primitive primitive, int count, dnnl_exec_arg_t arguments) {
        int status = dnnl.dnnl_primitive_execute(primitive, bench.stream(), count, arguments);
        if (status != dnnl.dnnl_success) {
            throw new IllegalStateException("oneDNN could not multiply " + code.shape() + ": status " + status);
        }
    }

    /** A matrix of a call; where it lies may change from run to run. */
    private static final class Argument {
        private final memory memory;
        private final dnnl_memory handle;
        private final At at = new At();

        Argument(memory.desc description, engine cpu) {
            memory = new memory(description, cpu, at);
            handle = memory.get();
        }

        void at(long address) {
            at.to(address);
            dnnl.dnnl_memory_set_data_handle(handle, at);
        }
    }

    /** A pointer to memory that somebody else owns. */
    private static final class At extends Pointer {
        At() {
            super((Pointer) null);
        }

        void to(long address) {
            this.address = address;
        }
    }
}
