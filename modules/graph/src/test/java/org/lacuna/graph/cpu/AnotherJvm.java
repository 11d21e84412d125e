package org.lacuna.graph.cpu;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/** Runs a test method once more, in a JVM of its own. */
final class AnotherJvm {
    private static final String HERE = "lacuna.test.another-jvm";
    private static final int TRIES = 2;
    /** One run tries all of a method's cases. */
    private static final Map<String, Boolean> PASSED = new ConcurrentHashMap<>();

    private AnotherJvm() {}

    /** Whether the test method that calls this passes in one of two other JVMs; false in such a JVM. */
    static boolean passes() {
        StackWalker.StackFrame test = StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE).walk(frames -> frames.filter(AnotherJvm::isTest).findFirst())
                .orElseThrow(() -> new AssertionError("not called by a test"));
        String method = test.getClassName() + "#" + test.getMethodName();
        return PASSED.computeIfAbsent(method, AnotherJvm::passes);
    }

    private static boolean passes(String method) {
        for (int i = 0; i < TRIES && !Boolean.getBoolean(HERE); i++) {
            System.out.println(method + ": tried in another JVM");
            if (run(method) == 0) {
                return true;
            }
        }
        return false;
    }

    private static boolean isTest(StackWalker.StackFrame frame) {
        for (Method method : frame.getDeclaringClass().getDeclaredMethods()) {
            if (method.getName().equals(frame.getMethodName()) && (method.isAnnotationPresent(Test.class) || method.isAnnotationPresent(ParameterizedTest.class))) {
                return true;
            }
        }
        return false;
    }

    private static int run(String method) {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-D" + HERE + "=true", "-cp", System.getProperty("java.class.path"), AnotherJvm.class.getName(), method));
        try {
            return new ProcessBuilder(command).inheritIO().start().waitFor();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Runs the test method {@code args[0]}, {@code class#method}; exit code 0 if it was there and passed. */
    public static void main(String[] args) throws ReflectiveOperationException {
        String[] names = args[0].split("#");
        List<Method> methods = new ArrayList<>(List.of(Class.forName(names[0]).getDeclaredMethods()));
        methods.removeIf(method -> !method.getName().equals(names[1]));
        SummaryGeneratingListener listener = new SummaryGeneratingListener();
        LauncherFactory.create().execute(LauncherDiscoveryRequestBuilder.request()
                .selectors(DiscoverySelectors.selectMethod(Class.forName(names[0]), methods.get(0))).build(), listener);
        TestExecutionSummary summary = listener.getSummary();
        summary.printFailuresTo(new PrintWriter(System.out, true));
        System.exit(summary.getTestsSucceededCount() > 0 && summary.getTotalFailureCount() == 0 ? 0 : 1);
    }
}
