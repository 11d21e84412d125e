package org.lacuna.training.bench;

import com.sun.management.GarbageCollectionNotificationInfo;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.atomic.AtomicLong;
import javax.management.ListenerNotFoundException;
import javax.management.NotificationEmitter;
import javax.management.NotificationListener;
import javax.management.openmbean.CompositeData;

/** Counts the garbage collector's pauses from its making to {@link #end}, and keeps the longest. */
final class GcPauses {
    private static final long PATIENCE_NANOS = 1_000_000_000;

    private final long before = collections();
    private final AtomicLong heard = new AtomicLong();
    private final AtomicLong longestMillis = new AtomicLong();
    private final NotificationListener listener = (notification, unused) -> hear(notification.getType(), notification.getUserData());

    /**
     * What was found.
     *
     * @param count collections
     * @param longestMillis the longest of them, milliseconds
     */
    record Found(long count, long longestMillis) {}

    GcPauses() {
        for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            ((NotificationEmitter) collector).addNotificationListener(listener, null, null);
        }
    }

    private void hear(String type, Object data) {
        if (type.equals(GarbageCollectionNotificationInfo.GARBAGE_COLLECTION_NOTIFICATION)) {
            long millis = GarbageCollectionNotificationInfo.from((CompositeData) data).getGcInfo().getDuration();
            longestMillis.accumulateAndGet(millis, Math::max);
            heard.incrementAndGet();
        }
    }

    /** Stops counting. */
    Found end() {
        long count = collections() - before;
        long start = System.nanoTime();
        // The collector tells of a pause some time after it.
        while (heard.get() < count && System.nanoTime() - start < PATIENCE_NANOS) {
            Thread.onSpinWait();
        }
        for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            try {
                ((NotificationEmitter) collector).removeNotificationListener(listener);
            } catch (ListenerNotFoundException e) {
                throw new IllegalStateException("a listener that was added is not there", e);
            }
        }
        return new Found(count, longestMillis.get());
    }

    private static long collections() {
        return ManagementFactory.getGarbageCollectorMXBeans().stream().mapToLong(bean -> Math.max(0, bean.getCollectionCount())).sum();
    }
}
