package org.lacuna.training.optimizer;

import java.util.Map;
import org.lacuna.graph.FlatMath;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.program.Workers;

/**
 * AdamW over a whole parameter store, each parameter with the rate and decay of its group, and the gradient clipped beforehand: multiplied by min(1, clip / (norm + 1e-6)), as {@code torch.nn.utils.clip_grad_norm_} does.
 */
public final class Optimizer {
    private static final double NORM_EPSILON = 1e-6;

    private final ParameterStore.Flat first;
    private final ParameterStore.Flat second;
    private final FlatMath.AdamW pass;
    private final double clip;

    /**
     * An optimizer before its first step.
     *
     * @param gradient where it will find the gradient at each step
     * @param groups of each parameter
     * @param clip the largest norm that a gradient keeps
     */
    public Optimizer(FlatMath math, ParameterStore store, ParameterStore.Flat gradient, FlatMath.AdamWConstants constants,
            Map<String, FlatMath.AdamWGroup> groups, double clip) {
        first = store.like();
        second = store.like();
        this.clip = clip;
        pass = math.adamW(store, gradient, first, second, constants, groups);
    }

    /**
     * One update.
     *
     * @param step t, from 1
     * @param learningRate of this step
     * @param norm L2 norm of the gradient
     */
    public void update(long step, double learningRate, double norm, Workers workers) {
        pass.prepare(step, learningRate, Math.min(1, clip / (norm + NORM_EPSILON)));
        workers.run(pass.blocks(), pass);
    }

    /** The first moment, m. */
    public ParameterStore.Flat first() {
        return first;
    }

    /** The second moment, v. */
    public ParameterStore.Flat second() {
        return second;
    }
}
