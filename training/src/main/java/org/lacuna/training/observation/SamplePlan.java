package org.lacuna.training.observation;

import java.util.Optional;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.decode.Generator;
import org.lacuna.eval.generate.Prompt;
import org.lacuna.graph.Device;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.graph.LowRank;
import org.lacuna.run.InputException;
import org.lacuna.training.recipe.SampleSettings;

/**
 * What samples are made with; it takes no memory yet.
 *
 * @param tokens of a sample at most
 * @param prompt what each goes on with
 * @param bytes  what writing one takes beside the parameters
 */
record SamplePlan(int tokens, Prompt prompt, long bytes) {

    /**
     * Encodes the prompt.
     *
     * @param workers threads
     * @throws InputException that begins with the key, if there is no tokenizer or the prompt is not of the model's tokens
     */
    static SamplePlan of(SampleSettings settings, Optional<Tokenizer> tokenizer, ModelConfig config, LowRank adapters, Device device, int workers) {
        Tokenizer tokens = tokenizer.orElseThrow(() -> new InputException("train.sample.every: " + settings.every()
                + ", but there is no tokenizer to make text of the model's tokens: data.ids are numbers alone; expected 0, or a model.from that has one"));
        try {
            Prompt prompt = new Prompt(settings.prompt(), tokens, config);
            return new SamplePlan(settings.tokens(), prompt, Generator.bytes(config, adapters, device, workers, (long) prompt.ids().length + settings.tokens()));
        } catch (InputException e) {
            throw e.map(problem -> "train.sample.prompt: " + problem);
        }
    }
}
