package org.lacuna.training.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.graph.Device;
import org.lacuna.graph.Tensor;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.Model;
import org.lacuna.model.safetensors.SafetensorsFile;
import org.lacuna.model.safetensors.SafetensorsWriter;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.FileOutput;
import org.lacuna.training.Trainer;

/**
 * A training checkpoint's folder, which is there whole or not at all:
 *
 * <pre>
 *   config.json, model.safetensors, tokenizer.json   the model, as Hugging Face's loaders expect it
 *   ema/                                             the same three files with the weights' moving average, where there is one
 *   optimizer.safetensors                            AdamW's moments: m.NAME and v.NAME for each parameter
 *   state.json                                       {@link TrainingState}
 * </pre>
 */
public final class TrainingCheckpoint {
    /** The folder within with the model of the averaged weights. */
    public static final String EMA = "ema";
    private static final String OPTIMIZER = "optimizer.safetensors";
    private static final String FIRST = "m.";
    private static final String SECOND = "v.";

    private TrainingCheckpoint() {}

    /**
     * Writes a checkpoint of a trainer as it stands, straight from its memory.
     *
     * @param folder must not exist
     * @throws RunException if the file system refuses; there is no such folder then
     */
    public static void write(Path folder, Trainer trainer, Optional<Tokenizer> tokenizer, TrainingState state) {
        List<Tensor> moments = new ArrayList<>();
        for (String name : trainer.model().parameters().names()) {
            moments.add(renamed(FIRST, trainer.optimizer().first().tensor(name)));
            moments.add(renamed(SECOND, trainer.optimizer().second().tensor(name)));
        }
        AtomicFiles.folder(folder, fresh -> {
            write(fresh, trainer.model(), tokenizer);
            if (trainer.average().isPresent()) {
                write(fresh.folder(EMA), trainer.average().get(), tokenizer);
            }
            try (FileOutput out = fresh.file(OPTIMIZER)) {
                SafetensorsWriter.write(out, Map.of(), moments);
            }
            fresh.text(TrainingState.FILE, state.toJson());
        });
    }

    private static void write(AtomicFiles.NewFolder folder, Model model, Optional<Tokenizer> tokenizer) throws IOException {
        Checkpoint.write(folder, model);
        if (tokenizer.isPresent()) {
            tokenizer.get().save(folder.path().resolve("tokenizer.json"));
        }
    }

    /** What a checkpoint takes on the disk: parameters, both moments, and the average; its other files are small beside them. */
    public static long bytes(Trainer trainer) {
        return (trainer.average().isPresent() ? 4L : 3L) * Float.BYTES * trainer.model().parameters().count();
    }

    /** Whether all files of a checkpoint can be read; not whether it belongs to a certain run. */
    public static boolean isWhole(Path folder, Device device) {
        try (SafetensorsFile moments = SafetensorsFile.open(folder.resolve(OPTIMIZER))) {
            TrainingState.read(folder);
            if (Files.isDirectory(folder.resolve(EMA))) {
                Checkpoint.load(folder.resolve(EMA), device);
            }
            return moments.tensors().size() == 2 * Checkpoint.load(folder, device).parameters().names().size();
        } catch (InputException | RunException e) {
            return false;
        }
    }

    private static Tensor renamed(String prefix, Tensor t) {
        return t.view(prefix + t.name(), 0, t.shape());
    }

    /**
     * Puts a checkpoint's moments and average into a trainer of its model and sets its step.
     *
     * @throws InputException if the file is damaged or belongs to another model
     */
    public static void restore(Path folder, Trainer trainer, TrainingState state) {
        Path file = folder.resolve(OPTIMIZER);
        Set<String> expected = new HashSet<>();
        for (String name : trainer.model().parameters().names()) {
            expected.add(FIRST + name);
            expected.add(SECOND + name);
        }
        try (SafetensorsFile moments = SafetensorsFile.open(file)) {
            if (!moments.tensors().keySet().equals(expected)) {
                throw new InputException(file + ": its tensors are not the moments of this model's parameters");
            }
            for (String name : trainer.model().parameters().names()) {
                moments.read(FIRST + name, trainer.optimizer().first().tensor(name));
                moments.read(SECOND + name, trainer.optimizer().second().tensor(name));
            }
        }
        trainer.average().ifPresent(average -> Checkpoint.read(folder.resolve(EMA), average));
        trainer.resumeAt(state.step());
    }
}
