package org.lacuna.training.command;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.lacuna.graph.Precision;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.run.ExitCode;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.Destination;
import org.lacuna.run.folder.Json;
import org.lacuna.training.bench.BenchReport;
import org.lacuna.training.bench.TrainBench;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code lacuna bench train}: the training step's speed, and where its time goes. */
@Command(name = "train", mixinStandardHelpOptions = true, sortOptions = false, showDefaultValues = true,
        description = "Measure a training step on random tokens: tokens/s, GFLOPS against this machine's own peak, each op's share.")
final class BenchTrainCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--layers", defaultValue = "4", description = "Layers.")
    private int layers;

    @Option(names = "--hidden", defaultValue = "256", description = "Size of the residual stream.")
    private int hidden;

    @Option(names = "--intermediate", defaultValue = "688", description = "Inner size of the feed-forward block.")
    private int intermediate;

    @Option(names = "--heads", defaultValue = "4", description = "Heads; they divide hidden.")
    private int heads;

    @Option(names = "--vocabulary", defaultValue = "4096", description = "Token ids.")
    private int vocabulary;

    @Option(names = "--batch", defaultValue = "16", description = "Windows in a step; a multiple of the workers.")
    private int batch;

    @Option(names = "--window", defaultValue = "128", description = "Tokens in a window.")
    private int window;

    @Option(names = "--warm-up", defaultValue = "50", description = "Steps before the measured ones.")
    private int warmUp;

    @Option(names = "--steps", defaultValue = "100", description = "Measured steps.")
    private int steps;

    @Option(names = "--workers", defaultValue = "0", description = "Threads, 0 for as many as there are processors.")
    private int workers;

    @Option(names = "--precision", defaultValue = "FP32", description = "fp32 or bf16: the numbers that matrices are multiplied in.")
    private Precision precision;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the figures to FILE (- for standard output).")
    private String json;

    @Override
    public Integer call() {
        int threads = workers == 0 ? Math.min(batch, Runtime.getRuntime().availableProcessors()) : workers;
        check(threads);
        if (json != null && !"-".equals(json)) {
            Destination.checkFile(Path.of(json));
        }
        BenchReport report = TrainBench.run(new TrainBench.Setup(layers, hidden, intermediate, heads, vocabulary, batch, window, warmUp, steps, threads, precision), new CpuDevice());
        if (!"-".equals(json)) {
            report.print(spec.commandLine().getOut());
        }
        if (json != null) {
            Json.write(json, report.toJson(), spec.commandLine().getOut());
        }
        return ExitCode.DONE;
    }

    private void check(int threads) {
        List<String> problems = new ArrayList<>();
        Map<String, Integer> least = new LinkedHashMap<>();
        least.put("--layers", layers);
        least.put("--hidden", hidden);
        least.put("--intermediate", intermediate);
        least.put("--heads", heads);
        least.put("--vocabulary", vocabulary);
        least.put("--batch", batch);
        least.put("--window", window);
        least.put("--steps", steps);
        least.forEach((option, value) -> {
            if (value < 1) {
                problems.add(option + ": must be at least 1, not " + value);
            }
        });
        if (warmUp < 0 || workers < 0) {
            problems.add("--warm-up and --workers must be at least 0, not " + warmUp + " and " + workers);
        }
        if (problems.isEmpty()) {
            if (hidden % heads != 0) {
                problems.add("--heads: " + heads + " does not divide --hidden " + hidden);
            } else if (hidden / heads % 2 != 0) {
                problems.add("--heads: " + heads + " makes heads of " + hidden / heads + " numbers; a head's size must be even");
            }
            if (batch % threads != 0) {
                problems.add("--batch: " + batch + " is not a multiple of --workers " + threads);
            }
            if ((long) batch * window > Integer.MAX_VALUE) {
                problems.add("--window: " + batch + " windows of " + window + " tokens are more than the " + Integer.MAX_VALUE + " tokens that a step can have");
            }
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
    }
}
