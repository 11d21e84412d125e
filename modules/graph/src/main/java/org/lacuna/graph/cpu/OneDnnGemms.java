package org.lacuna.graph.cpu;

import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.dnnl_version_t;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;

/**
 * Products by oneDNN. It writes code for a shape when it first meets it, which takes parts of a millisecond; that code is
 * kept here, by shape, for all that multiply such matrices. Working memory belongs to the thread that multiplies.
 */
final class OneDnnGemms implements GemmLibrary {
    private static final int ALIGNMENT = 64;
    private static final memory.data_type FLOAT = memory.data_type.f32;

    private final engine cpu;
    private final Map<Shape, Code> codes = new ConcurrentHashMap<>();
    private final ThreadLocal<Bench> benches = ThreadLocal.withInitial(() -> new Bench(this));

    /**
     * Loads the library.
     *
     * @throws LinkageError if it is not there, does not load, or can't be told how many threads it may use
     */
    OneDnnGemms() {
        Loader.load(dnnl.class);
        OpenMp.oneThread(); // here too, so that it fails now if it can fail
        cpu = new engine(engine.kind.cpu, 0);
    }

    @Override
    public Gemm bind(Gemm.Operands operands) {
        return new Bound(this, operands);
    }

    @Override
    public String description() {
        return version() + ", code for " + instructions();
    }

    static String version() {
        dnnl_version_t version = dnnl.version();
        return "oneDNN " + version.major() + "." + version.minor() + "." + version.patch();
    }

    /** The instructions that the library uses on this CPU, in the words of its documentation. */
    static String instructions() {
        int isa = dnnl.dnnl_get_effective_cpu_isa();
        // Newest first: each value holds the bits of those that it includes.
        List<Map.Entry<Integer, String>> known = List.of(
                Map.entry(dnnl.dnnl_cpu_isa_avx512_core_amx, "AVX512_CORE_AMX"),
                Map.entry(dnnl.dnnl_cpu_isa_avx512_core_bf16, "AVX512_CORE_BF16"),
                Map.entry(dnnl.dnnl_cpu_isa_avx512_core_vnni, "AVX512_CORE_VNNI"),
                Map.entry(dnnl.dnnl_cpu_isa_avx512_core, "AVX512_CORE"),
                Map.entry(dnnl.dnnl_cpu_isa_avx2_vnni, "AVX2_VNNI"),
                Map.entry(dnnl.dnnl_cpu_isa_avx2, "AVX2"),
                Map.entry(dnnl.dnnl_cpu_isa_avx, "AVX"),
                Map.entry(dnnl.dnnl_cpu_isa_sse41, "SSE41"));
        return known.stream().filter(e -> (isa & e.getKey()) == e.getKey()).map(Map.Entry::getValue).findFirst().orElse("any CPU");
    }

    private Code code(Shape shape) {
        return codes.computeIfAbsent(shape, s -> new Code(s, cpu));
    }

    /** What code is made for. */
    private record Shape(boolean ta, boolean tb, int m, int n, int k, float alpha, int lda, int ldb, float beta, int ldc) {
        memory.desc a() {
            return matrix(m, k, ta, lda);
        }

        memory.desc b() {
            return matrix(k, n, tb, ldb);
        }

        memory.desc c() {
            return matrix(m, n, false, ldc);
        }

        private static memory.desc matrix(int rows, int columns, boolean transposed, int stride) {
            return new memory.desc(new long[] {rows, columns}, FLOAT, transposed ? new long[] {1, stride} : new long[] {stride, 1});
        }
    }

    /** The library's code for one shape. Any number of threads may run it, since each brings its own working memory. */
    private static final class Code {
        private final Shape shape;
        private final matmul primitive;
        private final dnnl_primitive handle;
        private final memory.desc pad;

        Code(Shape shape, engine cpu) {
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
            matmul.primitive_desc description = new matmul.primitive_desc(new matmul.desc(shape.a(), shape.b(), shape.c()), attributes, cpu);
            primitive = new matmul(description);
            handle = primitive.get();
            pad = description.scratchpad_desc();
        }
    }

    /** One thread's place to work. */
    private static final class Bench {
        private final stream stream;
        private final dnnl_stream handle;
        private BytePointer pad = new BytePointer(0L);

        Bench(OneDnnGemms library) {
            OpenMp.oneThread();
            stream = new stream(library.cpu);
            handle = stream.get();
        }

        /** Address of at least {@code bytes} of working memory. */
        long pad(long bytes) {
            if (pad.capacity() < bytes + ALIGNMENT) {
                pad = new BytePointer(bytes + ALIGNMENT);
            }
            return (pad.address() + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        }
    }

    private static final class Bound extends Gemm {
        private final OneDnnGemms library;
        private final Operands o;
        /** One for each size that was run; attention's blocks have a few, everything else one or two. */
        private Call[] calls = new Call[0];
        private Call last;

        Bound(OneDnnGemms library, Operands o) {
            super(o);
            this.library = library;
            this.o = o;
        }

        @Override
        void run(int m, int n, int k, long aOffset, long bOffset, long cOffset) {
            Call call = last != null && last.fits(m, n, k) ? last : find(m, n, k);
            call.run(library.benches.get(), o.a() + aOffset * Float.BYTES, o.b() + bOffset * Float.BYTES, o.c() + cOffset * Float.BYTES);
        }

        private Call find(int m, int n, int k) {
            for (Call call : calls) {
                if (call.fits(m, n, k)) {
                    last = call;
                    return call;
                }
            }
            library.benches.get(); // before code is made: it depends on the thread's number of threads
            Code code = library.code(new Shape(o.ta(), o.tb(), m, n, k, o.alpha(), o.lda(), o.ldb(), o.beta(), o.ldc()));
            Call[] more = Arrays.copyOf(calls, calls.length + 1);
            more[calls.length] = new Call(code, library.cpu);
            calls = more;
            last = more[calls.length - 1];
            return last;
        }
    }

    /** Code with the arguments of a call. */
    private static final class Call {
        private final Code code;
        private final Argument a;
        private final Argument b;
        private final Argument c;
        private final Argument pad;
        private final long padBytes;
        private final dnnl_exec_arg_t arguments = new dnnl_exec_arg_t(4);

        Call(Code code, engine cpu) {
            this.code = code;
            a = new Argument(code.shape.a(), cpu);
            b = new Argument(code.shape.b(), cpu);
            c = new Argument(code.shape.c(), cpu);
            pad = new Argument(code.pad, cpu);
            padBytes = code.pad.get_size();
            put(0, dnnl.DNNL_ARG_SRC, a);
            put(1, dnnl.DNNL_ARG_WEIGHTS, b);
            put(2, dnnl.DNNL_ARG_DST, c);
            put(3, dnnl.DNNL_ARG_SCRATCHPAD, pad);
            arguments.position(0);
        }

        private void put(int i, int role, Argument argument) {
            arguments.position(i).arg(role).memory(argument.handle);
        }

        boolean fits(int m, int n, int k) {
            return code.shape.m == m && code.shape.n == n && code.shape.k == k;
        }

        void run(Bench bench, long aAddress, long bAddress, long cAddress) {
            a.at(aAddress);
            b.at(bAddress);
            c.at(cAddress);
            if (padBytes > 0) {
                pad.at(bench.pad(padBytes));
            }
            int status = dnnl.dnnl_primitive_execute(code.handle, bench.handle, 4, arguments);
            if (status != dnnl.dnnl_success) {
                throw new IllegalStateException("oneDNN could not multiply " + code.shape + ": status " + status);
            }
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

    /** oneDNN's threads are OpenMP's, as many for a call as the calling thread asks for. */
    private static final class OpenMp {
        private OpenMp() {}

        /** From now on the calling thread works alone. */
        static void oneThread() {
            try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
                maps.filter(line -> line.contains("libgomp") && line.indexOf('/') >= 0).map(line -> line.substring(line.indexOf('/'))).distinct()
                        .forEach(path -> NativeLibrary.getInstance(path).getFunction("omp_set_num_threads").invokeVoid(new Object[] {1}));
            } catch (IOException e) {
                throw new IllegalStateException("oneDNN's number of threads can't be set: /proc/self/maps can't be read", e);
            }
        }
    }
}
