package org.lacuna.training.observation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.SplittableRandom;
import org.lacuna.decode.Generator;
import org.lacuna.decode.Sampling;
import org.lacuna.eval.generate.TextStream;
import org.lacuna.graph.Device;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.Json;
import org.lacuna.training.Trainer;

/**
 * Text of a model in training, drawn with temperature 0.8 and the step as the seed: what {@code generate} writes with both from a checkpoint of
 * that step. The weights that it reads are the trainer's own.
 */
final class Samples {
    private static final Sampling SAMPLING = new Sampling(0.8, 0, 1);

    private final SamplePlan plan;
    private final String prompt;
    private final int steps;
    private final Generator generator;

    /** Makes the memory. */
    Samples(SamplePlan plan, Trainer trainer, Device device) {
        this.plan = plan;
        prompt = trainer.settings().sample().prompt();
        steps = trainer.settings().steps();
        generator = new Generator(trainer.model(), device, trainer.workers());
        generator.reserve((long) plan.prompt().ids().length + plan.tokens());
    }

    Observed at(long step) {
        TextStream stream = plan.prompt().stream();
        StringBuilder text = new StringBuilder();
        try {
            generator.generate(plan.prompt().ids(), plan.tokens(), plan.prompt()::isEnd, SAMPLING, new SplittableRandom(step), token -> {
                text.append(plan.prompt().text(stream, token));
                return true;
            });
        } catch (RunException e) {
            return Observed.nothing(step, steps, "sample", e);
        }
        text.append(stream.end());
        ObjectNode figures = Json.object().put("prompt", prompt).put("text", text.toString());
        // As JSON it is one line, whatever the text holds.
        return Observed.of(step, steps, "sample", figures, "sample: " + Json.line(TextNode.valueOf(prompt + text)));
    }
}
