package org.lacuna.data.cache;

import java.io.PrintStream;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** On standard error: a bar on a terminal, else a line every ten seconds. What takes less than two seconds is not told. */
public final class ConsoleProgress implements BuildProgress {

    private static final double MEGABYTE = 1e6;
    private static final long PATIENCE_NANOS = 2_000_000_000L;
    private static final long BETWEEN_NANOS = 10_000_000_000L;
    private static final int PERCENT = 100;

    private final PrintStream out;
    private final boolean terminal;
    private String task;
    private long bytes;
    private long began;
    private long told;
    private ProgressBar bar;

    /** Tells it on standard error. */
    public ConsoleProgress() {
        this(System.err, System.console() != null);
    }

    ConsoleProgress(PrintStream out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    @Override
    public void begin(String what, long total) {
        task = what;
        bytes = total;
        began = System.nanoTime();
        told = began + PATIENCE_NANOS - BETWEEN_NANOS;
    }

    @Override
    public void at(long done) {
        long now = System.nanoTime();
        if (bar != null) {
            bar.stepTo(done);
        } else if (now - told >= BETWEEN_NANOS) {
            tell(done, now);
        }
    }

    private void tell(long done, long now) {
        told = now;
        if (terminal) {
            bar = new ProgressBarBuilder().setTaskName(task).setInitialMax(bytes).setUnit("MB", (long) MEGABYTE).showSpeed()
                    .setStyle(ProgressBarStyle.ASCII).setUpdateIntervalMillis(200).setConsumer(new ConsoleProgressBarConsumer(out)).build();
            bar.stepTo(done);
            return;
        }
        double rate = done / MEGABYTE / ((now - began) * 1e-9);
        out.printf(Locale.ROOT, "%s: %.0f of %.0f MB (%d %%), %.1f MB/s, %.0f s left%n", task, done / MEGABYTE, bytes / MEGABYTE,
                PERCENT * done / Math.max(1, bytes), rate, (bytes - done) / MEGABYTE / Math.max(rate, 1e-3));
    }

    @Override
    public void end(String result) {
        if (bar != null) {
            bar.close();
            bar = null;
        }
        if (!result.isEmpty() && System.nanoTime() - began >= PATIENCE_NANOS) {
            out.println(result);
        }
    }
}
