package org.lacuna.run.memory;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryUsage;
import java.nio.file.Files;
import java.nio.file.Path;
import org.lacuna.run.provenance.Machine;

/** What the whole process holds in memory, as the system counts it. */
public final class ProcessMemory {
    private ProcessMemory() {}

    /** The process's resident bytes now (VmRSS); 0 where the system does not tell. */
    public static long resident() {
        return status("VmRSS:");
    }

    /** The most that it ever had (VmHWM); 0 where the system does not tell. */
    public static long peakResident() {
        return status("VmHWM:");
    }

    /** The most that this process can hold now (VmRSS and MemAvailable); 0 where the system does not tell. */
    public static long reachable() {
        long available = number("/proc/meminfo", "MemAvailable:");
        return available == 0 ? 0 : resident() + available;
    }

    /** The most that this process can have: what the machine has or the container may take, less what others hold; 0 if unknown. */
    public static long limit() {
        long all = Machine.here().memoryBytes();
        long reachable = reachable();
        return all == 0 || reachable == 0 ? Math.max(all, reachable) : Math.min(all, reachable);
    }

    /**
     * What the process will hold beside the engine's memory after its first steps: what it holds now, and the young generation
     * that it has not touched yet, since the first steps fill it. What else they add (libraries' pages, compiled code) is about
     * what the JVM meanwhile gives back of what its compiler worked in (TrimNativeHeapInterval in .mvn/jvm.config). 0 where the
     * system does not tell.
     *
     * @param engineBytes what the engine holds now
     */
    public static long besideEngine(long engineBytes) {
        long resident = resident();
        return resident == 0 ? 0 : Math.max(0, resident - engineBytes) + untouchedEden();
    }

    private static long untouchedEden() {
        return ManagementFactory.getMemoryPoolMXBeans().stream().filter(pool -> pool.getName().contains("Eden")).mapToLong(ProcessMemory::untouched).sum();
    }

    private static long untouched(MemoryPoolMXBean pool) {
        MemoryUsage peak = pool.getPeakUsage();
        return Math.max(0, peak.getCommitted() - peak.getUsed());
    }

    private static long status(String key) {
        return number("/proc/self/status", key);
    }

    /** A number of KiB in one of the system's files, in bytes. */
    private static long number(String file, String key) {
        try {
            for (String line : Files.readAllLines(Path.of(file))) {
                if (line.startsWith(key)) {
                    return Long.parseLong(line.replaceAll("\\D", "")) << 10;
                }
            }
        } catch (IOException e) {
            return 0; // no Linux
        }
        return 0;
    }
}
