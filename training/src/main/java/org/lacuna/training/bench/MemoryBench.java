package org.lacuna.training.bench;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.util.List;
import org.lacuna.data.Batch;
import org.lacuna.graph.Device;
import org.lacuna.graph.program.Program;
import org.lacuna.model.Initialization;
import org.lacuna.run.memory.ProcessMemory;
import org.lacuna.training.Trainer;
import org.lacuna.training.TrainingMemory;

/** Measures what a training step holds in memory. */
public final class MemoryBench {
    private MemoryBench() {}

    /**
     * Trains on random tokens and looks after each step.
     *
     * @param warmUp steps before the first look
     * @param steps as many looks
     */
    public static Figures run(Shape shape, int warmUp, int steps, Device device) {
        try (Trainer trainer = TrainBench.trainer(shape, Initialization.of(shape.config(), device, 1), warmUp + steps, device)) {
            List<Batch> batches = TokenBatches.random(shape);
            MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
            double[] resident = new double[steps];
            double[] heap = new double[steps];
            for (int i = 0; i < warmUp + steps; i++) {
                trainer.step(batches.get(i % batches.size()));
                if (i >= warmUp) {
                    resident[i - warmUp] = ProcessMemory.resident();
                    heap[i - warmUp] = memory.getHeapMemoryUsage().getUsed();
                }
            }
            return new MemoryFigures(shape, warmUp, steps, plan(trainer, shape), trainer.programs().recomputeTrade(), Sample.of(heap), memory.getHeapMemoryUsage().getCommitted(),
                    Sample.of(resident), EngineMemory.now().peakResidentBytes());
        }
    }

    private static MemoryFigures.Plan plan(Trainer trainer, Shape shape) {
        TrainingMemory memory = trainer.programs().memory(0);
        Program program = trainer.program();
        return new MemoryFigures.Plan(memory.parameters(), memory.gradients(), memory.moments(), program.arenaBytes(), program.liveBytes(), shape.shards());
    }
}
