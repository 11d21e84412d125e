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
 * {"step":1,"loss":…,"penalties":{"l1@intermediate":{"value":…,"lambda":…,"zeros":…}},"zeros":…,"dead":…,"lr":…,"grad_norm":…,"tokens":…,
 *  "time":{"seconds":…}}
 * {"step":100,"validation":{"loss":…,"zeros":…,"dead":…,"tokens":…}}
 * {"step":100,"sample":{"prompt":…,"text":…}}
 * {"step":100,"snapshot":{"intermediate":{"critical":…,"grid":…,"first":…,"zeros":…},"loss":…}}
 * </pre>
 */
public final class MetricsLines {
    /** The key of what differs from run to run. */
    public static final String TIME = "time";

    private MetricsLines() {}

    static ObjectNode step(StepMetrics m, double seconds) {
        ObjectNode line = Json.object().put("step", m.step()).put("loss", m.loss());
        ObjectNode penalties = line.putObject("penalties");
        m.penalties().forEach(p -> penalties.putObject(p.name()).put("value", p.value()).put("lambda", p.lambda()).put("zeros", p.zeros()));
        m.distilled().ifPresent(d -> line.putObject("distilled").put("logits", d.logits()).put("hidden", d.hidden()));
        line.put("zeros", m.zeros()).put("dead", m.dead()).put("lr", m.learningRate())
                .put("grad_norm", m.gradientNorm()).put("tokens", m.tokens());
        line.putObject(TIME).put("seconds", seconds);
        return line;
    }

    static ObjectNode validation(long step, Validation.Result r) {
        ObjectNode line = Json.object().put("step", step);
        line.putObject("validation").put("loss", r.loss()).put("zeros", r.zeros()).put("dead", r.dead()).put("tokens", r.tokens());
        return line;
    }
}
