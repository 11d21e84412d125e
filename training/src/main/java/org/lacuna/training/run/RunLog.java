package org.lacuna.training.run;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Optional;
import org.lacuna.run.folder.MetricsLog;
import org.lacuna.run.folder.RunFolder;
import org.lacuna.training.tensorboard.EventFile;

/** What a run writes down as it goes: the lines of {@code metrics.jsonl} and, where wanted, the same figures for TensorBoard. */
final class RunLog implements AutoCloseable {
    private final Path file;
    private final Optional<EventFile> events;
    private MetricsLog lines;

    /** Opens it to go on after a step; what was written of later ones is gone. */
    RunLog(RunFolder folder, long step, boolean tensorboard) {
        file = folder.metrics();
        lines = MetricsLog.truncateAfter(file, step);
        events = tensorboard ? Optional.of(new EventFile(folder.path())) : Optional.empty();
    }

    void append(ObjectNode line) {
        lines.append(line);
        events.ifPresent(e -> e.append(line));
    }

    /** Goes on after an earlier step. */
    void goBackTo(long step) {
        lines.close();
        lines = MetricsLog.truncateAfter(file, step);
        events.ifPresent(e -> e.restart(step + 1));
    }

    void force() {
        lines.force();
    }

    @Override
    public void close() {
        lines.close();
        events.ifPresent(EventFile::close);
    }
}
