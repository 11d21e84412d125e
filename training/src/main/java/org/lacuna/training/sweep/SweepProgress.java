package org.lacuna.training.sweep;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** What a sweep shows while it goes: a bar on a terminal, else a line for each measurement; with the time that is left and the best so far. */
public final class SweepProgress implements AutoCloseable {
    private final PrintWriter out;
    private final Optional<ProgressBar> bar;
    private final long began = System.nanoTime();
    private long total;
    private long done;
    private long here;

    /** Shows on a writer, and a bar on the console if there is one. */
    public SweepProgress(PrintWriter out, String name) {
        this.out = out;
        bar = System.console() == null ? Optional.empty() : Optional.of(new ProgressBarBuilder().setTaskName(name).setInitialMax(1)
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(500).setConsumer(new ConsoleProgressBarConsumer(System.out)).build());
    }

    /** How many training steps the whole sweep takes, at most. */
    synchronized void total(long steps) {
        total = steps;
        bar.ifPresent(b -> b.maxHint(steps));
    }

    /**
     * A run was measured.
     *
     * @param steps since it was measured last
     * @param known whether it was known from before
     * @param best  in words
     */
    synchronized void measured(String run, int step, Measured m, long steps, boolean known, String best) {
        done += steps;
        here += known ? 0 : steps;
        bar.ifPresent(b -> {
            b.stepTo(done);
            b.setExtraMessage(" " + best);
        });
        if (bar.isEmpty() && !known) {
            String found = m.failed().map(why -> "failed: " + why).orElseGet(() -> String.format(Locale.ROOT,
                    "loss %.4f | critical %.4f | zeros %.4f", m.loss(), m.critical(), m.zeros()));
            say(String.format(Locale.ROOT, "%s, step %d | %s | %s | %.0f %% done%s", run, step, found, best, 100.0 * Math.min(done,
                    total) / Math.max(1, total), left()));
        }
    }

    private String left() {
        if (here == 0 || done >= total) {
            return "";
        }
        Duration left = Duration.ofNanos((long) ((System.nanoTime() - began) * ((double) (total - done) / here)));
        return String.format(Locale.ROOT, ", %d:%02d:%02d left", left.toHours(), left.toMinutesPart(), left.toSecondsPart());
    }

    private void say(String line) {
        out.println(line);
        out.flush();
    }

    @Override
    public synchronized void close() {
        bar.ifPresent(ProgressBar::close);
        out.flush();
    }
}
