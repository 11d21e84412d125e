package org.lacuna.graph.cpu;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.dnnl_version_t;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.Loader;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Products by oneDNN. It writes code for a shape when it first meets it, which takes parts of a millisecond; that code is
 * kept here, by shape, for all that multiply such matrices. Working memory belongs to the thread that multiplies.
 */
final class OneDnnGemms implements GemmLibrary {
    /** Rows of a tile of AMX. */
    private static final int TILE = 16;
    /** Rows of a product that goes in blocks. */
    private static final int BLOCK = 512;
    /** Longer sums make bits depend on the number of rows; the shortest for which that was seen are of 512 terms. */
    private static final int LONG = 256;

    private final engine cpu;
    private final Map<OneDnnCode.Shape, OneDnnCode> codes = new ConcurrentHashMap<>();
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

    /** Its kernels take 8 rows at a time with AVX-512; with less 6 or 4. */
    @Override
    public int rowsAlike() {
        return hasAvx512() ? 8 : 24;
    }

    /**
     * With AVX-512 a row's bits depend on no other in panels of whole blocks, where a product goes in blocks, and else of whole
     * tiles, but for a row that is left over alone, and in bf16, where A does not lie transposed, if sums are not of whole tiles.
     * With less, they depend on how many rows are left over.
     */
    @Override
    public int panelHeight(boolean ta, DataType factors, DataType sums, int rows, int inner, int panels) {
        if (inBlocks(sums, inner)) {
            return ((rows + panels - 1) / panels + BLOCK - 1) / BLOCK * BLOCK;
        }
        if (panels == 1 || !hasAvx512() || !ta && factors == DataType.BFLOAT16 && inner % Gemm.READ_BF16 != 0) {
            return rows;
        }
        int height = ((rows + panels - 1) / panels + TILE - 1) / TILE * TILE;
        while (height < rows && rows % height == 1) {
            height += TILE;
        }
        return height;
    }

    /** Whether a product goes in blocks of rows: long sums that end in bf16 are added up in another order for other numbers of rows. */
    private static boolean inBlocks(DataType sums, int inner) {
        return sums == DataType.BFLOAT16 && inner > LONG;
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
                Map.entry(dnnl.dnnl_cpu_isa_avx10_2_512_amx_2, "AVX10_2_512_AMX_2"),
                Map.entry(dnnl.dnnl_cpu_isa_avx10_2_512, "AVX10_2_512"),
                Map.entry(dnnl.dnnl_cpu_isa_avx512_core_amx_fp16, "AVX512_CORE_AMX_FP16"),
                Map.entry(dnnl.dnnl_cpu_isa_avx512_core_amx, "AVX512_CORE_AMX"),
                Map.entry(dnnl.dnnl_cpu_isa_avx512_core_fp16, "AVX512_CORE_FP16"),
                Map.entry(dnnl.dnnl_cpu_isa_avx512_core_bf16, "AVX512_CORE_BF16"),
                Map.entry(dnnl.dnnl_cpu_isa_avx512_core_vnni, "AVX512_CORE_VNNI"),
                Map.entry(dnnl.dnnl_cpu_isa_avx512_core, "AVX512_CORE"),
                Map.entry(dnnl.dnnl_cpu_isa_avx2_vnni_2, "AVX2_VNNI_2"),
                Map.entry(dnnl.dnnl_cpu_isa_avx2_vnni, "AVX2_VNNI"),
                Map.entry(dnnl.dnnl_cpu_isa_avx2, "AVX2"),
                Map.entry(dnnl.dnnl_cpu_isa_avx, "AVX"),
                Map.entry(dnnl.dnnl_cpu_isa_sse41, "SSE41"));
        return known.stream().filter(e -> (isa & e.getKey()) == e.getKey()).map(Map.Entry::getValue).findFirst().orElse("any CPU");
    }

    /** Whether the library multiplies bf16 on this CPU: with AVX-512 it does, by other instructions where bf16's are missing. */
    static boolean hasBf16() {
        return hasAvx512();
    }

    /**
     * Whether it does so faster than it multiplies floats: with AMX, or with instructions for bf16 in AVX-512, but for CPUs that have
     * AVX512-FP16 too. Those are made for AMX, which some hypervisors hide, and multiply bf16 without it at two thirds of fp32's speed.
     */
    static boolean isFasterInBf16() {
        return isFasterInBf16(dnnl.dnnl_get_effective_cpu_isa());
    }

    static boolean isFasterInBf16(int isa) {
        return has(isa, dnnl.dnnl_cpu_isa_avx512_core_amx) || has(isa, dnnl.dnnl_cpu_isa_avx512_core_bf16) && !has(isa, dnnl.dnnl_cpu_isa_avx512_core_fp16);
    }

    private static boolean hasAvx512() {
        return has(dnnl.dnnl_get_effective_cpu_isa(), dnnl.dnnl_cpu_isa_avx512_core);
    }

    private static boolean has(int isa, int wanted) {
        return (isa & wanted) == wanted;
    }

    private OneDnnCode code(OneDnnCode.Shape shape) {
        return codes.computeIfAbsent(shape, s -> new OneDnnCode(s, cpu));
    }

    /** One thread's place to work. */
    static final class Bench {
        private final stream stream;
        private final dnnl_stream handle;
        private CpuMemory pad = new CpuMemory(0);

        Bench(OneDnnGemms library) {
            OpenMp.oneThread();
            stream = new stream(library.cpu);
            handle = stream.get();
        }

        dnnl_stream stream() {
            return handle;
        }

        /** Address of at least {@code bytes} of working memory. */
        long pad(long bytes) {
            if (pad.bytes() < bytes) {
                pad = new CpuMemory(bytes);
            }
            return pad.address();
        }
    }

    private static final class Bound extends Gemm {
        private final OneDnnGemms library;
        private final Operands o;
        /** One for each size that was run; attention's blocks have a few, everything else one or two. */
        private OneDnnCall[] calls = new OneDnnCall[0];
        private OneDnnCall last;

        Bound(OneDnnGemms library, Operands o) {
            super(o);
            this.library = library;
            this.o = o;
        }

        @Override
        void run(int m, int n, int k, long aOffset, long bOffset, long cOffset) {
            if (o.ta() || !inBlocks(o.c().type(), k)) {
                block(m, n, k, aOffset, bOffset, cOffset);
                return;
            }
            for (int from = 0; from < m; from += BLOCK) {
                block(Math.min(BLOCK, m - from), n, k, aOffset + (long) from * o.a().stride(k), bOffset, cOffset + (long) from * o.c().stride(n));
            }
        }

        private void block(int m, int n, int k, long aOffset, long bOffset, long cOffset) {
            OneDnnCall call = last != null && last.fits(m, n, k) ? last : find(m, n, k);
            call.run(library.benches.get(), o.a().at(aOffset), o.b().at(bOffset), o.c().at(cOffset));
        }

        private OneDnnCall find(int m, int n, int k) {
            for (OneDnnCall call : calls) {
                if (call.fits(m, n, k)) {
                    last = call;
                    return call;
                }
            }
            library.benches.get(); // before code is made: it depends on the thread's number of threads
            OneDnnCode code = library.code(OneDnnCode.Shape.of(o, m, n, k));
            OneDnnCall[] more = Arrays.copyOf(calls, calls.length + 1);
            more[calls.length] = new OneDnnCall(code, library.cpu);
            calls = more;
            last = more[calls.length - 1];
            return last;
        }
    }
}
