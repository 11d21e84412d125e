package org.lacuna.training.bench;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import org.lacuna.run.memory.ProcessMemory;

/**
 * Memory at one moment.
 *
 * @param allocatedBytes all that the calling thread and the workers have ever allocated on the Java heap
 * @param residentBytes of the whole process now (VmRSS); 0 where the system does not tell
 * @param peakResidentBytes the most that the whole process ever had (VmHWM); 0 where the system does not tell
 */
record EngineMemory(long allocatedBytes, long residentBytes, long peakResidentBytes) {

    static EngineMemory now() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long allocated = 0;
        for (ThreadInfo thread : threads.getThreadInfo(threads.getAllThreadIds())) {
            boolean engine = thread != null && (thread.getThreadId() == Thread.currentThread().getId() || thread.getThreadName().startsWith("lacuna-worker"));
            allocated += engine ? threads.getThreadAllocatedBytes(thread.getThreadId()) : 0;
        }
        return new EngineMemory(allocated, ProcessMemory.resident(), ProcessMemory.peakResident());
    }
}
