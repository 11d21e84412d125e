package org.lacuna.training.recipe;

import java.util.ArrayList;
import java.util.List;
import org.lacuna.graph.Precision;
import org.lacuna.run.InputException;
import org.lacuna.run.recipe.Key;
import org.lacuna.training.optimizer.LearningRate;
import org.lacuna.training.optimizer.ParameterGroup;
import org.lacuna.training.optimizer.Schedule;

/** How long, how fast and by which steps a model is trained. Steps are counted from 1. */
public record TrainSettings(
        @Key(doc = "seed of the fresh weights and of the sampler", def = "1") long seed,
        @Key(doc = "optimizer steps", min = 1) int steps,
        @Key(doc = "windows in an optimizer step", def = "32", min = 1, max = 1 << 20) int batch,
        @Key(doc = "tokens in a window", def = "128", min = 1, max = 1 << 20) int window,
        @Key(doc = "pieces of the batch that are computed one after the other", def = "1", min = 1, max = 1 << 20) int accumulation,
        @Key(doc = "pieces of the batch that workers compute side by side; part of the result's bits", def = "2", min = 1, max = 1 << 12) int shards,
        @Key(doc = "threads, 0 for as many as there are processors; not part of the result's bits", def = "0", min = 0, max = 1 << 12) int workers,
        @Key(doc = "numbers that matrices are multiplied in: fp32, or bf16 with sums in fp32", def = "fp32") Precision precision,
        @Key(doc = "what the backward pass computes again to save memory: none, or each layer; not part of the result's bits", def = "none") Recompute recompute,
        @Key(doc = "highest learning rate", def = "1e-3", min = 0, max = 1e6) double lr,
        @Key(doc = "last learning rate / highest", def = "0.1", min = 0, max = 1) double minLrRatio,
        @Key(doc = "steps over which the learning rate rises from 0", def = "0", min = 0) int warmup,
        @Key(doc = "how the learning rate falls then to lr · minLrRatio", def = "cosine") Schedule schedule,
        @Key(doc = "with schedule = wsd: the last share of the steps, in which it falls", def = "0.2", above = 0, max = 1) double decay,
        @Key(doc = "AdamW's decay of the first moment", def = "0.9", min = 0, below = 1) double beta1,
        @Key(doc = "AdamW's decay of the second moment", def = "0.95", min = 0, below = 1) double beta2,
        @Key(doc = "AdamW's epsilon", def = "1e-8", above = 0, max = 1) double eps,
        @Key(doc = "decoupled decay of parameters with two or more dimensions", def = "0.1", min = 0, max = 100) double weightDecay,
        @Key(doc = "parameters with a learning rate and decay of their own; the first pattern that matches counts", def = "[]") List<ParameterGroup> groups,
        @Key(doc = "largest norm of the gradient over all parameters", def = "1", above = 0) double clip,
        @Key(doc = "share of what attention and feed-forward blocks add to the residual stream that a step leaves out", def = "0", min = 0, below = 1) double dropout,
        @Key(doc = "decay of the weights' exponential moving average, which is kept beside them; 0 for none", def = "0", min = 0, below = 1) double ema,
        @Key(doc = "steps between validations, 0 for none", def = "100", min = 0) int evalEvery,
        @Key(doc = "validation windows", def = "32", min = 1, max = 1 << 20) int evalWindows,
        @Key(doc = "validations in a row without a new lowest loss after which the run ends, 0 for never", def = "0", min = 0) int patience,
        @Key(doc = "steps between checkpoints, 0 for one at the end only", def = "500", min = 0) int saveEvery,
        Keep keep,
        Rollback rollback,
        SampleSettings sample,
        SnapshotSettings snapshot,
        @Key(doc = "whether TensorBoard's event files are written too; no part of the result's bits", def = "true") boolean tensorboard,
        @Key(doc = "steps between log lines", def = "10", min = 1) int logEvery) {

    /** Checks what one key alone can't know. */
    public TrainSettings {
        List<String> problems = new ArrayList<>();
        if (batch % ((long) shards * accumulation) != 0) {
            problems.add("batch: " + batch + " is not divisible by shards · accumulation = " + (long) shards * accumulation);
        }
        if (warmup > steps) {
            problems.add("warmup: " + warmup + " is more than steps = " + steps + "; give a smaller one too, or more steps");
        }
        if (schedule == Schedule.WSD && warmup <= steps && warmup + (long) decaySteps(decay, steps) > steps) {
            problems.add("decay: " + decay + " of the steps are " + decaySteps(decay, steps) + ", more than the " + (steps - warmup) + " that are left of steps = " + steps
                    + " after warmup = " + warmup);
        }
        if ((long) batch * window > Integer.MAX_VALUE) {
            problems.add("batch: " + batch + " windows of " + window + " tokens are more than the " + Integer.MAX_VALUE + " tokens that a step can have");
        }
        if (patience > 0 && evalEvery == 0) {
            problems.add("patience: " + patience + " validations, but evalEvery = 0 says that there are none");
        }
        if (keep.best() && evalEvery == 0) {
            problems.add("keep.best: is the checkpoint with the lowest validation loss, but evalEvery = 0 says that there are no validations");
        }
        if (keep.every() > 0 && (saveEvery == 0 || keep.every() % saveEvery != 0)) {
            problems.add("keep.every: " + keep.every() + " is no multiple of saveEvery = " + saveEvery + ", so there is no checkpoint at many of its multiples");
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
    }

    /** Bare steps: the cosine schedule alone, and all else that has a default as it is by default. */
    public TrainSettings(long seed, int steps, int batch, int window, int accumulation, int shards, int workers, Precision precision, Recompute recompute,
            double lr, double minLrRatio, int warmup, double beta1, double beta2, double eps, double weightDecay, double clip, int evalEvery, int evalWindows,
            int saveEvery, int logEvery) {
        this(seed, steps, batch, window, accumulation, shards, workers, precision, recompute, lr, minLrRatio, warmup, Schedule.COSINE, 0.2, beta1, beta2,
                eps, weightDecay, List.of(), clip, 0, 0, evalEvery, evalWindows, 0, saveEvery, Keep.ALL, Rollback.NEVER, SampleSettings.NEVER, SnapshotSettings.NEVER, true, logEvery);
    }

    private static int decaySteps(double decay, int steps) {
        return (int) Math.max(1, Math.round(decay * steps));
    }

    /** The learning rate of each step. */
    public LearningRate learningRate() {
        return new LearningRate(schedule, lr, minLrRatio, warmup, decaySteps(decay, steps), steps);
    }

    /** Windows that one worker computes at a time. */
    public int shardRows() {
        return batch / (shards * accumulation);
    }

    /** How many threads this machine gives the run: no more than it has processors for, unless each finds a shard. */
    public int workersHere() {
        int processors = Runtime.getRuntime().availableProcessors();
        return workers == 0 ? processors : Math.min(workers, Math.max(shards, processors));
    }

    /** How many workers compute a shard together: all, one shard after the other, where there are more of them than shards; else one. */
    public int panels() {
        return workersHere() > shards ? workersHere() : 1;
    }

    /** The same but for what does not change the result: threads, what is computed again, what is looked at on the way, and log lines. */
    TrainSettings withoutMachine() {
        return new TrainSettings(seed, steps, batch, window, accumulation, shards, 0, precision, Recompute.NONE, lr, minLrRatio, warmup, schedule, decay, beta1, beta2,
                eps, weightDecay, groups, clip, dropout, ema, evalEvery, evalWindows, patience, saveEvery, Keep.ALL, rollback, SampleSettings.NEVER, SnapshotSettings.NEVER, true, 1);
    }
}
