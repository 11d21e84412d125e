package org.lacuna.training.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.TreeMap;
import org.lacuna.data.Batch;
import org.lacuna.graph.Device;
import org.lacuna.graph.Precision;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Initialization;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.sparsity.Site;
import org.lacuna.training.Flops;
import org.lacuna.training.Trainer;
import org.lacuna.training.recipe.Objective;
import org.lacuna.training.recipe.TrainSettings;

/** Measures the training step of a Llama (SiLU, untied, without a penalty) on random tokens. */
public final class TrainBench {
    private static final double NANOS = 1e-9;

    private TrainBench() {}

    /**
     * What is measured.
     *
     * @param hidden D
     * @param intermediate F
     * @param batch windows in a step
     * @param window tokens in a window
     * @param warmUp steps before the measured ones
     * @param steps measured ones
     * @param workers threads, and pieces that the batch is cut into
     * @param precision of matrix products
     */
    public record Setup(int layers, int hidden, int intermediate, int heads, int vocabulary, int batch, int window, int warmUp,
            int steps, int workers,
            Precision precision) {

        ModelConfig config() {
            return new ModelConfig(vocabulary, hidden, intermediate, layers, heads, heads, hidden / heads, 1e-6, RotaryPosition.plain(10000),
                    false, FeedForward.gated("silu"), window, 0.02, OptionalInt.empty(), List.of());
        }

        TrainSettings settings() {
            return new TrainSettings(1, warmUp + steps, batch, window, 1, workers, workers, precision, 1e-3, 1, 0, 0.9, 0.95, 1e-8, 0.1, 1, 0, 1, 0, 1);
        }
    }

    /** Measures; takes as long as the steps take. */
    public static BenchReport run(Setup setup, Device device) {
        ModelConfig config = setup.config();
        config.check("bench train", key -> "--" + key);
        try (Trainer trainer = new Trainer(Initialization.of(config, device, 1), setup.settings(), new Objective(0, 0, Site.INTERMEDIATE), device)) {
            Batch[] batches = batches(setup);
            for (int i = 0; i < setup.warmUp(); i++) {
                trainer.step(batches[i % batches.length]);
            }
            long[][] nanos = new long[setup.workers()][trainer.program().opNames().size()];
            trainer.time(nanos);
            double[] seconds = new double[setup.steps()];
            EngineMemory memory = EngineMemory.now();
            for (int i = 0; i < seconds.length; i++) {
                long before = System.nanoTime();
                trainer.step(batches[i % batches.length]);
                seconds[i] = (System.nanoTime() - before) * NANOS;
            }
            EngineMemory after = EngineMemory.now();
            List<GemmPeak.Product> products;
            try (Workers workers = new Workers(setup.workers())) {
                products = GemmPeak.measure(device, workers, setup.precision());
            }
            Arrays.sort(seconds);
            double tokens = (double) setup.batch() * setup.window();
            return new BenchReport(setup, trainer.model().parameters().count(), tokens * Flops.perToken(config, setup.window()), seconds,
                    opSeconds(trainer.program().opNames(), nanos, setup), products, memory, after, trainer.program().arenaBytes());
        }
    }

    private static Batch[] batches(Setup setup) {
        Random random = new Random(1);
        Batch[] batches = new Batch[4];
        int n = setup.batch() * setup.window();
        for (int b = 0; b < batches.length; b++) {
            batches[b] = new Batch(setup.batch(), setup.window(), random.ints(n, 0, setup.vocabulary()).toArray(), random.ints(n, 0, setup.vocabulary()).toArray());
        }
        return batches;
    }

    /** Op name to the mean time of a step in which a worker was busy with it, all workers added up. */
    private static Map<String, Double> opSeconds(List<String> names, long[][] nanos, Setup setup) {
        Map<String, Double> seconds = new TreeMap<>();
        for (long[] shard : nanos) {
            for (int i = 0; i < shard.length; i++) {
                seconds.merge(names.get(i), shard[i] * NANOS / setup.steps(), Double::sum);
            }
        }
        return seconds;
    }
}
