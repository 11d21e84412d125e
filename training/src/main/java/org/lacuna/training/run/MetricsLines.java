package org.lacuna.training.run;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.lacuna.run.folder.Json;
import org.lacuna.training.StepMetrics;
import org.lacuna.training.Validation;

/**
 * The lines of {@code metrics.jsonl}. All that is measured of the model comes out the same, to the last digit, when the
 * run is repeated or was interrupted; what depends on the machine's pace is under {@value #TIME} alone.
 *
 * <pre>
 * {"step":1,"loss":…,"penalty":…,"lambda":…,"zeros":…,"lr":…,"grad_norm":…,"tokens":…,"time":{"seconds":…}}
 * {"step":100,"validation":{"loss":…,"zeros":…,"tokens":…}}
 * </pre>
 */
public final class MetricsLines {
    /** The key of what differs from run to run. */
    public static final String TIME = "time";

    private MetricsLines() {}

    static ObjectNode step(StepMetrics m, double seconds) {
        ObjectNode line = Json.object().put("step", m.step()).put("loss", m.loss()).put("penalty", m.penalty())
                .put("lambda", m.lambda()).put("zeros", m.zeros()).put("lr", m.learningRate())
                .put("grad_norm", m.gradientNorm()).put("tokens", m.tokens());
        line.putObject(TIME).put("seconds", seconds);
        return line;
    }

    static ObjectNode validation(long step, Validation.Result r) {
        ObjectNode line = Json.object().put("step", step);
        line.putObject("validation").put("loss", r.loss()).put("zeros", r.zeros()).put("tokens", r.tokens());
        return line;
    }
}
