package org.lacuna.training.bench;

/** Seconds that a job takes, several times after a warm-up. */
final class Stopwatch {
    private static final double NANOS = 1e-9;

    private Stopwatch() {}

    /** The times of {@code runs} runs after {@code warmUp} that don't count. */
    static Sample time(int warmUp, int runs, Runnable job) {
        for (int i = 0; i < warmUp; i++) {
            job.run();
        }
        double[] seconds = new double[runs];
        for (int i = 0; i < runs; i++) {
            long before = System.nanoTime();
            job.run();
            seconds[i] = (System.nanoTime() - before) * NANOS;
        }
        return Sample.of(seconds);
    }
}
