package org.lacuna.graph;

import java.net.URI;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.Comparator;
import java.util.Optional;
import java.util.Properties;
import java.util.ServiceLoader;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.factory.Nd4jBackend;

/**
 * ND4J's backend: what SameDiff's own execution computes on. A {@code Program} needs it only to be built, since its kernels
 * are the {@link Device}'s. Which backend is there can be told without starting it, which loads its native libraries.
 */
public final class Backend {
    private final Nd4jBackend backend;

    private Backend(Nd4jBackend backend) {
        this.backend = backend;
    }

    /** The backend on the class path that ND4J prefers; it has not been started. */
    public static Optional<Backend> find() {
        return ServiceLoader.load(Nd4jBackend.class).stream().map(ServiceLoader.Provider::get)
                .max(Comparator.comparingInt(Nd4jBackend::getPriority)).map(Backend::new);
    }

    /** Artifact and version, as the name of its jar tells them: {@code nd4j-native-1.0.0-M2.1}. */
    public String name() {
        CodeSource source = backend.getClass().getProtectionDomain().getCodeSource();
        if (source == null) {
            return backend.getClass().getSimpleName();
        }
        return Path.of(URI.create(source.getLocation().toString())).getFileName().toString().replaceFirst("\\.jar$", "");
    }

    /** Whether it computes on a GPU. */
    public boolean onGpu() {
        return backend.getPriority() >= Nd4jBackend.BACKEND_PRIORITY_GPU;
    }

    /**
     * Looks whether a GPU backend can start, before ND4J does: where it can't, ND4J prints a stack trace and forgets the reason.
     *
     * @throws UnusableBackendException if it can't
     */
    public static void check() {
        find().filter(Backend::onGpu).ifPresent(Backend::checkGpu);
    }

    private void checkGpu() {
        try {
            requireRunnable();
        } catch (LinkageError e) {
            throw new UnusableBackendException(name() + " can't run on this machine: its native libraries do not load", e);
        }
    }

    private void requireRunnable() {
        if (!backend.canRun()) {
            throw new UnusableBackendException(name() + " can't run on this machine", null);
        }
    }

    /**
     * Starts it, unless it has been, and lets it add two numbers.
     *
     * @throws LinkageError if a native library is missing or can't be loaded; its deepest cause names the library
     * @throws RuntimeException if it finds no hardware that it can use
     */
    public Environment start() {
        // First, and by itself: where it fails, ND4J's own start prints a stack trace and then forgets the reason.
        requireRunnable();
        float sum = Nd4j.createFromArray(1f, 2f).add(1f).sumNumber().floatValue();
        if (sum != 5f) {
            throw new IllegalStateException(name() + " computes (1 + 1) + (2 + 1) = " + sum);
        }
        Properties told = Nd4j.getExecutioner().getEnvironmentInformation();
        return new Environment(String.valueOf(told.get("blas.vendor")), Nd4j.getBackend().getEnvironment().maxThreads());
    }

    /**
     * What a started backend says of itself.
     *
     * @param blas the library that multiplies its matrices
     * @param threads threads of its own that an op may take
     */
    public record Environment(String blas, int threads) {}
}
