package org.lacuna.training.observation;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lacuna.eval.report.TrainingPage;
import org.lacuna.run.folder.RunFolder;
import org.lacuna.training.recipe.TrainSettings;

/** Looks at the model that is trained, between its steps. Nothing of the run depends on it. */
public final class Observations {
    private final String name;
    private final TrainSettings settings;
    private final Optional<Samples> samples;
    private final Optional<Snapshots> snapshots;
    private final long bytes;

    Observations(String name, TrainSettings settings, Optional<Samples> samples, Optional<Snapshots> snapshots, long bytes) {
        this.name = name;
        this.settings = settings;
        this.samples = samples;
        this.snapshots = snapshots;
        this.bytes = bytes;
    }

    /**
     * All that is due after a step.
     *
     * @param last whether it is the run's last, after which all are due
     */
    public List<Observed> at(long step, boolean last) {
        List<Observed> seen = new ArrayList<>();
        samples.filter(s -> last || step % settings.sample().every() == 0).ifPresent(s -> seen.add(s.at(step)));
        if (hasSnapshot(step, last)) {
            seen.add(snapshots.orElseThrow().at(step));
        }
        return seen;
    }

    /** Writes the run's page if it is due: after a snapshot, and after the last step. */
    public void writePage(RunFolder folder, long step, boolean last) {
        if (last || hasSnapshot(step, false)) {
            TrainingPage.write(folder.path().resolve(TrainingPage.FILE), name, folder.metrics());
        }
    }

    private boolean hasSnapshot(long step, boolean last) {
        return snapshots.isPresent() && (last || step % settings.snapshot().every() == 0);
    }

    /** What it holds outside the Java heap. */
    public long bytes() {
        return bytes;
    }
}
