package org.lacuna.training.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.lacuna.run.folder.Json;

/**
 * How the validations of a run have gone: what patience and the choice of the best checkpoint need. The losses are those of the model
 * itself, not of its weights' moving average. A loss that is no number is no new best one.
 *
 * @param step of the last validation
 * @param loss of the last validation
 * @param bestStep of the first one with the lowest loss
 * @param bestLoss the lowest
 * @param sinceBest validations after it
 */
public record ValidationHistory(long step, double loss, long bestStep, double bestLoss, int sinceBest) {

    /** After the first validation. */
    public static ValidationHistory first(long step, double loss) {
        return new ValidationHistory(step, loss, step, loss, 0);
    }

    /** After one more. */
    public ValidationHistory then(long step, double loss) {
        return loss < bestLoss || Double.isNaN(bestLoss) ? first(step, loss) : new ValidationHistory(step, loss, bestStep, bestLoss, sinceBest + 1);
    }

    ObjectNode toJson() {
        return Json.object().put("step", step).put("loss", loss).put("best_step", bestStep).put("best_loss", bestLoss).put("since_best", sinceBest);
    }

    static ValidationHistory of(JsonNode json) {
        return new ValidationHistory(json.path("step").asLong(), number(json.path("loss")), json.path("best_step").asLong(), number(json.path("best_loss")),
                json.path("since_best").asInt());
    }

    /** What is not finite stands as a text in JSON; which kind makes no difference to a comparison with the best. */
    private static double number(JsonNode json) {
        return json.isNumber() ? json.asDouble() : Double.NaN;
    }
}
