package org.lacuna.graph.cpu;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * OpenBLAS' choice of kernels. OpenBLAS knows CPUs by their model number; one that is newer than itself gets the kernels of the
 * oldest, five times slower than those that it could run. OpenBLAS reads {@code OPENBLAS_CORETYPE} once, when the library is
 * loaded, so this names the kernels by what the CPU can do before that.
 */
public final class OpenBlas {
    /** What OpenBLAS reads; a user who sets it is left alone. */
    public static final String VARIABLE = "OPENBLAS_CORETYPE";

    private static final Logger LOG = LoggerFactory.getLogger(OpenBlas.class);

    private OpenBlas() {}

    /**
     * Chooses the kernels where the CPU's features are known (Linux on x86-64). To be called before anything loads ND4J's
     * backend; later, or where the features are not known, it has no effect.
     */
    public static void choose() {
        if (System.getenv(VARIABLE) != null || !Platform.isLinux() || !Platform.isIntel() || !Platform.is64Bit()) {
            return;
        }
        core(flags()).ifPresent(core -> setenv(VARIABLE, core));
    }

    /** The kernels in use, by OpenBLAS' name for them; loads the library. Empty where the system does not tell. */
    public static Optional<String> coreInUse() {
        Loader.load(openblas_nolapack.class);
        try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
            return maps.filter(line -> line.contains("libopenblas")).findFirst()
                    .map(line -> NativeLibrary.getInstance(line.substring(line.indexOf('/'))))
                    .map(library -> library.getFunction("openblas_get_corename").invokeString(new Object[0], false));
        } catch (IOException | LinkageError e) {
            return Optional.empty();
        }
    }

    /** OpenBLAS' best kernels for a CPU with these features, in the words of {@code /proc/cpuinfo}. */
    static Optional<String> core(Set<String> flags) {
        if (flags.containsAll(Set.of("avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"))) {
            return Optional.of("SKYLAKEX");
        }
        if (flags.containsAll(Set.of("avx2", "fma"))) {
            return Optional.of("HASWELL");
        }
        return Optional.empty();
    }

    private static Set<String> flags() {
        try {
            return Files.readAllLines(Path.of("/proc/cpuinfo")).stream().filter(line -> line.startsWith("flags")).findFirst()
                    .map(line -> new TreeSet<>(Arrays.asList(line.substring(line.indexOf(':') + 1).trim().split("\\s+"))))
                    .orElseGet(TreeSet::new);
        } catch (IOException e) {
            return Set.of();
        }
    }

    /** Sets it for native code of this process; Java's own view of the environment stays as it was. */
    private static void setenv(String name, String value) {
        try {
            NativeLibrary.getInstance("c").getFunction("setenv").invokeInt(new Object[] {name, value, 0});
        } catch (LinkageError e) {
            // JNA unpacks a library into the temporary folder: where that is full, OpenBLAS is slower, not wrong.
            LOG.warn("OpenBLAS may run on slow code: {} can't be set ({})", name, e.getMessage());
        }
    }
}
