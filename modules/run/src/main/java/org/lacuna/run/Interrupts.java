package org.lacuna.run;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Turns SIGINT (Ctrl-C) and SIGTERM into a flag that a loop polls between steps, so that it can save and
 * throw {@link InterruptedRunException}. A second signal ends the process at once with
 * {@link ExitCode#INTERRUPTED}; what {@code AtomicFiles} was writing is then as if it had never begun.
 *
 * <p>{@code sun.misc.Signal} is the JDK's only way to see a signal without starting the JVM's shutdown (from
 * a shutdown hook {@code System.exit} can't be called any more, and a second Ctrl-C is lost). It is reached by
 * reflection because javac's warning of it can't be turned off. Where it is missing, or the JVM keeps the
 * signals to itself ({@code -Xrs}), the flag never rises and a signal ends the process as usual.
 */
public final class Interrupts implements AutoCloseable {
    private final Map<Object, Object> previousHandlers = new LinkedHashMap<>();
    private volatile boolean requested;

    private Interrupts() {}

    /** Starts to listen; {@link #close()} puts the earlier handlers back. */
    public static Interrupts listen() {
        Interrupts interrupts = new Interrupts();
        interrupts.handle("INT");
        interrupts.handle("TERM");
        return interrupts;
    }

    /** True from the first signal on. */
    public boolean requested() {
        return requested;
    }

    @Override
    public void close() {
        try {
            Method handle = handleMethod();
            for (Map.Entry<Object, Object> previous : previousHandlers.entrySet()) {
                handle.invoke(null, previous.getKey(), previous.getValue());
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("signal handlers were set but can't be put back", e);
        }
    }

    private void handle(String name) {
        try {
            Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
            Object signal = Class.forName("sun.misc.Signal").getConstructor(String.class).newInstance(name);
            Object handler = Proxy.newProxyInstance(handlerType.getClassLoader(), new Class<?>[] {handlerType},
                    (proxy, method, arguments) -> switch (method.getName()) {
                        case "handle" -> {
                            signalled();
                            yield null;
                        }
                        case "equals" -> proxy == arguments[0];
                        case "hashCode" -> System.identityHashCode(proxy);
                        default -> "Interrupts";
                    });
            previousHandlers.put(signal, handleMethod().invoke(null, signal, handler));
        } catch (InvocationTargetException | ClassNotFoundException e) {
            // -Xrs (IllegalArgumentException from Signal.handle) or a runtime without jdk.unsupported: as documented above.
            return;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("sun.misc.Signal is not what it was", e);
        }
    }

    private void signalled() {
        if (requested) {
            Runtime.getRuntime().halt(ExitCode.INTERRUPTED);
        }
        requested = true;
        System.err.println("Stopping as soon as possible; once more ends at once.");
    }

    private static Method handleMethod() throws ReflectiveOperationException {
        return Class.forName("sun.misc.Signal")
                .getMethod("handle", Class.forName("sun.misc.Signal"), Class.forName("sun.misc.SignalHandler"));
    }
}
