package org.lacuna.sparsity.critical;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * A level by each {@link Estimator}, of the points ordered by measured sparsity.
 *
 * <p>{@code first} and {@code linear} are none where the densest point breaks the bar, and the largest sparsity, as a lower bound, where no point
 * does. {@code grid} is none where no point holds the bar, and a lower bound where the sparsest does, since sparser ones might too.
 *
 * @param grid   by {@link Estimator#GRID}
 * @param first  by {@link Estimator#FIRST}
 * @param linear by {@link Estimator#LINEAR}
 */
public record Estimates(Level grid, Level first, Level linear) {
    /** The level by one estimator. */
    public Level by(Estimator estimator) {
        return switch (estimator) {
            case GRID -> grid;
            case FIRST -> first;
            case LINEAR -> linear;
        };
    }

    /**
     * A point holds the bar if its cost is at most the limit. Points go by rising measured sparsity, since not every rule's sparsity falls with p; where
     * that is equal, by rising cost.
     */
    static Estimates of(Curve curve, ToDoubleFunction<CurvePoint> cost, double limit) {
        List<CurvePoint> points = new ArrayList<>(curve.points());
        points.sort(Comparator.comparingDouble(CurvePoint::sparsity).thenComparingDouble(cost));
        int broken = 0;
        while (broken < points.size() && cost.applyAsDouble(points.get(broken)) <= limit) {
            broken++;
        }
        Level grid = grid(points, cost, limit);
        if (broken == 0) {
            return new Estimates(grid, Level.NONE, Level.NONE);
        }
        CurvePoint good = points.get(broken - 1);
        if (broken == points.size()) {
            return new Estimates(grid, Level.atLeast(good.sparsity()), Level.atLeast(good.sparsity()));
        }
        CurvePoint bad = points.get(broken);
        double goodCost = cost.applyAsDouble(good);
        // At most limit < the other's cost, so never 0 / 0; 0 where that is infinite.
        double way = (limit - goodCost) / (cost.applyAsDouble(bad) - goodCost);
        double linear = good.sparsity() + way * (bad.sparsity() - good.sparsity());
        return new Estimates(grid, Level.at(good.sparsity()), Level.at(linear));
    }

    private static Level grid(List<CurvePoint> points, ToDoubleFunction<CurvePoint> cost, double limit) {
        for (int i = points.size() - 1; i >= 0; i--) {
            CurvePoint point = points.get(i);
            if (cost.applyAsDouble(point) <= limit) {
                return i == points.size() - 1 ? Level.atLeast(point.sparsity()) : Level.at(point.sparsity());
            }
        }
        return Level.NONE;
    }
}
