package org.lacuna.cli;

import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import org.lacuna.run.provenance.Machine;

/** What the machine and this JVM's flags mean for a run. */
final class JvmFindings {
    static final String VECTOR_MODULE = "jdk.incubator.vector";
    static final String OFF_HEAP_LIMIT = "org.bytedeco.javacpp.maxbytes";
    static final String PHYSICAL_LIMIT = "org.bytedeco.javacpp.maxphysicalbytes";
    static final String BOUNDS_CHECK = "jdk.incubator.vector.VECTOR_ACCESS_OOB_CHECK";

    static final String KERNELS_APART = "-XX:CompileCommand=dontinline,*Kernel::*";

    private static final long ENOUGH_HEAP = 900L << 20;
    static final String WHERE = " (in .mvn/jvm.config; Maven runs Lacuna in its own JVM)";

    private JvmFindings() {}

    static List<Finding> here() {
        return List.of(
                java(),
                cpu(Machine.here()),
                vectorModule(hasVectorModule()),
                boundsCheck(System::getProperty),
                inlining(ManagementFactory.getRuntimeMXBean().getInputArguments()),
                heap(Runtime.getRuntime().maxMemory()),
                offHeap(System::getProperty),
                memory(Machine.here().memoryBytes()));
    }

    private static Finding java() {
        String found = System.getProperty("java.runtime.version") + ", " + System.getProperty("java.vendor");
        return Runtime.version().feature() == 17 ? Finding.good("Java", found)
                : Finding.fault("Java", found, "run Maven with JAVA_HOME at a JDK 17: the kernels use its Vector API");
    }

    private static Finding cpu(Machine machine) {
        return Finding.good("CPU", machine.cpu() + ", " + machine.cores() + " processors for this JVM, " + machine.os());
    }

    static boolean hasVectorModule() {
        return ModuleLayer.boot().findModule(VECTOR_MODULE).isPresent();
    }

    static Finding vectorModule(boolean present) {
        return present ? Finding.good("vector module", "present")
                : Finding.fault("vector module", "missing", "add --add-modules " + VECTOR_MODULE + WHERE);
    }

    static Finding boundsCheck(UnaryOperator<String> property) {
        return "0".equals(property.apply(BOUNDS_CHECK)) ? Finding.good("vector bounds check", "off")
                : Finding.weak("vector bounds check", "on", "kernels are faster with -D" + BOUNDS_CHECK + "=0" + WHERE);
    }

    static Finding inlining(List<String> jvmArguments) {
        return jvmArguments.contains(KERNELS_APART) ? Finding.good("kernels' loops", "compiled each by itself")
                : Finding.weak("kernels' loops", "compiled together as the JVM likes", "kernels may make garbage: give the JVM the -XX:CompileCommand options of .mvn/jvm.config");
    }

    static Finding heap(long maxBytes) {
        String found = "at most " + size(maxBytes);
        return maxBytes >= ENOUGH_HEAP ? Finding.good("heap", found)
                : Finding.weak("heap", found, "set -Xmx1g or more" + WHERE);
    }

    /** JavaCPP limits native memory to the heap's size unless both limits are 0. */
    static Finding offHeap(UnaryOperator<String> property) {
        if ("0".equals(property.apply(OFF_HEAP_LIMIT)) && "0".equals(property.apply(PHYSICAL_LIMIT))) {
            return Finding.good("memory outside the heap", "not limited by JavaCPP");
        }
        return Finding.weak("memory outside the heap", "limited by JavaCPP (maxbytes " + limit(property, OFF_HEAP_LIMIT)
                        + ", maxphysicalbytes " + limit(property, PHYSICAL_LIMIT) + ")",
                "add -D" + OFF_HEAP_LIMIT + "=0 -D" + PHYSICAL_LIMIT + "=0" + WHERE);
    }

    private static String limit(UnaryOperator<String> property, String name) {
        String value = property.apply(name);
        return value == null ? "by default, from the heap's" : value;
    }

    private static Finding memory(long bytes) {
        return Finding.good("memory", bytes == 0 ? "unknown" : size(bytes));
    }

    private static String size(long bytes) {
        return bytes >= 1L << 30 ? String.format(Locale.ROOT, "%.1f GiB", bytes / (double) (1L << 30))
                : (bytes >> 20) + " MiB";
    }
}
