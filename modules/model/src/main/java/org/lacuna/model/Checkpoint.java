package org.lacuna.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.family.HuggingFaceConfig;
import org.lacuna.model.family.HuggingFaceWeights;
import org.lacuna.model.lora.Adapters;
import org.lacuna.model.safetensors.StoredType;
import org.lacuna.model.safetensors.StoredWeights;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.AtomicFiles;

/**
 * A model in a folder, as Hugging Face's loaders read it: {@value #CONFIG} and {@value #WEIGHTS}, or shards of it with an index. Other
 * files that may stand beside them (tokenizer, optimizer, state) are not looked at.
 */
public final class Checkpoint {
    /** The file with the config. */
    public static final String CONFIG = "config.json";
    /** The file with the weights. */
    public static final String WEIGHTS = StoredWeights.SINGLE;

    private Checkpoint() {}

    /**
     * Loads a model. Weights are F32, or F16 or BF16, which become F32.
     *
     * @throws InputException when a file is missing or wrong: with the file and the key, or with all tensors that are
     *     missing, superfluous or of another shape, or with the tensor and the place of a number that is not finite
     */
    public static Model load(Path folder, Device device) {
        return load(folder, config(folder), device);
    }

    /**
     * The same for one who has read the config.
     *
     * @param config as {@link #config} gave it, or with another activation
     * @throws InputException as {@link #load(Path, Device)} does, for the weights
     */
    public static Model load(Path folder, ModelConfig config, Device device) {
        return load(folder, config, Tuning.full(), device);
    }

    /** The same for one who trains it. Adapters, where there are any, are 0: they do nothing and can't learn until they are given numbers. */
    public static Model load(Path folder, ModelConfig config, Tuning tuning, Device device) {
        try (StoredWeights weights = StoredWeights.open(folder)) {
            HuggingFaceWeights.check(weights, config);
            ParameterStore store = tuning.store(config, device);
            HuggingFaceWeights.read(weights, config, store);
            return new Model(config, store, tuning.adapters());
        }
    }

    /**
     * Puts the weights in a folder into a model that is there already.
     *
     * @throws InputException as {@link #load(Path, Device)} does, or when they are another model's
     */
    public static void read(Path folder, Model model) {
        if (!config(folder).equals(model.config())) {
            throw new InputException(folder.resolve(CONFIG) + ": is another model's");
        }
        try (StoredWeights weights = StoredWeights.open(folder)) {
            HuggingFaceWeights.check(weights, model.config());
            HuggingFaceWeights.read(weights, model.config(), model.parameters());
        }
    }

    /**
     * What the model in a folder is, without its weights.
     *
     * @throws InputException when there is no such folder, or its config is missing or wrong
     */
    public static ModelConfig config(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new InputException("there is no checkpoint folder " + folder);
        }
        return HuggingFaceConfig.read(folder.resolve(CONFIG));
    }

    /**
     * Writes a model's {@value #CONFIG} and {@value #WEIGHTS}, in F32, into a folder that is being made; adapters are merged into the
     * weights. The bytes depend on the config and the weights only.
     */
    public static void write(AtomicFiles.NewFolder folder, Model model) throws IOException {
        write(folder, model, StoredType.F32, Long.MAX_VALUE);
    }

    /**
     * The same in another type, in shards where the weights are larger than one may be.
     *
     * @param type F32 or BF16
     * @param maxShardBytes of the tensors in one file
     */
    public static void write(AtomicFiles.NewFolder folder, Model model, StoredType type, long maxShardBytes) throws IOException {
        folder.text(CONFIG, HuggingFaceConfig.write(model.config(), type == StoredType.BF16 ? "bfloat16" : "float32"));
        HuggingFaceWeights.write(folder, model.config(), Adapters.merged(model.parameters(), model.adapters()), type, maxShardBytes);
    }
}
