package org.lacuna.cli.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.lacuna.eval.memory.ForwardMemory;
import org.lacuna.eval.robustness.GridPrograms;
import org.lacuna.eval.robustness.Settings;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.graph.Device;
import org.lacuna.graph.Precision;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.Json;
import org.lacuna.run.memory.Megabytes;
import org.lacuna.sparsity.Site;
import org.lacuna.training.RecomputeTrade;
import org.lacuna.training.TrainingMemory;
import org.lacuna.training.TrainingPrograms;
import org.lacuna.training.progress.MemoryLines;
import org.lacuna.training.recipe.Objective;
import org.lacuna.training.recipe.Recompute;
import org.lacuna.training.recipe.TrainSettings;

/**
 * What a model takes outside the Java heap when it is measured, and when it is trained in fp32.
 *
 * @param windows that are measured, as {@code eval} does unless told otherwise
 * @param window tokens in each, of training too
 * @param batch windows in a training step
 */
record MemoryFacts(int windows, int window, int batch, ForwardMemory evaluation, TrainingMemory training, RecomputeTrade trade) {
    private static final int WINDOWS = 64;
    private static final int MOST_BATCH = 1 << 20;

    /**
     * Compiles what both compute.
     *
     * @throws InputException if that is more than a tensor can hold
     */
    static MemoryFacts of(ModelConfig config, int batch, int window, Device device) {
        check(config, batch, window);
        int workers = Runtime.getRuntime().availableProcessors();
        int shards = shards(batch, workers);
        checkActivations(config, (long) batch / shards * window);
        TrainSettings training = new TrainSettings(1, 1, batch, window, 1, shards, workers, Precision.FP32, Recompute.NONE, 0, 1, 0, 0.9, 0.95, 1e-8, 0, 1, 0, 1, 0, 1);
        TrainingPrograms programs = TrainingPrograms.compile(config, training, Objective.plain(), device);
        Settings settings = Settings.PAPER.withSites(Arrays.stream(SiteSet.values()).filter(set -> config.feedForward().sites().containsAll(set.sites())).toList());
        return new MemoryFacts(WINDOWS, window, batch, new GridPrograms(config, device, WINDOWS, window).memory(settings, workers), programs.memory(0),
                programs.recomputeTrade());
    }

    private static void check(ModelConfig config, int batch, int window) {
        List<String> problems = new ArrayList<>();
        if (batch < 1 || batch > MOST_BATCH) {
            problems.add("--batch: must be from 1 to " + MOST_BATCH + ", not " + batch);
        }
        if (window < 1 || window > config.maxPositions()) {
            problems.add("--window: must be from 1 to the " + config.maxPositions() + " positions that the model is meant for, not " + window);
        } else if ((long) batch * window > Integer.MAX_VALUE) {
            problems.add("--batch: " + batch + " windows of " + window + " tokens are more than the " + Integer.MAX_VALUE + " tokens that a step can have");
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
    }

    /** As many pieces of equal size as there are workers for. */
    private static int shards(int batch, int workers) {
        int shards = Math.min(batch, workers);
        while (batch % shards != 0) {
            shards--;
        }
        return shards;
    }

    /** An activation is one tensor, which has at most 2³¹ − 1 bytes. */
    private static void checkActivations(ModelConfig c, long tokens) {
        long most = Integer.MAX_VALUE / Float.BYTES / c.widest();
        if (tokens > most) {
            throw new InputException("--batch, --window: " + tokens + " tokens of a worker make activations of more than the " + Integer.MAX_VALUE
                    + " bytes that one tensor can have; give at most " + most + " tokens");
        }
    }

    /** For the table. */
    List<String> evaluationLines() {
        return List.of(String.format(Locale.ROOT, "%d windows of %,d tokens, %d side by side: parameters %s MB, activations %s: %s MB in all", windows, window,
                evaluation.workers(), Megabytes.of(evaluation.parameters()), Megabytes.of(evaluation.activations()), Megabytes.of(evaluation.bytes())));
    }

    /** For the table. */
    List<String> trainingLines() {
        List<String> lines = new ArrayList<>();
        lines.add(String.format(Locale.ROOT, "steps of %,d × %,d tokens, fp32, AdamW", batch, window));
        lines.addAll(MemoryLines.of(training, 0, trade));
        return lines;
    }

    ObjectNode toJson() {
        ObjectNode json = Json.object();
        json.putObject("evaluation").put("windows", windows).put("window", window).put("workers", evaluation.workers())
                .put("parameterBytes", evaluation.parameters()).put("activationBytes", evaluation.activations()).put("bytes", evaluation.bytes());
        json.putObject("training").put("batch", batch).put("window", window).put("shards", training.shards()).put("precision", "fp32")
                .put("parameterBytes", training.parameters()).put("momentBytes", training.moments()).put("gradientBytes", training.gradients())
                .put("activationBytes", training.activations()).put("bytes", training.bytes())
                .put("recomputeSavesBytes", trade.savedBytes()).put("recomputeMoreOperations", trade.moreOperations());
        return json;
    }
}
