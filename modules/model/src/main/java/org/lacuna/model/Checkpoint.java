package org.lacuna.model;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.model.config.HuggingFaceConfig;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.graph.LlamaParameters;
import org.lacuna.model.safetensors.SafetensorsFile;
import org.lacuna.model.safetensors.SafetensorsWriter;
import org.lacuna.model.safetensors.StoredTensor;
import org.lacuna.model.safetensors.StoredType;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.FileOutput;

/**
 * A model in a folder, as Hugging Face's loaders read it: {@value #CONFIG} and {@value #WEIGHTS}. Other files that may
 * stand beside them (tokenizer, optimizer, state) are not looked at.
 */
public final class Checkpoint {
    /** The file with the config. */
    public static final String CONFIG = "config.json";
    /** The file with the weights. */
    public static final String WEIGHTS = "model.safetensors";

    private static final int MOST_PROBLEMS = 20;

    /** Buffers that older checkpoints store and that follow from the config. */
    private static final Pattern REDUNDANT = Pattern.compile("model\\.layers\\.\\d+\\.self_attn\\.rotary_emb\\.inv_freq");

    private static final Set<StoredType> FLOATING = Set.of(StoredType.F32, StoredType.F16, StoredType.BF16);

    private Checkpoint() {}

    /**
     * Loads a model. Weights are F32, or F16 or BF16, which become F32.
     *
     * @throws InputException when a file is missing or wrong: with the file and the key, or with all tensors that are
     *     missing, superfluous or of another shape, or with the tensor and the place of a number that is not finite
     */
    public static Model load(Path folder, Device device) {
        if (!Files.isDirectory(folder)) {
            throw new InputException("there is no checkpoint folder " + folder);
        }
        Path weights = folder.resolve(WEIGHTS);
        if (!Files.exists(weights) && Files.exists(folder.resolve(WEIGHTS + ".index.json"))) {
            throw new InputException(folder + ": the weights are split over several files; Lacuna reads one " + WEIGHTS);
        }
        ModelConfig config = HuggingFaceConfig.read(folder.resolve(CONFIG));
        try (SafetensorsFile file = SafetensorsFile.open(weights)) {
            List<TensorSpec> wanted = LlamaParameters.of(config);
            compare(weights, wanted, file.tensors(), config.tied());
            ParameterStore store = new ParameterStore(device, wanted);
            for (String name : store.names()) {
                read(weights, file, name, store.tensor(name));
            }
            if (config.tied() && file.tensors().containsKey(LlamaParameters.LM_HEAD)) {
                checkTied(weights, file, device, store);
            }
            return new Model(config, store);
        }
    }

    /**
     * Writes a model's {@value #CONFIG} and {@value #WEIGHTS} into a folder that is being made. The bytes depend on the
     * config and the weights only.
     */
    public static void write(AtomicFiles.NewFolder folder, Model model) throws IOException {
        folder.text(CONFIG, HuggingFaceConfig.write(model.config()));
        ParameterStore store = model.parameters();
        try (FileOutput out = folder.file(WEIGHTS)) {
            SafetensorsWriter.write(out, Map.of("format", "pt"), store.names().stream().map(store::tensor).toList());
        }
    }

    /** Compares before anything is allocated, so that sizes in a config are never believed without the weights to them. */
    private static void compare(Path weights, List<TensorSpec> wanted, Map<String, StoredTensor> stored, boolean tied) {
        List<String> problems = new ArrayList<>();
        Set<String> expected = new HashSet<>();
        for (TensorSpec spec : wanted) {
            expected.add(spec.name());
            StoredTensor found = stored.get(spec.name());
            if (found == null) {
                problems.add(weights + ": tensor " + spec.name() + Arrays.toString(spec.shape()) + " is missing");
            } else if (!Arrays.equals(found.shape(), spec.shape())) {
                problems.add(weights + ": tensor " + spec.name() + " is " + Arrays.toString(found.shape()) + ", " + CONFIG + " wants " + Arrays.toString(spec.shape()));
            } else if (!FLOATING.contains(found.type())) {
                problems.add(weights + ": tensor " + spec.name() + " is " + found.type() + ", not F32, F16 or BF16");
            }
        }
        for (String name : stored.keySet()) {
            boolean known = expected.contains(name) || REDUNDANT.matcher(name).matches() || tied && name.equals(LlamaParameters.LM_HEAD);
            if (!known) {
                problems.add(weights + ": tensor " + name + " belongs to no part of the model that " + CONFIG + " describes");
            }
        }
        if (problems.size() > MOST_PROBLEMS) {
            int more = problems.size() - MOST_PROBLEMS;
            problems = new ArrayList<>(problems.subList(0, MOST_PROBLEMS));
            problems.add(weights + ": and " + more + " more tensors of these kinds");
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
    }

    private static void read(Path weights, SafetensorsFile file, String name, Tensor into) {
        file.read(name, into);
        FloatBuffer values = into.floats();
        for (int i = 0; i < values.capacity(); i++) {
            if (!Float.isFinite(values.get(i))) {
                throw new InputException(weights + ": tensor " + name + " holds " + values.get(i) + " at index " + i + "; weights must be finite");
            }
        }
    }

    /** Some tied checkpoints store the output embedding a second time. It changes nothing only where it is the same. */
    private static void checkTied(Path weights, SafetensorsFile file, Device device, ParameterStore store) {
        Tensor embedding = store.tensor(LlamaParameters.EMBEDDING);
        StoredTensor found = file.tensor(LlamaParameters.LM_HEAD);
        boolean same = Arrays.equals(found.shape(), embedding.shape()) && FLOATING.contains(found.type());
        if (same) {
            Tensor head = device.allocate(new TensorSpec(LlamaParameters.LM_HEAD, embedding.dataType(), embedding.shape()));
            file.read(LlamaParameters.LM_HEAD, head);
            same = head.bytes().clear().equals(embedding.bytes().clear());
        }
        if (!same) {
            throw new InputException(weights + ": " + CONFIG + " says tie_word_embeddings, but " + LlamaParameters.LM_HEAD + " is not " + LlamaParameters.EMBEDDING);
        }
    }
}
