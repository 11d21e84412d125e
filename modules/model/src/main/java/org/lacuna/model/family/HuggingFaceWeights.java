package org.lacuna.model.family;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.Tensor;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.graph.DecoderParameters;
import org.lacuna.model.safetensors.SafetensorsWriter;
import org.lacuna.model.safetensors.StoredOutput;
import org.lacuna.model.safetensors.StoredTensor;
import org.lacuna.model.safetensors.StoredType;
import org.lacuna.model.safetensors.StoredWeights;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.AtomicFiles;

/**
 * The weights of every family as Hugging Face's files have them: under the family's names, in its layout, tied ones once.
 *
 * <p>They are streamed from the files straight into the parameters; a tensor that is laid out otherwise is held once more as a whole
 * meanwhile.
 */
public final class HuggingFaceWeights {
    private static final int PIECE = 1 << 18;
    private static final Set<StoredType> FLOATING = Set.of(StoredType.F32, StoredType.F16, StoredType.BF16);

    private HuggingFaceWeights() {}

    /** The tensors of a model's files; those that belong together make one gradient, one norm and so on. */
    public static List<FileTensor> tensors(ModelConfig config) {
        return Families.of(config.family()).tensors(config);
    }

    /**
     * Compares the files with the config, before anything is allocated: sizes in a config are never believed without the weights to
     * them.
     *
     * @throws InputException with all tensors that are missing, superfluous, of another shape, or of no floating type
     */
    public static void check(StoredWeights weights, ModelConfig config) {
        Family family = Families.of(config.family());
        String missing = missingPrefix(family, weights);
        List<String> problems = new ArrayList<>();
        Set<String> expected = new HashSet<>();
        for (FileTensor t : family.tensors(config)) {
            String name = strip(t.name(), missing);
            expected.add(name);
            StoredTensor found = weights.tensors().get(name);
            if (found == null) {
                problems.add("tensor " + name + Arrays.toString(t.shape()) + " is missing");
            } else if (!Arrays.equals(found.shape(), t.shape())) {
                problems.add("tensor " + name + " is " + Arrays.toString(found.shape()) + ", config.json wants " + Arrays.toString(t.shape()));
            } else if (!FLOATING.contains(found.type())) {
                problems.add("tensor " + name + " is " + found.type() + ", not F32, F16 or BF16");
            }
        }
        Pattern redundant = Pattern.compile(Pattern.quote(family.prefix().substring(missing.length())) + "(model\\.)?" + family.redundant());
        for (String name : weights.tensors().keySet()) {
            boolean known = expected.contains(name) || redundant.matcher(name).matches() || config.tied() && name.equals(family.head());
            if (!known) {
                problems.add("tensor " + name + " belongs to no part of the model that config.json describes");
            }
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems.stream().map(p -> weights + ": " + p).toList());
        }
    }

    /** The files' tensors that the model is made of, of files that {@link #check} accepts; what is there besides is passed over. */
    public static List<StoredTensor> stored(StoredWeights weights, ModelConfig config) {
        Family family = Families.of(config.family());
        String missing = missingPrefix(family, weights);
        return family.tensors(config).stream().map(t -> weights.tensors().get(strip(t.name(), missing))).toList();
    }

    /**
     * Reads the weights, which {@link #check} accepts, once, and keeps nothing: for files of any size.
     *
     * @throws InputException as {@link #read} does
     */
    public static void checkNumbers(StoredWeights weights, ModelConfig config) {
        FloatBuffer piece = FloatBuffer.allocate(PIECE);
        for (StoredTensor t : stored(weights, config)) {
            for (long from = 0; from < t.length(); from += PIECE) {
                int n = (int) Math.min(PIECE, t.length() - from);
                weights.read(t.name(), from, piece.clear().limit(n));
                checkFinite(weights, t.name(), from, piece.clear().limit(n));
            }
        }
        checkTied(weights, config);
    }

    /**
     * Reads the weights, which {@link #check} accepts, into the parameters.
     *
     * @throws InputException if a number is not finite, naming tensor and place, or if a tied output embedding is there again and differs
     */
    public static void read(StoredWeights weights, ModelConfig config, ParameterStore parameters) {
        Family family = Families.of(config.family());
        String missing = missingPrefix(family, weights);
        for (FileTensor t : family.tensors(config)) {
            String name = strip(t.name(), missing);
            FileTensor.Part whole = t.whole();
            if (whole != null) {
                Tensor into = parameters.tensor(whole.parameter()).view(name, whole.first(), t.shape());
                weights.read(name, into);
                checkFinite(weights, name, 0, into.floats());
            } else {
                float[] stored = new float[Math.toIntExact(t.length())];
                weights.read(name, 0, FloatBuffer.wrap(stored));
                checkFinite(weights, name, 0, FloatBuffer.wrap(stored));
                t.toParameters(stored, parameters::tensor);
            }
        }
        checkTied(weights, config);
    }

    /** The family's prefix if no tensor has it, else nothing. */
    private static String missingPrefix(Family family, StoredWeights weights) {
        boolean there = weights.tensors().keySet().stream().anyMatch(name -> name.startsWith(family.prefix()));
        return there ? "" : family.prefix();
    }

    private static String strip(String name, String prefix) {
        return name.startsWith(prefix) ? name.substring(prefix.length()) : name;
    }

    private static void checkFinite(StoredWeights weights, String name, long from, FloatBuffer values) {
        for (int i = 0; i < values.limit(); i++) {
            if (!Float.isFinite(values.get(i))) {
                throw new InputException(weights.file(name) + ": tensor " + name + " holds " + values.get(i) + " at index " + (from + i) + "; weights must be finite");
            }
        }
    }

    /** Some tied checkpoints store the output embedding a second time. It changes nothing only where it is the same. */
    private static void checkTied(StoredWeights weights, ModelConfig config) {
        Family family = Families.of(config.family());
        StoredTensor head = weights.tensors().get(family.head());
        if (!config.tied() || head == null) {
            return;
        }
        StoredTensor embedding = family.tensors(config).stream().filter(t -> t.parts().get(0).parameter().equals(DecoderParameters.EMBEDDING))
                .map(t -> weights.tensors().get(strip(t.name(), missingPrefix(family, weights)))).findFirst().orElseThrow();
        boolean same = Arrays.equals(head.shape(), embedding.shape()) && FLOATING.contains(head.type());
        FloatBuffer ours = FloatBuffer.allocate(PIECE);
        FloatBuffer theirs = FloatBuffer.allocate(PIECE);
        for (long from = 0; same && from < embedding.length(); from += PIECE) {
            int n = (int) Math.min(PIECE, embedding.length() - from);
            weights.read(embedding.name(), from, ours.clear().limit(n));
            weights.read(head.name(), from, theirs.clear().limit(n));
            same = ours.clear().limit(n).equals(theirs.clear().limit(n));
        }
        if (!same) {
            throw new InputException(weights.file(head.name()) + ": config.json says tie_word_embeddings, but " + head.name() + " is not the input embedding");
        }
    }

    /**
     * Writes a model's weights into a folder that is being made.
     *
     * @param parameters their numbers by name, each asked for when it is written
     * @param type F32 or BF16
     * @param maxShardBytes as in {@link SafetensorsWriter#writeSharded}
     */
    public static void write(AtomicFiles.NewFolder folder, ModelConfig config, Function<String, FloatBuffer> parameters, StoredType type, long maxShardBytes) throws IOException {
        List<StoredOutput> outputs = new ArrayList<>();
        for (FileTensor t : tensors(config)) {
            outputs.add(new StoredOutput(t.name(), t.shape(), elements(t, parameters)));
        }
        SafetensorsWriter.writeSharded(folder, Map.of("format", "pt"), outputs, type, maxShardBytes);
    }

    private static StoredOutput.Elements elements(FileTensor t, Function<String, FloatBuffer> parameters) {
        FileTensor.Part whole = t.whole();
        if (whole != null) {
            return (from, into) -> into.put(parameters.apply(whole.parameter()).slice(Math.toIntExact(whole.first() + from), into.remaining()));
        }
        float[][] stored = new float[1][];
        return (from, into) -> {
            if (from == 0) {
                stored[0] = t.ofValues(parameters);
            }
            boolean last = from + into.remaining() == t.length();
            into.put(stored[0], Math.toIntExact(from), into.remaining());
            if (last) {
                stored[0] = null;
            }
        };
    }
}
