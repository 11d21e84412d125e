package org.lacuna.training.progress;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.lacuna.training.StepMetrics;
import org.lacuna.training.Validation;

/** A bar that stays on its line, for a terminal; below it stand at the end what happened seldom and the last step's full line. */
public final class BarProgress implements Progress {
    private final PrintWriter out;
    private final int steps;
    private final ProgressBar bar;
    private String losses = "";
    private String validation = "";
    private final List<String> notes = new ArrayList<>();
    private String last;

    /** {@code first}: the step that the run goes on from. */
    public BarProgress(PrintWriter out, String name, long first, int steps) {
        this.out = out;
        this.steps = steps;
        bar = new ProgressBarBuilder().setTaskName(name).setInitialMax(steps).startsFrom(first, Duration.ZERO)
                .setStyle(ProgressBarStyle.ASCII).setUpdateIntervalMillis(200)
                .setConsumer(new ConsoleProgressBarConsumer(System.out)).build();
    }

    @Override
    public void stepped(long step) {
        bar.stepTo(step);
    }

    @Override
    public void report(StepMetrics m, Pace pace) {
        losses = String.format(Locale.ROOT, "loss %.3f, zeros %.3f, %,d tok/s", m.loss(), m.zeros(), Math.round(pace.tokensPerSecond()));
        last = StepLine.of(m, steps, pace);
        bar.setExtraMessage(" " + losses + validation);
    }

    @Override
    public void validated(long step, Validation.Result r, Optional<Validation.Result> average) {
        validation = String.format(Locale.ROOT, ", validation %.3f", r.loss()) + average.map(a -> String.format(Locale.ROOT, ", ema %.3f", a.loss())).orElse("");
        bar.setExtraMessage(" " + losses + validation);
    }

    @Override
    public void noted(String line) {
        notes.add(line);
    }

    @Override
    public void close() {
        bar.close();
        notes.forEach(out::println);
        if (last != null) {
            out.println(last);
        }
        out.flush();
    }
}
