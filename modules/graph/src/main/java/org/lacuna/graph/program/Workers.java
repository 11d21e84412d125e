package org.lacuna.graph.program;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;

/**
 * A fixed team of threads that runs the parts of a job. The caller is one of them; the others spin for a while between
 * jobs, because a step has little time for waking threads up, and then sleep, because somebody else may want the core.
 * Which worker runs a part is open: a part must not depend on it.
 */
public final class Workers implements AutoCloseable {
    private static final int SPINS = 20_000;
    private static final long NAP_NANOS = 50_000;

    private final Thread[] team;
    private final AtomicInteger nextPart = new AtomicInteger();
    private final AtomicInteger busy = new AtomicInteger();
    private volatile IntConsumer job;
    private volatile int parts;
    private volatile long round;
    private volatile boolean closed;
    private Throwable failure;
    private int failedPart;

    /** Starts {@code count} − 1 threads; the caller of {@link #run} is the last worker. */
    public Workers(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("there must be at least one worker, not " + count);
        }
        team = new Thread[count - 1];
        for (int i = 0; i < team.length; i++) {
            team[i] = new Thread(this::work, "lacuna-worker-" + (i + 1));
            team[i].setDaemon(true);
            team[i].start();
        }
    }

    /** How many workers there are, the caller included. */
    public int count() {
        return team.length + 1;
    }

    /**
     * Runs {@code job} for each part from 0 to {@code parts} − 1 and returns when all are done.
     *
     * @throws RuntimeException of the lowest part that threw, after the others have ended
     */
    public void run(int parts, IntConsumer job) {
        if (closed) {
            throw new IllegalStateException("the workers are closed");
        }
        failure = null;
        this.job = job;
        this.parts = parts;
        nextPart.set(0);
        busy.set(team.length);
        round++; // a volatile write by the one caller: publishes the job
        takeParts();
        while (busy.get() > 0) {
            Thread.onSpinWait();
        }
        this.job = null;
        if (failure instanceof RuntimeException e) {
            throw e;
        }
        if (failure instanceof Error e) {
            throw e;
        }
    }

    private void work() {
        long seen = 0;
        while (true) {
            int spins = 0;
            while (round == seen) {
                if (closed) {
                    return;
                }
                if (++spins < SPINS) {
                    Thread.onSpinWait();
                } else {
                    LockSupport.parkNanos(NAP_NANOS);
                }
            }
            seen++;
            takeParts();
            busy.decrementAndGet();
        }
    }

    private void takeParts() {
        IntConsumer now = job;
        int part;
        while ((part = nextPart.getAndIncrement()) < parts) {
            try {
                now.accept(part);
            } catch (RuntimeException | Error e) {
                keep(e, part);
            }
        }
    }

    private synchronized void keep(Throwable e, int part) {
        if (failure == null || part < failedPart) {
            failure = e;
            failedPart = part;
        }
    }

    @Override
    public void close() {
        closed = true;
    }
}
