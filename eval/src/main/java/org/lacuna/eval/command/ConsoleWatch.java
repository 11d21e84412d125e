package org.lacuna.eval.command;

import java.io.PrintStream;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.lacuna.eval.robustness.Watch;

/** On standard error how far a curve or a task is: a bar on a terminal, else a line every half minute. What takes less than three seconds is not told. */
public final class ConsoleWatch implements Watch {
    private static final double NANOS = 1e9;
    private static final double BAR_SECONDS = 3;
    private static final double LINE_SECONDS = 30;

    private final BooleanSupplier stop;
    private final PrintStream out;
    private final boolean terminal;
    private final AtomicLong done = new AtomicLong();
    private String what;
    private long tokens;
    private long begun;
    private double told;
    private ProgressBar bar;

    /**
     * Tells it on standard error.
     *
     * @param stop whether to stop
     */
    public ConsoleWatch(BooleanSupplier stop) {
        this(stop, System.err, System.console() != null);
    }

    ConsoleWatch(BooleanSupplier stop, PrintStream out, boolean terminal) {
        this.stop = stop;
        this.out = out;
        this.terminal = terminal;
    }

    @Override
    public boolean getAsBoolean() {
        return stop.getAsBoolean();
    }

    @Override
    public synchronized void begin(String part, long total) {
        what = part;
        tokens = total;
        done.set(0);
        begun = System.nanoTime();
        told = 0;
    }

    @Override
    public void done(long more) {
        at(done.addAndGet(more), (System.nanoTime() - begun) / NANOS);
    }

    /** {@code seconds} after it began. */
    synchronized void at(long count, double seconds) {
        if (terminal && bar == null && seconds >= BAR_SECONDS) {
            bar = new ProgressBarBuilder().setTaskName(what).setInitialMax(tokens).setUnit(" tokens", 1).setStyle(ProgressBarStyle.ASCII).setUpdateIntervalMillis(200)
                    .setConsumer(new ConsoleProgressBarConsumer(out)).build();
        }
        if (bar != null) {
            bar.stepTo(Math.max(count, bar.getCurrent()));
        } else if (!terminal && seconds - told >= LINE_SECONDS) {
            told = seconds;
            out.printf(Locale.ROOT, "%s: %,d of %,d tokens, eta: %.0fs%n", what, count, tokens, seconds / count * (tokens - count));
            out.flush();
        }
    }

    @Override
    public synchronized void end() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
    }
}
