package org.lacuna.model;

import java.util.Random;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.graph.DecoderParameters;

/**
 * Fresh weights, as Hugging Face's Llama makes them: matrices and embeddings normal with mean 0 and the config's
 * {@code initializer} as standard deviation, norms 1 (Gemma's, stored less 1, 0), biases 0; residual projections are no exception.
 *
 * <p>One {@link Random} with the seed draws the numbers, tensor after tensor in the order of
 * {@link DecoderParameters#of}, row after row. Models that differ only in their activation so begin with the same weights.
 */
public final class Initialization {
    private Initialization() {}

    /** A new model with fresh weights. */
    public static Model of(ModelConfig config, Device device, long seed) {
        return of(config, Tuning.full(), device, seed);
    }

    /** The same for one who freezes some of them. */
    public static Model of(ModelConfig config, Tuning tuning, Device device, long seed) {
        ParameterStore store = tuning.store(config, device);
        Random random = new Random(seed);
        for (TensorSpec spec : DecoderParameters.of(config)) {
            String name = spec.name();
            Tensor t = store.tensor(name);
            if (t.shape().length == 1) {
                float value = name.endsWith(".bias") ? 0 : (float) (1 - config.norm().shift());
                for (long i = 0; i < t.length(); i++) {
                    t.setFloat(i, value);
                }
            } else {
                store.normal(name, config.initializer(), random);
            }
        }
        return new Model(config, store, tuning.adapters());
    }
}
