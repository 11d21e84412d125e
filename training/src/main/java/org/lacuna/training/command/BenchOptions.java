package org.lacuna.training.command;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lacuna.graph.Device;
import org.lacuna.graph.Precision;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.Destination;
import org.lacuna.run.folder.Json;
import org.lacuna.training.bench.Figures;
import org.lacuna.training.bench.Shape;
import org.lacuna.training.recipe.Recompute;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What the bench commands share: the model's shape, the threads, the precision, and where the figures go. */
class BenchOptions {
    /** Options that a checkpoint answers. */
    private static final List<String> OF_THE_MODEL = List.of("--layers", "--hidden", "--intermediate", "--heads", "--vocabulary");

    private static final int MOST_TIMES = 1_000_000;
    private static final int MOST_WORKERS = 1 << 12;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

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

    @Option(names = "--batch", defaultValue = "16", description = "Windows in a step; a multiple of the shards.")
    private int batch;

    @Option(names = "--window", defaultValue = "128", description = "Tokens in a window.")
    private int window;

    @Option(names = "--shards", defaultValue = "0", description = "Pieces that the batch is cut into, 0 for one for each worker, or for each window where those are fewer.")
    private int shards;

    @Option(names = "--workers", defaultValue = "0", description = "Threads, 0 for as many as there are processors.")
    private int workers;

    @Option(names = "--precision", defaultValue = Option.NULL_VALUE,
            description = "fp32 or bf16: the numbers that matrices are multiplied in. Without it fp32; bench gemm measures both.")
    private Precision precision;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the figures to FILE (- for standard output, without the table).")
    private String json;

    private final List<String> problems = new ArrayList<>();

    /** Rounds in which a step computes its batch. */
    int accumulation() {
        return 1;
    }

    /** What a backward pass computes again. */
    Recompute recompute() {
        return Recompute.NONE;
    }

    /** Notes a problem if {@code value}, how often something is measured, is less than {@code least} or beyond all reason. */
    BenchOptions times(int least, String option, int value) {
        return between(least, MOST_TIMES, option, value);
    }

    private BenchOptions between(int least, int most, String option, int value) {
        if (value < least) {
            problems.add(option + ": must be at least " + least + ", not " + value);
        }
        if (value > most) {
            problems.add(option + ": must be at most " + most + ", not " + value);
        }
        return this;
    }

    private BenchOptions size(String option, int value) {
        return between(1, Integer.MAX_VALUE, option, value);
    }

    /**
     * Checks all options, those of {@link #times} among them.
     *
     * @throws InputException that lists all that is wrong
     */
    void check() {
        size("--layers", layers).size("--hidden", hidden).size("--intermediate", intermediate).size("--heads", heads).size("--vocabulary", vocabulary)
                .size("--batch", batch).size("--window", window).between(0, MOST_WORKERS, "--workers", workers).between(0, MOST_WORKERS, "--shards", shards)
                .size("--accumulation", accumulation());
        if (problems.isEmpty()) {
            checkTogether();
        }
        throwProblems();
        try {
            config().check("", key -> "--" + key);
        } catch (InputException e) {
            throw e.map(problem -> problem.replaceFirst("^: (--\\w+) ", "$1: ")); // the command's name stands before all of them
        }
        checkActivations(config());
        throwProblems();
        if (json != null && !"-".equals(json)) {
            Destination.checkFile(Path.of(json));
        }
    }

    private void checkTogether() {
        if (hidden % heads != 0) {
            problems.add("--heads: " + heads + " does not divide --hidden " + hidden);
        } else if (hidden / heads % 2 != 0) {
            problems.add("--heads: " + heads + " makes heads of " + hidden / heads + " numbers; a head's size must be even");
        }
        if (batch % accumulation() != 0) {
            problems.add("--accumulation: " + accumulation() + " does not divide --batch " + batch);
        } else if (windowsOfARound() % shards() != 0) {
            problems.add("--batch: " + batch + " is not a multiple of " + (shards == 0 ? "--workers " : "--shards ") + shards()
                    + (accumulation() == 1 ? "" : " times --accumulation " + accumulation()));
        }
        if ((long) batch * window > Integer.MAX_VALUE) {
            problems.add("--window: " + batch + " windows of " + window + " tokens are more than the " + Integer.MAX_VALUE + " tokens that a step can have");
        }
    }

    /** An activation is one tensor, which has at most 2³¹ − 1 bytes. */
    private void checkActivations(ModelConfig config) {
        long tokens = (long) windowsOfARound() / shards() * window;
        long width = config.widest();
        if (tokens * width * Float.BYTES > Integer.MAX_VALUE) {
            problems.add("--batch: " + tokens + " tokens of a worker make activations of " + tokens * width * Float.BYTES + " bytes, more than the " + Integer.MAX_VALUE
                    + " that one tensor can have; give fewer or shorter windows, or more --workers");
        }
    }

    private void throwProblems() {
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
    }

    private int threads() {
        return workers == 0 ? Runtime.getRuntime().availableProcessors() : workers;
    }

    private int shards() {
        return shards == 0 ? Math.min(threads(), windowsOfARound()) : shards;
    }

    private int windowsOfARound() {
        return batch / accumulation();
    }

    private ModelConfig config() {
        return Shape.llama(layers, hidden, intermediate, heads, vocabulary, window);
    }

    /** What the options say, once checked; fp32 unless told otherwise. */
    Shape shape() {
        return shape(config());
    }

    /**
     * The same with a checkpoint's model.
     *
     * @throws InputException if the options ask for another shape than the model's, or for longer windows than it has
     */
    Shape shapeOf(ModelConfig config) {
        for (String option : OF_THE_MODEL) {
            if (command.commandLine().getParseResult().hasMatchedOption(option)) {
                problems.add(option + ": the shape is that of --model; leave it out");
            }
        }
        if (window > config.maxPositions()) {
            problems.add("--window: " + window + " tokens are more than the " + config.maxPositions() + " (max_position_embeddings) of --model");
        }
        checkActivations(config);
        throwProblems();
        return shape(config);
    }

    private Shape shape(ModelConfig config) {
        return new Shape(config, batch, window, accumulation(), shards(), threads(), precision().orElse(Precision.FP32), recompute());
    }

    /** The precision that was asked for. */
    Optional<Precision> precision() {
        return Optional.ofNullable(precision);
    }

    /** The precisions that were asked for, by default all. */
    List<Precision> precisions() {
        return precision().map(List::of).orElseGet(() -> List.of(Precision.values()));
    }

    /** What is measured on. */
    Device device() {
        return new CpuDevice();
    }

    /** Prints the table, unless the JSON goes there, and writes the JSON. */
    void show(Figures figures) {
        PrintWriter out = command.commandLine().getOut();
        if (!"-".equals(json)) {
            figures.print(out);
            out.flush();
        }
        if (json != null) {
            Json.write(json, figures.toJson(), out);
        }
    }
}
