package org.lacuna.graph.cpu;

import org.junit.jupiter.api.Test;
import org.lacuna.graph.penalty.Penalties;

/** Penalties of a few numbers, by hand: reference and kernel. */
class PenaltyValuesTest {
    private static final double[] NONE = {};
    private static final double NAN = Double.NaN;
    private static final double LN2 = Math.log(2);
    private static final double LN3 = Math.log(3);

    @Test
    void l1WeighsTokens() {
        PenaltyCase.of("l1", NONE, new double[] {1, -2, 0, -0.0, 0, 3, NAN, 5, NAN}, new double[] {0.5, 2, 0}, 1, 3, 3)
                .assertIs(0.5 * 3 + 2 * 3, 0.5, -0.5, 0, 0, 0, 2, 0, 0, 0);
    }

    @Test
    void l1MeanDividesByTheWidth() {
        PenaltyCase.of("l1_mean", NONE, new double[] {1, -2, 0, -0.0, 0, 3, NAN, 5, NAN}, new double[] {0.5, 2, 0}, 1, 3, 3)
                .assertIs(2.5, 0.5 / 3, -0.5 / 3, 0, 0, 0, 2. / 3, 0, 0, 0);
    }

    /** S = 7, Q = 25. */
    @Test
    void hoyerSquareIsARatio() {
        PenaltyCase.of("hoyer_square", new double[] {1}, new double[] {3, -4, 0, 0, NAN, NAN}, new double[] {2, 1, 0}, 1, 3, 2)
                .assertIs(2 * 49. / 26, 2 * (14. / 26 - 98. * 3 / 676), 2 * (-14. / 26 + 98. * 4 / 676), 0, 0, 0, 0);
    }

    @Test
    void hoyerSquareKnowsNoScale() {
        double[] eps = Penalties.byName("hoyer_square").defaults();
        for (double scale : new double[] {1e-3, 1, 1e3}) {
            PenaltyCase.of("hoyer_square", eps, new double[] {3 * scale, -4 * scale}, new double[] {1}, 1, 1, 2)
                    .assertIs(49. / 25, (14. / 25 - 98. * 3 / 625) / scale, (-14. / 25 + 98. * 4 / 625) / scale);
        }
    }

    @Test
    void displacementIsTheDistanceAboveTheMargin() {
        PenaltyCase.of("displacement", new double[] {-1}, new double[] {2, -1, -3, NAN, 7, 7}, new double[] {4, 0}, 1, 2, 3)
                .assertIs(4 * 3, 4, 0, 0, 0, 0, 0);
        PenaltyCase.of("displacement", new double[] {-10}, new double[] {0, -20, -9.5}, new double[] {1}, 1, 1, 3)
                .assertIs(10.5, 1, 0, 1);
    }

    /** The float next to 0.1 is above it. */
    @Test
    void displacementsMarginIsNotRounded() {
        PenaltyCase.of("displacement", new double[] {0.1}, new double[] {0.1, Math.nextDown(0.1f)}, new double[] {1}, 1, 1, 2)
                .assertIs((double) 0.1f - 0.1, 1, 0);
    }

    /** σ(ln 3) = 3/4 is the prediction, σ(−ln 3) = 1/4 the target. */
    @Test
    void localityIsTheEntropyOfAPair() {
        double h = -0.25 * Math.log(0.75) - 0.75 * Math.log(0.25);
        PenaltyCase.of("locality", new double[] {1}, new double[] {LN3, -LN3}, new double[] {5, 2}, 1, 2, 1)
                .assertIs(2 * h, 2 * 0.5, -2 * LN3 * 3 / 16);
        PenaltyCase.of("locality", new double[] {2}, new double[] {LN3 / 2, -LN3 / 2}, new double[] {5, 2}, 1, 2, 1)
                .assertIs(2 * h, 2 * 2 * 0.5, -2 * 2 * LN3 * 3 / 16);
    }

    /** The prediction −ln 3 of a target ln 2: σ = 1/4 and 2/3. */
    @Test
    void localityOfANegativePrediction() {
        PenaltyCase.of("locality", new double[] {1}, new double[] {-LN3, LN2}, new double[] {1, 1}, 1, 2, 1)
                .assertIs(-2. / 3 * Math.log(0.25) - 1. / 3 * Math.log(0.75), 0.25 - 2. / 3, LN3 * 2 / 9);
    }

    /** Tokens 0 and 1 are a pair, 1 and 2 another; token 3 doesn't count, so that 4 has no neighbour. */
    @Test
    void localityPairsTokensThatCount() {
        double same = -0.75 * Math.log(0.75) - 0.25 * Math.log(0.25);
        double other = -0.25 * Math.log(0.75) - 0.75 * Math.log(0.25);
        PenaltyCase.of("locality", new double[] {1}, new double[] {LN3, LN3, -LN3, NAN, LN3}, new double[] {1, 2, 3, 0, 4}, 1, 5, 1)
                .assertIs(2 * same + 3 * other, 0, -2 * LN3 * 3 / 16 + 3 * 0.5, -3 * LN3 * 3 / 16, 0, 0);
    }

    @Test
    void localityIsAMeanOverElements() {
        double h = -0.25 * Math.log(0.75) - 0.75 * Math.log(0.25);
        PenaltyCase.of("locality", new double[] {1}, new double[] {LN3, 0, -LN3, 0}, new double[] {1, 1}, 1, 2, 2)
                .assertIs((h + LN2) / 2, 0.25, 0, -LN3 * 3 / 32, 0);
    }

    @Test
    void localityOfLargeValuesIsFinite() {
        PenaltyCase.of("locality", new double[] {100}, new double[] {1e30, -1e30, -1e30, 1e30, -1e30, -1e30}, new double[] {1, 1, 1}, 1, 3, 2)
                .assertIs((1e32 + 1e32) / 2 + (0 + 1e32) / 2, 50, -50, 0, 50, 0, 0);
    }

    /** Of tokens 0 and 1 together, three quarters; of token 2, a half. */
    @Test
    void chunksUniteTheirTokens() {
        PenaltyCase.of("chunk", new double[] {2, 1}, new double[] {LN2, -LN2, -LN2}, new double[] {1, 2, 4}, 1, 3, 1)
                .assertIs(3 * 0.75 + 4 * 0.5, 3 * 0.25, -3 * 0.25, -4 * 0.5);
    }

    @Test
    void chunksLeaveOutTokensWithoutWeight() {
        PenaltyCase.of("chunk", new double[] {4, 2}, new double[] {LN2 / 2, 0, NAN, NAN, LN2 / 2, LN2 / 2}, new double[] {1, 0, 2}, 1, 3, 2)
                .assertIs(3 * (0.75 + 0.5) / 2, 3 * 2 * 0.25 / 2, 0, 0, 0, 3 * 2 * 0.25 / 2, 3 * 2 * 0.5 / 2);
    }
}
