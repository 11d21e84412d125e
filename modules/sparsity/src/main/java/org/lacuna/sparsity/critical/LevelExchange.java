package org.lacuna.sparsity.critical;

import java.util.function.Function;
import org.lacuna.sparsity.statistics.PermutationTest.Result;
import org.lacuna.sparsity.statistics.PermutationTest;
import org.lacuna.sparsity.statistics.Range;

/**
 * Whether one model's level, its critical sparsity say, is above another's by more than chance: a {@link PermutationTest} in which each window, with its dense
 * loss and all points of the curve, is exchanged between the two models or not. Both levels are computed anew on the windows that each then has.
 *
 * <p>What is tested is that the two models are alike on every window. Models that differ there and agree in the level are no part of that hypothesis,
 * and may be told apart more often than p says ({@link FalseAlarms}); the interval of the difference by {@link PairedBootstrap} is
 * what says how far apart the levels are.
 */
public final class LevelExchange {
    private LevelExchange() {
    }

    /**
     * Tests the difference of two levels.
     *
     * @param first  measured on the same windows as the second, with the same values of p
     * @param second as said
     * @param level  read off a pooled curve. A level that is missing or but a lower bound widens the difference to all that it may be
     * @param draws  exchanges to draw where all that there are, 2 to the number of windows, would be more and 256 too
     * @param seed   equal seeds give equal draws
     */
    public static Result test(WindowedCurve first, WindowedCurve second, Function<Curve, Level> level, int draws, long seed) {
        int exactPairs = Integer.SIZE - 1 - Integer.numberOfLeadingZeros(Math.max(draws, 256));
        return PermutationTest.of(first.windows(), exactPairs, exchanged -> {
            Reading difference = Reading.difference(level.apply(first.exchanged(second, exchanged).pooled()),
                    level.apply(second.exchanged(first, exchanged).pooled()));
            return new Range(difference.least(), difference.most());
        }, 1e-12, draws, seed);
    }
}
