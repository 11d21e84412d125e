package org.lacuna.training.checkpoint;

import java.io.IOException;
import java.nio.FloatBuffer;
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
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.Tensor;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.Model;
import org.lacuna.model.lora.PeftFolder;
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
 *   adapter/                                         where adapters are trained: they alone ({@link PeftFolder}); the model above has them merged
 *   ema/                                             the same with the weights' moving average, where there is one
 *   optimizer.safetensors                            AdamW's moments: m.NAME and v.NAME for each parameter that is trained
 *   state.json                                       {@link TrainingState}
 * </pre>
 */
public final class TrainingCheckpoint {
    /** The folder within with the model of the averaged weights. */
    public static final String EMA = "ema";
    /** The folder within, and within {@value #EMA}, that has the adapters. */
    public static final String ADAPTER = "adapter";
    private static final String OPTIMIZER = "optimizer.safetensors";
    private static final String FIRST = "m.";
    private static final String SECOND = "v.";

    private TrainingCheckpoint() {}

    /**
     * Writes a checkpoint of a trainer as it stands, straight from its memory.
     *
     * @param folder must not exist
     * @param base what the model began with, if it is a checkpoint
     * @throws RunException if the file system refuses; there is no such folder then
     */
    public static void write(Path folder, Trainer trainer, Optional<Tokenizer> tokenizer, Optional<String> base, TrainingState state) {
        List<Tensor> moments = new ArrayList<>();
        for (String name : trainer.model().parameters().names()) {
            moments.add(renamed(FIRST, trainer.optimizer().first().tensor(name)));
            moments.add(renamed(SECOND, trainer.optimizer().second().tensor(name)));
        }
        AtomicFiles.folder(folder, fresh -> {
            write(fresh, trainer.model(), tokenizer, base);
            if (trainer.average().isPresent()) {
                write(fresh.folder(EMA), trainer.average().get(), tokenizer, base);
            }
            try (FileOutput out = fresh.file(OPTIMIZER)) {
                SafetensorsWriter.write(out, Map.of(), moments);
            }
            fresh.text(TrainingState.FILE, state.toJson());
        });
    }

    private static void write(AtomicFiles.NewFolder folder, Model model, Optional<Tokenizer> tokenizer, Optional<String> base) throws IOException {
        Checkpoint.write(folder, model);
        if (!model.adapters().isEmpty()) {
            PeftFolder.write(folder.folder(ADAPTER), model, base.orElseThrow());
        }
        if (tokenizer.isPresent()) {
            tokenizer.get().save(folder.path().resolve("tokenizer.json"));
        }
    }

    /** What a checkpoint takes on the disk: parameters, both moments of those that are trained, and the average; its other files are small beside them. */
    public static long bytes(Trainer trainer) {
        ParameterStore parameters = trainer.model().parameters();
        return Float.BYTES * ((trainer.average().isPresent() ? 2 : 1) * parameters.count() + 2 * parameters.trainableCount());
    }

    /** Whether all files of a checkpoint can be read; not whether it belongs to a certain run. */
    public static boolean isWhole(Path folder, Device device) {
        try (SafetensorsFile moments = SafetensorsFile.open(folder.resolve(OPTIMIZER))) {
            TrainingState.read(folder);
            Checkpoint.load(folder, device);
            if (Files.isDirectory(folder.resolve(EMA))) {
                Checkpoint.load(folder.resolve(EMA), device);
            }
            for (Path adapter : List.of(folder.resolve(ADAPTER), folder.resolve(EMA).resolve(ADAPTER))) {
                if (Files.isDirectory(adapter)) {
                    SafetensorsFile.open(adapter.resolve(PeftFolder.WEIGHTS)).close();
                }
            }
            // Of which parameters they have to be only the recipe knows.
            Set<String> names = moments.tensors().keySet();
            return !names.isEmpty() && names.stream().allMatch(name -> names.contains((name.startsWith(FIRST) ? SECOND : FIRST) + name.substring(FIRST.length())));
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
                checkMoments(file, FIRST + name, trainer.optimizer().first().tensor(name).floats(), Float.NEGATIVE_INFINITY);
                checkMoments(file, SECOND + name, trainer.optimizer().second().tensor(name).floats(), 0);
            }
        }
        trainer.average().ifPresent(average -> readModel(folder.resolve(EMA), average));
        trainer.resumeAt(state.step());
    }

    /** A gradient may be too large for its square to be finite; but what is no number makes all weights none with the next step. */
    private static void checkMoments(Path file, String name, FloatBuffer values, float least) {
        for (int i = 0; i < values.limit(); i++) {
            if (!(values.get(i) >= least)) {
                throw new InputException(file + ": tensor " + name + " holds " + values.get(i) + " at index " + i + ", which is no moment of a gradient");
            }
        }
    }

    /**
     * Puts what a checkpoint has of a model that is trained into it: all parameters, or its adapters, whose model stays as it is.
     *
     * @throws InputException if the files are damaged or another model's
     */
    public static void readModel(Path folder, Model model) {
        if (model.adapters().isEmpty()) {
            Checkpoint.read(folder, model);
        } else {
            PeftFolder.read(folder.resolve(ADAPTER), model);
        }
    }
}
