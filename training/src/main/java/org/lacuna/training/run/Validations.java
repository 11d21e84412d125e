package org.lacuna.training.run;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import org.lacuna.data.Batch;
import org.lacuna.training.Trainer;
import org.lacuna.training.Validation;
import org.lacuna.training.checkpoint.TrainingCheckpoint;

/** The validation of a model and, where there is one, of the moving average of its weights, over the same windows. */
final class Validations {
    private final Validation plain;
    private final Optional<Validation> average;

    Validations(Trainer trainer, Batch windows) {
        plain = trainer.validation(windows);
        average = trainer.averageValidation(windows);
    }

    /** What was measured of both. */
    record Results(Validation.Result plain, Optional<Validation.Result> average) {

        /** The line of {@code metrics.jsonl}: the average's figures are an object beside the model's own. */
        ObjectNode line(long step) {
            ObjectNode line = MetricsLines.validation(step, plain);
            average.ifPresent(a -> line.set(TrainingCheckpoint.EMA, MetricsLines.validation(step, a).get("validation")));
            return line;
        }
    }

    Results measure() {
        return new Results(plain.measure(), average.map(Validation::measure));
    }
}
