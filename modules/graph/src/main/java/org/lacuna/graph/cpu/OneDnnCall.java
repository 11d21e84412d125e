package org.lacuna.graph.cpu;

import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
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
    private final long scratchBytes;
    private final dnnl_exec_arg_t arguments = new dnnl_exec_arg_t(4);

    OneDnnCall(OneDnnCode code, engine cpu) {
        this.code = code;
        a = new Argument(code.shape().a(), cpu);
        b = new Argument(code.shape().b(), cpu);
        c = new Argument(code.shape().c(), cpu);
        scratch = new Argument(code.scratch(), cpu);
        scratchBytes = code.scratch().get_size();
        arguments.position(0).arg(dnnl.DNNL_ARG_SRC).memory(a.handle);
        arguments.position(1).arg(dnnl.DNNL_ARG_WEIGHTS).memory(b.handle);
        arguments.position(2).arg(dnnl.DNNL_ARG_DST).memory(c.handle);
        arguments.position(3).arg(dnnl.DNNL_ARG_SCRATCHPAD).memory(scratch.handle);
        arguments.position(0);
    }

    boolean fits(int m, int n, int k) {
        OneDnnCode.Shape shape = code.shape();
        return shape.m() == m && shape.n() == n && shape.k() == k;
    }

    void run(OneDnnGemms.Bench bench, long aAddress, long bAddress, long cAddress) {
        a.at(aAddress);
        b.at(bAddress);
        c.at(cAddress);
        if (scratchBytes > 0) {
            scratch.at(bench.pad(scratchBytes));
        }
        int status = dnnl.dnnl_primitive_execute(code.product(), bench.stream(), 4, arguments);
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
