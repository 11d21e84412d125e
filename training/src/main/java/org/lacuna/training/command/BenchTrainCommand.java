package org.lacuna.training.command;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.lacuna.data.Batch;
import org.lacuna.graph.Device;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.Initialization;
import org.lacuna.model.Model;
import org.lacuna.run.ExitCode;
import org.lacuna.run.folder.ModelReference;
import org.lacuna.training.bench.Shape;
import org.lacuna.training.bench.TokenBatches;
import org.lacuna.training.bench.TrainBench;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lacuna bench train}: the training step's speed, and where its time goes. */
@Command(name = "train", mixinStandardHelpOptions = true, sortOptions = false, showDefaultValues = true,
        description = "Measure a training step: tokens/s, GFLOPS against this machine's own peak, each op's share and how near it is to its limit.")
final class BenchTrainCommand implements Callable<Integer> {
    @Mixin
    private BenchStepOptions options;

    @Option(names = "--warm-up", defaultValue = "50", description = "Steps before the measured ones.")
    private int warmUp;

    @Option(names = "--steps", defaultValue = "100", description = "Measured steps.")
    private int steps;

    @Option(names = "--model", paramLabel = "DIR", description = "Begin with this checkpoint, or a run's latest, instead of random weights; its shape is measured.")
    private String model;

    @Option(names = "--tokens", paramLabel = "FILE",
            description = "Train on these instead of random tokens: little-endian int32 ids, batch after batch, window + 1 ids for each window.")
    private Path tokens;

    @Override
    public Integer call() {
        options.times(0, "--warm-up", warmUp).times(1, "--steps", steps).check();
        Device device = options.device();
        Path checkpoint = model == null ? null : new ModelReference(model).checkpoint();
        Shape shape = (checkpoint == null ? options.shape() : options.shapeOf(Checkpoint.config(checkpoint))).fitting(device);
        Model weights = checkpoint == null ? Initialization.of(shape.config(), device, 1) : Checkpoint.load(checkpoint, shape.config(), device);
        List<Batch> batches = tokens == null ? TokenBatches.random(shape) : TokenBatches.read(tokens, shape);
        options.show(TrainBench.run(shape, weights, batches, warmUp, steps, device));
        return ExitCode.DONE;
    }
}
