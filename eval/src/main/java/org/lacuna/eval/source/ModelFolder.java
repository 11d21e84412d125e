package org.lacuna.eval.source;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.lacuna.model.safetensors.StoredWeights;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.Destination;
import org.lacuna.run.folder.FileOutput;

/** The folder that a command makes for a model made of another one: where it may be, and what goes along besides config and weights. */
public final class ModelFolder {
    /** What goes along, byte for byte, where the model's folder has it. */
    private static final List<String> COPIED = List.of("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json",
            "merges.txt", "tokenizer.model", "chat_template.jinja", "generation_config.json");
    /** A tokenizer's files are smaller by far. */
    private static final long MOST_COPIED = 1L << 28;

    private ModelFolder() {}

    /**
     * Checks that a folder can be made, before the work whose result goes there.
     *
     * @param out as {@code --out} says
     * @return the same, normalized
     * @throws InputException if there is something already, or there can be no folder
     * @throws RunException if the file system takes none there
     */
    public static Path fresh(Path out) {
        if (out.toString().isEmpty() || out.toAbsolutePath().normalize().equals(Path.of("").toAbsolutePath().normalize())) {
            throw new InputException("--out: \"" + out + "\" is the folder that the command runs in; name a new one");
        }
        Path folder = out.normalize();
        if (Files.exists(folder) && !isEmptyFolder(folder)) {
            throw new InputException(folder + ": exists already, and nothing is overwritten; name another folder with --out, or delete it first");
        }
        Destination.checkFolder(folder);
        return folder;
    }

    private static boolean isEmptyFolder(Path folder) {
        if (!Files.isDirectory(folder)) {
            return false;
        }
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.findAny().isEmpty();
        } catch (IOException e) {
            throw new RunException(folder + ": can't be read: " + AtomicFiles.reason(e), e);
        }
    }

    /** The files of a checkpoint's tokenizer, and what else goes along with its weights. */
    public static List<Path> companions(Path checkpoint) {
        List<Path> found = new ArrayList<>();
        for (String name : COPIED) {
            if (Files.isRegularFile(checkpoint.resolve(name))) {
                found.add(StoredWeights.own(checkpoint, name));
            }
        }
        return found;
    }

    /**
     * Copies them.
     *
     * @throws InputException if one is far too large to be what its name says
     */
    public static void copy(List<Path> companions, AtomicFiles.NewFolder folder) throws IOException {
        for (Path file : companions) {
            if (Files.size(file) > MOST_COPIED) {
                throw new InputException(file + ": has " + Files.size(file) + " bytes, so it belongs to no tokenizer; move it away");
            }
            try (FileOutput output = folder.file(file.getFileName().toString())) {
                Files.copy(file, output);
            }
        }
    }
}
