package org.lacuna.eval.fatrelu;

import java.util.List;
import java.util.OptionalLong;
import org.lacuna.data.Batch;
import org.lacuna.eval.memory.ForwardMemory;
import org.lacuna.eval.robustness.DataSummary;
import org.lacuna.eval.robustness.DenseResult;
import org.lacuna.eval.robustness.GridPrograms;
import org.lacuna.eval.robustness.Robustness;
import org.lacuna.eval.robustness.Watch;
import org.lacuna.graph.Device;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Model;
import org.lacuna.model.config.ModelConfig;

/** One model, its ReLU shifted to thresholds, and measured before and after on the same windows. */
public final class Shifting {
    private final String name;
    private final Device device;
    private final Workers workers;
    private final Batch windows;
    private final Watch watch;

    /**
     * Computes nothing yet.
     *
     * @param name what messages call the model
     * @param watch asked between pieces of the work
     */
    public Shifting(String name, Device device, Workers workers, Batch windows, Watch watch) {
        this.name = name;
        this.device = device;
        this.workers = workers;
        this.windows = windows;
        this.watch = watch;
    }

    /**
     * A model with thresholds and what they did to it.
     *
     * @param model the weights of the one it was made of
     */
    public record Shifted(Model model, ThresholdShift shift) {}

    /** What measuring such a model holds. */
    public ForwardMemory memory(ModelConfig config) {
        return new GridPrograms(config, device, windows.rows(), windows.length()).denseMemory(workers.count());
    }

    /**
     * Finds the thresholds and measures.
     *
     * @param model {@link Calibration#check checked}; thresholds that it has are taken away first
     * @param most  the bound on each layer's mean error, above 0 and below 1
     * @throws org.lacuna.run.InterruptedRunException if it was asked to stop
     * @throws org.lacuna.run.RunException if the model's numbers are not finite
     */
    public Shifted shift(Model model, double most, DataSummary data) {
        Model plain = new Model(model.config().withThresholds(List.of()), model.parameters());
        DenseResult before = dense(plain);
        Calibration found = Calibration.of(name, plain, device, workers, windows, most, watch);
        Model shifted = new Model(plain.config().withThresholds(found.thresholds()), model.parameters());
        return new Shifted(shifted, ThresholdShift.of(name, most, data, found, before, dense(shifted)));
    }

    private DenseResult dense(Model model) {
        return new Robustness(name, model, device, workers, windows, watch).dense(OptionalLong.empty());
    }
}
