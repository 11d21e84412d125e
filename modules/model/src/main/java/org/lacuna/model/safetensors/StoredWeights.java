package org.lacuna.model.safetensors;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.lacuna.graph.Tensor;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;

/**
 * A model's weights as Hugging Face publishes them, open: one {@value #SINGLE}, or the shards that
 * {@value #INDEX} names. Where a folder has both, the single file is read, as in transformers.
 *
 * <p>Whoever wrote the folder, no file outside of it is opened, and all headers have been checked, and compared with the
 * index, before the first tensor is read. A folder of Hugging Face's download cache, whose files are links into its own
 * store, is taken as it is.
 *
 * <p>Tensors are read in pieces from the files' channels into the caller's memory, at any size. No file is mapped, since
 * mapped pages count as resident memory: loading a model takes its own size and no more. Several threads may read at a time.
 */
public final class StoredWeights implements AutoCloseable {
    /** The file with all weights. */
    public static final String SINGLE = "model.safetensors";
    /** The file that says which shard has which tensor. */
    public static final String INDEX = "model.safetensors.index.json";

    /** One plain name: no separators, nothing hidden, nothing that a file system or a terminal takes for something else. */
    private static final Pattern SHARD = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,240}\\.safetensors");

    private final List<SafetensorsFile> files;
    private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    private final Map<String, SafetensorsFile> fileOf = new HashMap<>();

    private StoredWeights(List<SafetensorsFile> files) {
        this.files = files;
        for (SafetensorsFile file : files) {
            tensors.putAll(file.tensors());
            file.tensors().keySet().forEach(name -> fileOf.put(name, file));
        }
    }

    /**
     * Opens the weights in a folder.
     *
     * @throws InputException if there are none, or with everything that is wrong with them: shards that are missing, damaged
     *     or not in the folder, tensors that are not where the index says or that it does not name
     */
    public static StoredWeights open(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new InputException("there is no folder " + folder);
        }
        if (Files.exists(folder.resolve(SINGLE))) {
            return new StoredWeights(List.of(SafetensorsFile.open(own(folder, SINGLE))));
        }
        if (Files.exists(folder.resolve(INDEX))) {
            return openShards(folder, own(folder, INDEX));
        }
        throw new InputException(folder + ": has neither " + SINGLE + " nor " + INDEX + "; weights in other formats, such as pytorch_model.bin, have to"
                + " be converted to safetensors");
    }

    /**
     * A file of the folder's own: also where it is a link, as in Hugging Face's cache.
     *
     * @throws InputException if it is a link that leads elsewhere
     */
    public static Path own(Path folder, String name) {
        Path file = folder.resolve(name);
        try {
            Path real = file.toRealPath();
            Path home = folder.toRealPath();
            if (real.startsWith(home) || isCached(home) && real.startsWith(home.getParent().resolveSibling("blobs"))) {
                return file;
            }
        } catch (IOException e) {
            throw new RunException("can't read " + file + ": " + e, e);
        }
        throw new InputException(file + ": is a link to a file outside of the folder; put the file itself there");
    }

    /** Hugging Face's download cache: NAME/snapshots/COMMIT/model.safetensors is a link to NAME/blobs/HASH. */
    private static boolean isCached(Path home) {
        return home.getNameCount() > 2 && home.getParent().endsWith("snapshots");
    }

    private static StoredWeights openShards(Path folder, Path index) {
        Map<String, String> shardOf = ShardIndex.read(index);
        List<String> problems = new ArrayList<>();
        Map<String, SafetensorsFile> shards = new LinkedHashMap<>();
        boolean good = false;
        try {
            for (String name : new TreeSet<>(shardOf.values())) {
                try {
                    shards.put(name, openShard(folder, index, name));
                } catch (InputException e) {
                    problems.addAll(e.problems());
                }
            }
            compare(index, shardOf, shards, problems);
            if (!problems.isEmpty()) {
                throw new InputException(problems);
            }
            good = true;
            return new StoredWeights(List.copyOf(shards.values()));
        } finally {
            if (!good) {
                shards.values().forEach(SafetensorsFile::close);
            }
        }
    }

    private static SafetensorsFile openShard(Path folder, Path index, String name) {
        if (!SHARD.matcher(name).matches()) {
            throw new InputException(index + ": weight_map names a file " + StrictJson.shown(name)
                    + "; expected a plain name in the same folder, of letters, digits, '.', '_' and '-', that ends in .safetensors");
        }
        if (!Files.exists(folder.resolve(name))) {
            throw new InputException(folder.resolve(name) + ": is missing; " + INDEX + " says that it holds weights");
        }
        return SafetensorsFile.open(own(folder, name));
    }

    /** What a shard that could not be opened would have had is not a problem of its own. */
    private static void compare(Path index, Map<String, String> shardOf, Map<String, SafetensorsFile> shards, List<String> problems) {
        shards.forEach((name, shard) -> {
            for (String tensor : shard.tensors().keySet()) {
                String expected = shardOf.get(tensor);
                if (expected == null) {
                    problems.add(shard.file() + ": has a tensor " + tensor + ", which " + INDEX + " does not name");
                } else if (!expected.equals(name)) {
                    problems.add(shard.file() + ": has a tensor " + tensor + ", which " + INDEX + " says is in " + StrictJson.shown(expected));
                }
            }
        });
        shardOf.forEach((tensor, name) -> {
            if (shards.containsKey(name) && !shards.get(name).tensors().containsKey(tensor)) {
                problems.add(index + ": tensor " + tensor + " is said to be in " + name + ", which has none of that name");
            }
        });
    }

    /** All tensors by name: file after file in the order of their names, in each as they lie in it. */
    public Map<String, StoredTensor> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    /**
     * The path of the file that has a tensor, for messages.
     *
     * @throws InputException if there is no such tensor
     */
    public String file(String name) {
        return owner(name).file().toString();
    }

    /** Copies a tensor as {@link SafetensorsFile#read(String, Tensor)} does. */
    public void read(String name, Tensor target) {
        owner(name).read(name, target);
    }

    /** Fills {@code into} with elements of a tensor as {@link SafetensorsFile#read(String, long, FloatBuffer)} does. */
    public void read(String name, long from, FloatBuffer into) {
        owner(name).read(name, from, into);
    }

    /** The files, in the order of their names. */
    public List<Path> paths() {
        return files.stream().map(SafetensorsFile::file).toList();
    }

    /** What holds them, for messages: the one file, or the index. */
    @Override
    public String toString() {
        return files.get(0).file().resolveSibling(files.size() == 1 ? SINGLE : INDEX).toString();
    }

    private SafetensorsFile owner(String name) {
        SafetensorsFile file = fileOf.get(name);
        if (file == null) {
            throw new InputException(this + ": there is no tensor " + name);
        }
        return file;
    }

    @Override
    public void close() {
        files.forEach(SafetensorsFile::close);
    }
}
