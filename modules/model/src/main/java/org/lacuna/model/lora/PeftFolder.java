package org.lacuna.model.lora;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.lacuna.graph.TensorSpec;
import org.lacuna.model.Model;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.family.FileTensor;
import org.lacuna.model.family.HuggingFaceWeights;
import org.lacuna.model.graph.DecoderParameters;
import org.lacuna.model.graph.LowRank;
import org.lacuna.model.safetensors.SafetensorsFile;
import org.lacuna.model.safetensors.SafetensorsWriter;
import org.lacuna.model.safetensors.StoredOutput;
import org.lacuna.model.safetensors.StoredTensor;
import org.lacuna.model.safetensors.StoredType;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.FileOutput;
import org.lacuna.run.folder.Json;

/**
 * Adapters in a folder of their own, as Hugging Face's PEFT has them: {@value #CONFIG} and {@value #WEIGHTS}. Where PEFT knows no module that
 * holds an adapted weight alone ({@link #obstacle}), the folder has no {@value #CONFIG}, and its tensors are called as the parameters are here.
 */
public final class PeftFolder {
    /** What the adapters are. */
    public static final String CONFIG = "adapter_config.json";
    /** Their numbers. */
    public static final String WEIGHTS = "adapter_model.safetensors";

    private static final String PREFIX = "base_model.model.";
    /** A config is smaller by far. */
    private static final long MOST_CONFIG_BYTES = 1 << 20;

    private PeftFolder() {}

    /** Why PEFT could not open the adapters of such a model; empty if it can. */
    public static Optional<String> obstacle(ModelConfig config, LowRank adapters) {
        if (config.family().equals(ModelConfig.LACUNA_LLAMA)) {
            return Optional.of("transformers has no model_type " + config.family());
        }
        Map<String, String> known = modules(config);
        return adapters.modules().stream().filter(module -> !known.containsKey(module)).findFirst()
                .map(module -> "no module of " + config.family() + " in transformers has the weight of " + module + " alone and as it is here");
    }

    /** The modules whose weights the files hold as they are here, with their names there. */
    private static Map<String, String> modules(ModelConfig config) {
        Map<String, String> names = new LinkedHashMap<>();
        for (FileTensor t : HuggingFaceWeights.tensors(config)) {
            if (t.whole() != null) {
                names.put(module(t.whole().parameter()), module(t.name()));
            }
        }
        return names;
    }

    private static String module(String weight) {
        return weight.replaceFirst("\\.weight$", "");
    }

    /** The tensors in the file, by name, with the parameters that they are. */
    private static Map<String, TensorSpec> tensors(ModelConfig config, LowRank adapters) {
        Map<String, String> known = obstacle(config, adapters).isEmpty() ? modules(config) : Map.of();
        Map<String, TensorSpec> tensors = new LinkedHashMap<>();
        for (TensorSpec spec : adapters.parameters(config)) {
            String module = spec.name().replaceFirst("\\.lora_[AB]\\.weight$", "");
            tensors.put(PREFIX + known.getOrDefault(module, module) + spec.name().substring(module.length()), spec);
        }
        return tensors;
    }

    /**
     * Writes a model's adapters, in F32, into a folder that is being made.
     *
     * @param base where the model without them is
     */
    public static void write(AtomicFiles.NewFolder folder, Model model, String base) throws IOException {
        if (obstacle(model.config(), model.adapters()).isEmpty()) {
            folder.text(CONFIG, config(model.config(), model.adapters(), base).toPrettyString() + "\n");
        }
        List<StoredOutput> outputs = new ArrayList<>();
        tensors(model.config(), model.adapters()).forEach((name, spec) -> outputs.add(new StoredOutput(name, spec.shape(), (from, into) ->
                into.put(model.parameters().tensor(spec.name()).floats().slice(Math.toIntExact(from), into.remaining())))));
        write(folder, outputs, StoredType.F32);
    }

    private static void write(AtomicFiles.NewFolder folder, List<StoredOutput> outputs, StoredType type) throws IOException {
        try (FileOutput out = folder.file(WEIGHTS)) {
            SafetensorsWriter.write(out, Map.of("format", "pt"), outputs, type);
        }
    }

    private static ObjectNode config(ModelConfig config, LowRank adapters, String base) {
        ObjectNode json = Json.object().put("base_model_name_or_path", base).put("bias", "none").put("fan_in_fan_out", false).put("inference_mode", true)
                .put("init_lora_weights", true);
        if (adapters.alpha() == Math.rint(adapters.alpha())) {
            json.put("lora_alpha", (long) adapters.alpha());
        } else {
            json.put("lora_alpha", adapters.alpha());
        }
        json.put("lora_dropout", 0.0).put("peft_type", "LORA").put("r", adapters.rank());
        ArrayNode targets = json.putArray("target_modules");
        targets(config, adapters).forEach(targets::add);
        return json.put("task_type", "CAUSAL_LM").put("use_dora", false).put("use_rslora", false);
    }

    /** The last part of a name, {@code q_proj}, where every module that ends so has an adapter; else whole names. */
    private static Set<String> targets(ModelConfig config, LowRank adapters) {
        Map<String, String> known = modules(config);
        Set<String> without = new HashSet<>();
        for (TensorSpec weight : DecoderParameters.linear(config)) {
            String module = module(weight.name());
            if (!adapters.modules().contains(module)) {
                without.add(last(known.getOrDefault(module, module)));
            }
        }
        Set<String> targets = new TreeSet<>();
        for (String module : adapters.modules()) {
            String name = known.get(module);
            targets.add(without.contains(last(name)) ? name : last(name));
        }
        return targets;
    }

    private static String last(String module) {
        return module.substring(module.lastIndexOf('.') + 1);
    }

    /**
     * Reads the adapters of a model into it.
     *
     * @throws InputException if the file has other tensors, or a number that is not finite
     */
    public static void read(Path folder, Model model) {
        Map<String, TensorSpec> expected = tensors(model.config(), model.adapters());
        Path file = folder.resolve(WEIGHTS);
        try (SafetensorsFile stored = SafetensorsFile.open(file)) {
            for (Map.Entry<String, TensorSpec> e : expected.entrySet()) {
                StoredTensor found = stored.tensor(e.getKey());
                if (!Arrays.equals(found.shape(), e.getValue().shape())) {
                    throw new InputException(file + ": tensor " + e.getKey() + " is " + Arrays.toString(found.shape()) + ", the adapters of this model want "
                            + Arrays.toString(e.getValue().shape()));
                }
            }
            if (stored.tensors().size() != expected.size()) {
                throw new InputException(file + ": has " + stored.tensors().size() + " tensors, the adapters of this model are " + expected.size());
            }
            expected.forEach((name, spec) -> {
                FloatBuffer into = model.parameters().tensor(spec.name()).floats();
                stored.read(name, 0, into.duplicate());
                checkFinite(file, name, 0, into);
            });
        }
    }

    private static void checkFinite(Path file, String name, long from, FloatBuffer values) {
        for (int i = 0; i < values.limit(); i++) {
            if (!Float.isFinite(values.get(i))) {
                throw new InputException(file + ": tensor " + name + " holds " + values.get(i) + " at index " + (from + i) + "; weights must be finite");
            }
        }
    }

    /**
     * Writes the adapters in a folder into another one that is being made.
     *
     * @param type F32 or BF16
     * @throws InputException if PEFT can't open them
     */
    public static void copy(Path folder, AtomicFiles.NewFolder target, StoredType type) throws IOException {
        Path config = folder.resolve(CONFIG);
        if (!Files.isRegularFile(config)) {
            throw new InputException(config + ": no such file: PEFT has no module that holds these weights alone; export the merged model, without --adapter");
        }
        if (Files.size(config) > MOST_CONFIG_BYTES) {
            throw new InputException(config + ": has " + Files.size(config) + " bytes; expected the description of adapters");
        }
        JsonNode json = Json.read(config);
        if (!json.path("peft_type").asText().equals("LORA")) {
            throw new InputException(config + ": is no description of LoRA adapters, whose peft_type is LORA");
        }
        Path file = folder.resolve(WEIGHTS);
        try (SafetensorsFile stored = SafetensorsFile.open(file)) {
            List<StoredOutput> outputs = new ArrayList<>();
            for (StoredTensor t : stored.tensors().values()) {
                outputs.add(new StoredOutput(t.name(), t.shape(), (from, into) -> {
                    FloatBuffer part = into.slice();
                    stored.read(t.name(), from, into);
                    checkFinite(file, t.name(), from, part);
                }));
            }
            target.text(CONFIG, json.toPrettyString() + "\n");
            write(target, outputs, type);
        }
    }
}
