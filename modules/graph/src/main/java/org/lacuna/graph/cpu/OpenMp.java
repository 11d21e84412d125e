package org.lacuna.graph.cpu;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** oneDNN's threads are OpenMP's, as many for a call as the calling thread asks for. */
final class OpenMp {
    private static final int RTLD_LAZY_NOLOAD = 1 | 4;
    private static final String DELETED = " (deleted)";

    private OpenMp() {}

    /**
     * From now on the calling thread works alone, whichever of the loaded copies of the library it calls.
     *
     * @throws UnsatisfiedLinkError if a copy has no way to say so
     */
    static void oneThread() {
        try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
            maps.filter(line -> line.contains("libgomp") && line.indexOf('/') >= 0).map(line -> line.substring(line.indexOf('/'))).distinct().forEach(OpenMp::oneThread);
        } catch (IOException e) {
            throw new IllegalStateException("oneDNN's number of threads can't be set: /proc/self/maps can't be read", e);
        }
    }

    private static void oneThread(String path) {
        // Another process may have put a new file in the place of the one that is loaded: then only its name leads to it.
        String library = path.endsWith(DELETED) ? Path.of(path.substring(0, path.length() - DELETED.length())).getFileName().toString() : path;
        NativeLibrary process = NativeLibrary.getProcess();
        Pointer handle = process.getFunction("dlopen").invokePointer(new Object[] {library, RTLD_LAZY_NOLOAD});
        Pointer function = handle == null ? null : process.getFunction("dlsym").invokePointer(new Object[] {handle, "omp_set_num_threads"});
        if (function == null) {
            throw new UnsatisfiedLinkError("the number of threads of " + path + " can't be set");
        }
        Function.getFunction(function).invokeVoid(new Object[] {1});
    }
}
