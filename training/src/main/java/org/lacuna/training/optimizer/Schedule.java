package org.lacuna.training.optimizer;

/** How the learning rate falls after the warm-up: a rate / the highest, as a function of how far the run is. */
public enum Schedule {
    /** Half a cosine down to the last rate (Loshchilov and Hutter, "SGDR", ICLR 2017, without restarts). */
    COSINE {
        @Override
        double ratio(double step, double steps, double decaySteps, double last) {
            return last + (1 - last) * 0.5 * (1 + Math.cos(Math.PI * (step / steps)));
        }
    },

    /** A straight line down to the last rate. */
    LINEAR {
        @Override
        double ratio(double step, double steps, double decaySteps, double last) {
            return 1 - (1 - last) * (step / steps);
        }
    },

    /**
     * Warm-up, stable, decay (Hu et al., "MiniCPM", arXiv 2404.06395): the highest rate until the decay begins, then a straight line
     * down to the last one. MiniCPM's own decay is exponential.
     */
    WSD {
        @Override
        double ratio(double step, double steps, double decaySteps, double last) {
            double stable = steps - decaySteps;
            return step <= stable ? 1 : 1 - (1 - last) * ((step - stable) / decaySteps);
        }
    },

    /** The highest rate to the end. */
    CONSTANT {
        @Override
        double ratio(double step, double steps, double decaySteps, double last) {
            return 1;
        }
    };

    /**
     * Rate / highest rate.
     *
     * @param step since the end of the warm-up, 0 to {@code steps}
     * @param steps after the warm-up, above 0
     * @param decaySteps of them the last ones, in which a stable rate falls
     * @param last the last rate / the highest
     */
    abstract double ratio(double step, double steps, double decaySteps, double last);
}
