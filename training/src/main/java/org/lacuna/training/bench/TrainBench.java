package org.lacuna.training.bench;

import java.util.Arrays;
import java.util.List;
import org.lacuna.data.Batch;
import org.lacuna.graph.Device;
import org.lacuna.model.Model;
import org.lacuna.sparsity.Site;
import org.lacuna.training.Trainer;
import org.lacuna.training.recipe.Objective;

/** Measures the training step of a model, without a penalty. */
public final class TrainBench {
    private static final double NANOS = 1e-9;
    /** So many losses are reported, for a comparison with another implementation. */
    private static final int LOSSES = 10;

    private TrainBench() {}

    /**
     * Measures; takes as long as the steps take.
     *
     * @param shape with the model's config
     * @param model is trained
     * @param batches at least one
     * @param warmUp steps before the measured ones
     * @param steps measured ones
     */
    public static Figures run(Shape shape, Model model, List<Batch> batches, int warmUp, int steps, Device device) {
        try (Trainer trainer = trainer(shape, model, warmUp + steps, device)) {
            double[] losses = new double[warmUp + steps];
            for (int i = 0; i < warmUp; i++) {
                losses[i] = trainer.step(batches.get(i % batches.size())).loss();
            }
            long[][] nanos = new long[shape.shards()][trainer.program().costs().size()];
            trainer.time(nanos);
            double[] seconds = new double[steps];
            GcPauses pauses = new GcPauses();
            EngineMemory before = EngineMemory.now();
            for (int i = 0; i < steps; i++) {
                Batch batch = batches.get((warmUp + i) % batches.size());
                long start = System.nanoTime();
                losses[warmUp + i] = trainer.step(batch).loss();
                seconds[i] = (System.nanoTime() - start) * NANOS;
            }
            EngineMemory after = EngineMemory.now(); // before the machine's peaks, which take memory of their own
            GcPauses.Found gc = pauses.end();
            MachinePeak peak = MachinePeak.measure(device, shape.workers(), shape.precision());
            return new TrainFigures(shape, warmUp, Sample.of(seconds), OpTime.of(trainer.program().costs(), shape.accumulation(), nanos, shape.sideBySide(), steps), peak, before, after, gc,
                    trainer.program().arenaBytes(), Arrays.copyOf(losses, Math.min(LOSSES, losses.length)));
        }
    }

    static Trainer trainer(Shape shape, Model model, int steps, Device device) {
        return new Trainer(model, shape.settings(steps), Objective.plain(), device);
    }
}
