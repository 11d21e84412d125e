package org.lacuna.training.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import org.lacuna.graph.Device;
import org.lacuna.graph.Precision;
import org.lacuna.graph.TensorSpec;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.model.graph.DecoderParameters;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.Json;
import org.lacuna.run.memory.ProcessMemory;
import org.lacuna.sparsity.Site;
import org.lacuna.training.TrainingPrograms;
import org.lacuna.training.recipe.Objective;
import org.lacuna.training.recipe.Recompute;
import org.lacuna.training.recipe.TrainSettings;

/**
 * What is measured.
 *
 * @param config of the model
 * @param batch windows in a step
 * @param window tokens in a window
 * @param accumulation rounds in which a step computes its batch, one after the other
 * @param shards pieces that a round is cut into
 * @param workers threads
 * @param precision of matrix products
 * @param recompute what the backward pass computes again
 */
public record Shape(ModelConfig config, int batch, int window, int accumulation, int shards, int workers, Precision precision, Recompute recompute) {

    /** A Llama of this size: SiLU, as many key heads as heads, an output embedding of its own. */
    public static ModelConfig llama(int layers, int hidden, int intermediate, int heads, int vocabulary, int window) {
        return ModelConfig.llama(vocabulary, hidden, intermediate, layers, heads, heads, hidden / heads, 1e-6, RotaryPosition.plain(10000),
                false, FeedForward.gated("silu"), window, 0.02, OptionalInt.empty(), List.of());
    }

    /** The model's parameters. */
    long parameters() {
        return DecoderParameters.of(config).stream().mapToLong(TensorSpec::length).sum();
    }

    /** Shards that are computed at the same time: all, each by a worker, or one by all workers if those are more. */
    int sideBySide() {
        return workers > shards ? 1 : Math.min(workers, shards);
    }

    /** Tokens in a batch. */
    int tokens() {
        return batch * window;
    }

    /** A training run of so many steps: AdamW as by default, at a constant learning rate. */
    TrainSettings settings(int steps) {
        return new TrainSettings(1, steps, batch, window, accumulation, shards, workers, precision, recompute, 1e-3, 1, 0, 0.9, 0.95, 1e-8, 0.1, 1, 0, 1, 0, 1);
    }

    /**
     * Refuses a training step that does not fit the machine; asked before there is a model.
     *
     * @return this
     * @throws RunException with the arithmetic
     */
    public Shape fitting(Device device) {
        TrainingPrograms.compile(config, settings(1), Objective.plain(), device).memory(0)
                .check("bench", ProcessMemory.resident(), ProcessMemory.limit(), "a smaller --batch or --window, more --accumulation, fewer --shards, or a smaller model");
        return this;
    }

    /** Begins a setup in JSON. */
    ObjectNode toJson() {
        return Json.object().put("layers", config.layers()).put("hidden", config.hidden()).put("intermediate", config.intermediate())
                .put("heads", config.heads()).put("vocabulary", config.vocabulary()).put("batch", batch).put("window", window)
                .put("accumulation", accumulation).put("shards", shards).put("workers", workers).put("precision", name(precision)).put("recompute", name(recompute));
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%s; batch %d × %d%s, %s, %d workers%s", model(), batch, window, accumulation == 1 ? "" : " in " + accumulation + " rounds",
                name(precision), workers, recompute == Recompute.NONE ? "" : ", recompute " + name(recompute));
    }

    /** The model alone. */
    String model() {
        return String.format(Locale.ROOT, "%s, %d layers, hidden %d, FFN %d, %d heads, vocabulary %d: %,d parameters", config.family(), config.layers(), config.hidden(),
                config.intermediate(), config.heads(), config.vocabulary(), parameters());
    }

    /** As on the command line: {@code fp32}. */
    static String name(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
