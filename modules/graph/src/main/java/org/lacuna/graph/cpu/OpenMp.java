package org.lacuna.graph.cpu;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** oneDNN's threads are OpenMP's, as many for a call as the calling thread asks for. To be used once oneDNN is loaded. */
final class OpenMp {
    private static final int RTLD_LAZY_NOLOAD = 1 | 4;
    private static final String DELETED = " (deleted)";
    /** Of each loaded copy of the library. Found once: JavaCPP writes the library's file anew in each process that loads it. */
    private static final List<Function> SETTERS = setters();

    private OpenMp() {}

    /** From now on the calling thread works alone, whichever copy of the library it calls. */
    static void oneThread() {
        SETTERS.forEach(set -> set.invokeVoid(new Object[] {1}));
    }

    private static List<Function> setters() {
        try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
            return maps.filter(line -> line.contains("libgomp") && line.indexOf('/') >= 0).map(line -> line.substring(line.indexOf('/'))).distinct()
                    .map(OpenMp::setter).toList();
        } catch (IOException e) {
            throw new IllegalStateException("oneDNN's number of threads can't be set: /proc/self/maps can't be read", e);
        }
    }

    private static Function setter(String path) {
        // If another process has already put a new file in the place of the one that is loaded, only its name leads to it.
        String library = path.endsWith(DELETED) ? Path.of(path.substring(0, path.length() - DELETED.length())).getFileName().toString() : path;
        NativeLibrary process = NativeLibrary.getProcess();
        Pointer handle = process.getFunction("dlopen").invokePointer(new Object[] {library, RTLD_LAZY_NOLOAD});
        Pointer function = handle == null ? null : process.getFunction("dlsym").invokePointer(new Object[] {handle, "omp_set_num_threads"});
        if (function == null) {
            throw new UnsatisfiedLinkError("the number of threads of " + path + " can't be set");
        }
        return Function.getFunction(function);
    }
}
