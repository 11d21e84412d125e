package org.lacuna.sparsity.critical;

/** How a level is read off the points of a curve, which differ where the curve is not monotone. */
public enum Estimator {
    /** The largest measured sparsity of any point that holds the bar, even if a sparser or a denser point breaks it. */
    GRID,
    /** The last measured sparsity before the first point, by rising sparsity, that breaks the bar. */
    FIRST,
    /** Between that point and the one that breaks the bar: where the straight line through both meets it. */
    LINEAR
}
