package org.lacuna.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.lacuna.graph.Backend;
import org.lacuna.graph.WrongPropertyException;
import org.lacuna.graph.cpu.CpuLibraries;
import org.lacuna.run.provenance.Machine;

/** What the engine would compute on: the CPU device's libraries, ND4J's backend, and whether a GPU lies idle. */
final class EngineFindings {
    private static final String TO_THE_CPU = "leave out -Pcuda to run on the CPU";
    private static final String UNPACKED = "native libraries are unpacked to ~/.javacpp/cache, which must be writable and allow "
            + "execution; -Dorg.bytedeco.javacpp.cachedir=DIR in .mvn/jvm.config takes another folder";

    private EngineFindings() {}

    static List<Finding> here() {
        List<Finding> findings = new ArrayList<>();
        if (JvmFindings.hasVectorModule()) {
            // Without it no kernel loads, and JvmFindings has said so.
            findings.addAll(cpu(Machine.here().vectorBits(), CpuLibraries::load));
        }
        List<Gpu> gpus = Gpu.here();
        Backend.find().ifPresentOrElse(
                backend -> {
                    findings.addAll(backend(backend.name(), backend.onGpu(), gpus, backend::start));
                    findings.addAll(gpus(gpus, backend.onGpu()));
                },
                () -> findings.add(Finding.fault("ND4J backend", "none on the class path", "start Lacuna through Maven")));
        return findings;
    }

    static List<Finding> cpu(int cpuBits, Callable<CpuLibraries> load) {
        try {
            CpuLibraries libraries = load.call();
            return List.of(vectorWidth(cpuBits, libraries.vectorBits()), gemm(cpuBits, libraries), bf16(libraries.widens()));
        } catch (WrongPropertyException e) {
            return List.of(Finding.fault("GEMM", "nothing chosen", e.getMessage()));
        } catch (Exception | LinkageError e) {
            return List.of(Finding.fault("GEMM", "the library that multiplies does not load (" + reason(e) + ")", UNPACKED));
        }
    }

    private static Finding vectorWidth(int cpuBits, int kernelBits) {
        String found = kernelBits + " bits in the kernels, " + (cpuBits == 0 ? "unknown" : cpuBits + " bits") + " by the CPU's flags";
        return kernelBits < cpuBits
                ? Finding.weak("vector width", found, "try -XX:UseAVX=" + (cpuBits == 512 ? 3 : 2) + JvmFindings.WHERE)
                : Finding.good("vector width", found);
    }

    private static Finding gemm(int cpuBits, CpuLibraries libraries) {
        String found = libraries.gemm() + ", " + (libraries.code().isEmpty() ? "unknown code"
                : "code for " + libraries.code() + " (" + libraries.codeBits() + " bits)")
                + ", one thread for each of Lacuna's worker threads";
        boolean narrow = libraries.codeBits() != 0 && libraries.codeBits() < cpuBits;
        if (libraries.onednn()) {
            return narrow
                    ? Finding.weak("GEMM", found, "older code than this CPU runs: leave ONEDNN_MAX_CPU_ISA out of the environment")
                    : Finding.good("GEMM", found);
        }
        String faster = "oneDNN is faster: leave out -Dlacuna.gemm; if it is not set, oneDNN did not load here";
        if (!narrow || libraries.codeBits() >= 256) {
            // 256 bits of 512 are no weakness by themselves: some CPUs split the wider vectors.
            return Finding.weak("GEMM", found, faster);
        }
        // The user's choice, or a model newer than the library whose code Lacuna could not choose, four to five times slower.
        return Finding.weak("GEMM", found, "older code than this CPU runs: OPENBLAS_CORETYPE=" + (cpuBits == 512 ? "SkylakeX" : "Haswell")
                + " in the environment makes products several times faster; " + faster);
    }

    private static Finding bf16(boolean widens) {
        return Finding.good("bf16", widens ? "widened to fp32 and multiplied so: no faster than fp32, but in less memory" : "multiplied as it is, with sums in fp32");
    }

    static List<Finding> backend(String name, boolean onGpu, List<Gpu> gpus, Callable<Backend.Environment> start) {
        if (onGpu && !gpus.isEmpty() && gpus.stream().noneMatch(Gpu::supported)) {
            return List.of(Finding.fault("ND4J backend", name + " has no code for " + gpus.get(0),
                    "it needs " + Gpu.SUPPORTED + "; " + TO_THE_CPU));
        }
        try {
            Backend.Environment environment = start.call();
            return List.of(Finding.good("ND4J backend", name + ", for SameDiff's own execution: BLAS " + environment.blas()
                    + (onGpu ? "" : ", " + environment.threads() + " threads")));
        } catch (Exception | LinkageError e) {
            String reason = reason(e);
            String advice = !onGpu ? UNPACKED
                    : (reason.contains("libcuda.so") ? "this machine has no NVIDIA driver; " : "it needs an NVIDIA driver, CUDA 11.6, "
                            + "cuDNN 8.3 and a GPU of " + Gpu.SUPPORTED + "; ") + TO_THE_CPU;
            return List.of(Finding.fault("ND4J backend", name + " does not start (" + reason + ")", advice));
        }
    }

    static List<Finding> gpus(List<Gpu> gpus, boolean used) {
        if (gpus.isEmpty()) {
            return List.of(Finding.good("GPU", "none that nvidia-smi tells"));
        }
        String advice = "Lacuna trains on the CPU; ";
        return gpus.stream().map(gpu -> new Finding("GPU", gpu.toString(), Finding.Level.GOOD,
                used ? advice + "SameDiff's own execution uses the GPU"
                        : gpu.supported() ? advice + "Maven's -Pcuda takes SameDiff's own execution to the GPU (not tried on one yet)"
                        : advice + "ND4J's CUDA library has no code for this GPU (it needs " + Gpu.SUPPORTED + ")")).toList();
    }

    /** The deepest cause in one line, without the path of the file that named it. */
    private static String reason(Throwable failure) {
        Throwable deepest = failure;
        while (deepest.getCause() != null) {
            deepest = deepest.getCause();
        }
        if (deepest.getMessage() == null || deepest.getMessage().isBlank()) {
            return deepest.getClass().getSimpleName();
        }
        return deepest.getMessage().strip().lines().findFirst().orElseThrow().replaceFirst("^/[^:]*/([^/:]+: )", "$1");
    }
}
