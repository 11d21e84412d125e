package org.lacuna.sparsity.measure;

import java.util.Arrays;

/**
 * Eigenvalues of a symmetric matrix by cyclic Jacobi (G. H. Golub and C. F. Van Loan, Matrix Computations, 4th edition 2013, section 8.5): plane
 * rotations make one off-diagonal entry after another 0 until none is left that matters. Compact and accurate, and slow beyond some hundred rows.
 */
final class SymmetricEigenvalues {
    private static final double UNIT = 0x1p-53;
    /** Convergence is quadratic at last; some ten sweeps do. */
    private static final int MOST_SWEEPS = 60;

    private SymmetricEigenvalues() {
    }

    /**
     * All eigenvalues, the largest first, each to about the rounding of the largest.
     *
     * @param a n · n entries by rows, of which those on and above the diagonal are read; overwritten
     */
    static double[] of(double[] a, int n) {
        double squares = 0;
        for (int i = 0; i < n; i++) {
            squares += a[i * n + i] * a[i * n + i];
            for (int j = i + 1; j < n; j++) {
                squares += 2 * a[i * n + j] * a[i * n + j];
            }
        }
        // Entries this small, taken together, move no eigenvalue by more than a rounding of the whole.
        double negligible = UNIT * Math.sqrt(squares) / n;
        for (int sweep = 0; sweepOnce(a, n, negligible); sweep++) {
            if (sweep == MOST_SWEEPS) {
                throw new IllegalStateException("no eigenvalues of " + n + " rows after " + MOST_SWEEPS + " sweeps");
            }
        }
        double[] rising = new double[n];
        for (int i = 0; i < n; i++) {
            rising[i] = -a[i * n + i];
        }
        Arrays.sort(rising);
        for (int i = 0; i < n; i++) {
            rising[i] = -rising[i];
        }
        return rising;
    }

    /** Rotates every entry above the diagonal away that isn't negligible. Whether there was one. */
    private static boolean sweepOnce(double[] a, int n, double negligible) {
        boolean rotated = false;
        for (int p = 0; p < n - 1; p++) {
            for (int q = p + 1; q < n; q++) {
                if (Math.abs(a[p * n + q]) > negligible) {
                    rotate(a, n, p, q);
                    rotated = true;
                }
            }
        }
        return rotated;
    }

    private static void rotate(double[] a, int n, int p, int q) {
        double apq = a[p * n + q];
        double theta = (a[q * n + q] - a[p * n + p]) / (2 * apq);
        // The smaller root of t² + 2 θ t − 1 = 0, the tangent of the angle.
        double t = Math.copySign(1, theta) / (Math.abs(theta) + Math.hypot(theta, 1));
        double c = 1 / Math.sqrt(t * t + 1);
        double s = t * c;
        a[p * n + p] -= t * apq;
        a[q * n + q] += t * apq;
        a[p * n + q] = 0;
        for (int i = 0; i < p; i++) {
            turn(a, i * n + p, i * n + q, c, s);
        }
        for (int i = p + 1; i < q; i++) {
            turn(a, p * n + i, i * n + q, c, s);
        }
        for (int i = q + 1; i < n; i++) {
            turn(a, p * n + i, q * n + i, c, s);
        }
    }

    private static void turn(double[] a, int first, int second, double c, double s) {
        double x = a[first];
        double y = a[second];
        a[first] = c * x - s * y;
        a[second] = s * x + c * y;
    }
}
