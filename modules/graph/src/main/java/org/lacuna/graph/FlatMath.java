package org.lacuna.graph;

import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;

/**
 * Arithmetic on whole {@linkplain ParameterStore.Flat flat vectors}: what an optimizer's step needs of a device. Each
 * calculation is prepared once for fixed vectors and then runs as often as wanted, cut into blocks of fixed size. A
 * block's result does not depend on which thread runs it or when, so the bits are the same for any number of workers;
 * running one allocates nothing.
 */
public interface FlatMath {

    /** A prepared calculation. Every block from 0 to {@link #blocks} − 1 is to be run once, in any order, on any thread. */
    interface Pass extends IntConsumer {
        /** How many blocks there are. */
        int blocks();

        /** Runs one block. */
        @Override
        void accept(int block);
    }

    /** A sum of vectors that also measures itself. */
    interface Sum extends Pass {
        /**
         * The sum of squares of the result, after all blocks have run: in double, block by block, and the blocks' sums
         * added in their order.
         */
        double squares();
    }

    /** One optimizer step: clipping and AdamW in one reading of the vectors. */
    interface AdamW extends Pass {
        /**
         * Says what the blocks of the next step are to do.
         *
         * @param step t, from 1
         * @param learningRate of this step
         * @param gradientScale what the gradient is multiplied by beforehand (clipping); 1 leaves it as it is
         */
        void prepare(long step, double learningRate, double gradientScale);
    }

    /**
     * AdamW's constants.
     *
     * @param beta1 decay of the first moment, 0 ≤ β₁ &lt; 1
     * @param beta2 decay of the second moment, 0 ≤ β₂ &lt; 1
     * @param epsilon added to the root of the corrected second moment
     */
    record AdamWConstants(double beta1, double beta2, double epsilon) {}

    /**
     * What is a parameter's own in AdamW.
     *
     * @param rate its learning rate / that of the step
     * @param weightDecay decoupled: each step multiplies the parameter by 1 − learning rate · rate · weightDecay; 0 for none
     */
    record AdamWGroup(double rate, double weightDecay) {}

    /**
     * total = terms[0] + terms[1] + …, added in this order, element by element. {@code total} may be the first of the terms.
     */
    Sum sum(ParameterStore.Flat total, List<ParameterStore.Flat> terms);

    /** rounded = vector, to the nearest bf16, of two the even one. */
    Pass round(ParameterStore.Flat vector, ParameterStore.Rounded rounded);

    /**
     * average = average + weight · (vector − average): with {@code weight} 1 − d the exponential moving average
     * d · average + (1 − d) · vector, in the form whose fixed point is the vector itself, however d is rounded.
     */
    Pass average(ParameterStore.Flat average, ParameterStore.Flat vector, double weight);

    /**
     * AdamW (Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019) with PyTorch's placement of ε:
     * <pre>
     *   g = scale · gradient
     *   r = lr · rate                               the rate and the decay are those of the parameter's group
     *   p = p · (1 − r · weightDecay)
     *   m = β₁ · m + (1 − β₁) · g
     *   v = β₂ · v + (1 − β₂) · g²
     *   p = p − r / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)
     * </pre>
     * in fp32; the factors that depend on the step alone are made in double.
     *
     * @param store whose values are updated
     * @param gradient read, not changed
     * @param first m, zero before the first step
     * @param second v, zero before the first step
     * @param groups of each parameter, by its name
     */
    AdamW adamW(ParameterStore store, ParameterStore.Flat gradient, ParameterStore.Flat first, ParameterStore.Flat second,
            AdamWConstants constants, Map<String, AdamWGroup> groups);
}
