package org.lacuna.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.cli.Finding.Level;
import org.lacuna.graph.Backend;
import org.lacuna.graph.WrongPropertyException;
import org.lacuna.graph.cpu.CpuLibraries;
import org.lacuna.run.folder.Json;
import org.nd4j.linalg.factory.Nd4jBackend;
import picocli.CommandLine;

class DoctorCommandTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    Path folder;

    private int run(String... args) {
        return Main.execute(Main.commandLine(new PrintWriter(out), new PrintWriter(err)), args);
    }

    @Test
    void looksAtThisMachine() {
        assertEquals(0, run("doctor"), err::toString);
        List<String> lines = out.toString().lines().toList();
        // Tests run with the bounds check on and without JavaCPP's limits.
        assertTrue(lines.stream().anyMatch(line -> line.matches("  vector module +present")), out::toString);
        assertTrue(lines.stream().anyMatch(line -> line.matches("- vector bounds check +on")), out::toString);
        assertTrue(lines.stream().anyMatch(line -> line.matches("  memory outside the heap +not limited by JavaCPP")), out::toString);
        assertTrue(lines.stream().anyMatch(line -> line.matches("[ -] vector width +(128|256|512) bits in the kernels, .*")), out::toString);
        assertTrue(lines.stream().anyMatch(line -> line.matches("[ -] GEMM +oneDNN [0-9.]+, .*, one thread for each .*")), out::toString);
        assertTrue(lines.stream().anyMatch(line -> line.matches("  bf16 +(multiplied as it is|widened to fp32).*")), out::toString);
        assertTrue(lines.stream().anyMatch(line -> line.matches("  ND4J backend +nd4j-native-\\S+, .*: BLAS OPENBLAS, \\d+ threads")),
                out::toString);
        assertEquals("", err.toString());
    }

    @Test
    void writesTheSameAsJson() throws IOException {
        Path file = folder.resolve("doctor.json");
        assertEquals(0, run("doctor", "--json", file.toString()));
        String table = out.toString();
        JsonNode json = Json.parse("doctor.json", Files.readString(file));
        for (JsonNode finding : json.get("findings")) {
            assertTrue(table.contains(finding.get("subject").textValue()) && table.contains(finding.get("value").textValue()));
        }
        out.getBuffer().setLength(0);
        assertEquals(0, run("doctor", "--json", "-"));
        assertEquals(json, Json.parse("standard output", out.toString()));
        assertEquals(2, run("doctor", "--json", folder.toString()));
    }

    @Test
    void tellsHowToSetWhatIsMissing() {
        assertEquals(Level.FAULT, JvmFindings.vectorModule(false).level());
        assertTrue(JvmFindings.vectorModule(false).advice().contains("--add-modules jdk.incubator.vector"));
        assertEquals(Level.GOOD, JvmFindings.vectorModule(true).level());

        assertTrue(JvmFindings.heap(100L << 20).advice().contains("-Xmx"));
        assertEquals("at most 100 MiB", JvmFindings.heap(100L << 20).value());
        assertEquals("at most 2.0 GiB", JvmFindings.heap(2L << 30).value());

        Map<String, String> none = Map.of();
        assertTrue(JvmFindings.offHeap(none::get).advice()
                .contains("-Dorg.bytedeco.javacpp.maxbytes=0 -Dorg.bytedeco.javacpp.maxphysicalbytes=0"));
        Map<String, String> half = Map.of(JvmFindings.OFF_HEAP_LIMIT, "0");
        assertEquals(Level.WEAK, JvmFindings.offHeap(half::get).level());
        assertEquals("limited by JavaCPP (maxbytes 0, maxphysicalbytes by default, from the heap's)",
                JvmFindings.offHeap(half::get).value());
        assertTrue(JvmFindings.boundsCheck(none::get).advice().contains(JvmFindings.BOUNDS_CHECK + "=0"));
        assertEquals(Level.WEAK, JvmFindings.inlining(List.of("-Xmx1g")).level());
        assertEquals(Level.GOOD, JvmFindings.inlining(List.of("-Xmx1g", JvmFindings.KERNELS_APART)).level());
        assertEquals(Level.GOOD, JvmFindings.boundsCheck(Map.of(JvmFindings.BOUNDS_CHECK, "0")::get).level());
    }

    /** {@code doctor} where the backend does this when it is started. */
    private int runWithBackend(boolean onGpu, List<Gpu> gpus, Callable<Backend.Environment> start, String... args) {
        CommandLine lacuna = Main.commandLine(new PrintWriter(out), new PrintWriter(err));
        lacuna.addSubcommand("examine", new DoctorCommand(List.of(
                () -> List.of(JvmFindings.heap(100L << 20)),
                () -> EngineFindings.backend("nd4j-x-1", onGpu, gpus, start))));
        // picocli hands these down to the subcommands that are there when they are set.
        lacuna.setOut(lacuna.getOut()).setErr(lacuna.getErr()).setExecutionExceptionHandler(lacuna.getExecutionExceptionHandler());
        return Main.execute(lacuna, Stream.concat(Stream.of("examine"), Stream.of(args)).toArray(String[]::new));
    }

    private void assertOneLine(String reasonAndAdvice) {
        assertEquals(List.of("lacuna doctor: a run would fail here: ND4J backend: nd4j-x-1 " + reasonAndAdvice),
                err.toString().lines().toList());
        assertTrue(out.toString().lines().anyMatch(line -> line.startsWith("! ND4J backend")), out::toString);
        assertTrue(out.toString().lines().anyMatch(line -> line.startsWith("- heap")), "the other findings are there too: " + out);
        err.getBuffer().setLength(0);
        out.getBuffer().setLength(0);
    }

    @Test
    void aBackendThatDoesNotStartIsOneLineAndExitCodeOne() {
        UnsatisfiedLinkError missing = new UnsatisfiedLinkError("/home/a b/libjnicudart.so: libcuda.so.1: cannot open\nmore");
        String noDriver = "does not start (libjnicudart.so: libcuda.so.1: cannot open); this machine has no NVIDIA driver; "
                + "leave out -Pcuda to run on the CPU";
        assertEquals(1, runWithBackend(true, List.of(), () -> {
            throw missing;
        }));
        assertOneLine(noDriver);
        assertEquals(1, runWithBackend(true, List.of(), () -> {
            throw new ExceptionInInitializerError(new RuntimeException("outer", missing));
        }));
        assertOneLine(noDriver);
        assertEquals(1, runWithBackend(true, List.of(), () -> {
            throw new RuntimeException(new Nd4jBackend.NoAvailableBackendException("no devices"));
        }));
        assertOneLine("does not start (no devices); it needs an NVIDIA driver, CUDA 11.6, cuDNN 8.3 and a GPU of compute capability "
                + "3.7 to 8.9; leave out -Pcuda to run on the CPU");
        assertEquals(1, runWithBackend(false, List.of(), () -> {
            throw new NoClassDefFoundError();
        }));
        assertOneLine("does not start (NoClassDefFoundError); native libraries are unpacked to ~/.javacpp/cache, which must be "
                + "writable and allow execution; -Dorg.bytedeco.javacpp.cachedir=DIR in .mvn/jvm.config takes another folder");
    }

    @Test
    void aFaultStandsInTheJsonToo() {
        assertEquals(1, runWithBackend(false, List.of(), () -> {
            throw new UnsatisfiedLinkError("gone");
        }, "--json", "-"));
        JsonNode findings = Json.parse("standard output", out.toString()).get("findings");
        assertEquals("weak", findings.get(0).get("level").textValue());
        assertEquals("fault", findings.get(1).get("level").textValue());
        assertEquals("nd4j-x-1 does not start (gone)", findings.get(1).get("value").textValue());
        assertEquals(1, err.toString().lines().count(), err::toString);
    }

    @Test
    void aGpuThatTheCudaLibraryHasNoCodeForIsToldWithoutStarting() {
        List<Gpu> hopper = Gpu.parse("NVIDIA H100, 81559 MiB, 550.54.15, 9.0\n");
        assertEquals(1, runWithBackend(true, hopper, () -> {
            throw new AssertionError("started");
        }));
        assertOneLine("has no code for NVIDIA H100, 81559 MiB, driver 550.54.15, compute capability 9.0; it needs compute capability "
                + "3.7 to 8.9; leave out -Pcuda to run on the CPU");
        List<Gpu> both = Gpu.parse("NVIDIA H100, 81559 MiB, 550.54.15, 9.0\nNVIDIA L4, 23034 MiB, 550.54.15, 8.9\nodd line\n");
        assertEquals(List.of(false, true), both.stream().map(Gpu::supported).toList());
        assertEquals(0, runWithBackend(true, both, () -> new Backend.Environment("CUBLAS", 1)));
        assertTrue(EngineFindings.gpus(both, false).get(0).advice().contains("no code for this GPU"));
        assertTrue(EngineFindings.gpus(both, false).get(1).advice().contains("-Pcuda"));
        assertEquals(List.of(), Gpu.parse(""));
    }

    private static Finding cpu(int cpuBits, int kernelBits, boolean onednn, String code, int codeBits, int index) {
        return EngineFindings.cpu(cpuBits, () -> new CpuLibraries(kernelBits, "library 1", onednn, code, codeBits, false)).get(index);
    }

    @Test
    void tellsWhyTheKernelsAndTheirLibraryAreNotFaster() {
        assertTrue(cpu(512, 256, true, "AVX512_CORE", 512, 0).advice().contains("-XX:UseAVX=3"));
        assertTrue(cpu(256, 128, true, "AVX2", 256, 0).advice().contains("-XX:UseAVX=2"));
        assertEquals(Level.GOOD, cpu(512, 512, true, "AVX512_CORE", 512, 0).level());
        assertEquals(Level.GOOD, cpu(0, 256, true, "AVX2", 256, 0).level());

        assertEquals(Level.GOOD, cpu(512, 512, true, "AVX512_CORE_AMX", 512, 1).level());
        assertTrue(cpu(512, 512, true, "AVX2", 256, 1).advice().contains("ONEDNN_MAX_CPU_ISA"));
        assertTrue(cpu(512, 512, false, "Prescott", 128, 1).advice().contains("OPENBLAS_CORETYPE=SkylakeX"));
        assertTrue(cpu(256, 256, false, "Prescott", 128, 1).advice().contains("OPENBLAS_CORETYPE=Haswell"));
        assertFalse(cpu(512, 512, false, "Zen", 256, 1).advice().contains("OPENBLAS_CORETYPE"));
        assertTrue(cpu(512, 512, false, "SkylakeX", 512, 1).advice().contains("-Dlacuna.gemm"));
        assertEquals("library 1, unknown code, one thread for each of Lacuna's worker threads", cpu(512, 512, true, "", 0, 1).value());

        assertEquals("multiplied as it is, with sums in fp32", cpu(512, 512, true, "AVX512_CORE_AMX", 512, 2).value());
        assertTrue(EngineFindings.cpu(512, () -> new CpuLibraries(512, "library 1", true, "AVX512_CORE", 512, true)).get(2).value().startsWith("widened to fp32"));

        assertEquals(Level.FAULT, EngineFindings.cpu(512, () -> {
            throw new UnsatisfiedLinkError("no jnidnnl");
        }).get(0).level());
        assertEquals(Finding.fault("GEMM", "nothing chosen", "-Da=b: expected c"), EngineFindings.cpu(512, () -> {
            throw new WrongPropertyException("-Da=b: expected c");
        }).get(0), "no word of libraries that do not load");
    }

    @Test
    void marksWhatNeedsAttention() {
        DoctorCommand.print(List.of(Finding.good("a", "fine"), Finding.weak("longer", "slow", "do this"),
                Finding.fault("b", "gone", "do that")), new PrintWriter(out));
        assertEquals(List.of(
                "  a       fine",
                "- longer  slow",
                "          do this",
                "! b       gone",
                "          do that"), out.toString().lines().toList());
    }
}
