package org.lacuna.sparsity.measure;

/**
 * The effective rank of tokens' vectors: {@code exp(−Σ p_i ln p_i)} with {@code p_i = σ_i / Σ σ} of the singular values of the matrix whose rows the
 * vectors are (O. Roy and M. Vetterli, The Effective Rank: a Measure of Effective Dimensionality, EUSIPCO 2007). 1 for multiples of one vector, to
 * the rank for orthogonal vectors of equal length. Vectors are taken as they are, not centred.
 *
 * <p>It cannot exceed the number of tokens and grows with it: compare only values of equally many tokens, which is why the record states them.
 *
 * <p>Singular values are roots of the eigenvalues of the smaller Gram matrix, of X Xᵀ or Xᵀ X, in double. An eigenvalue λ is told from 0 only if
 * {@code λ > m · 2⁻⁵² · λ_max}, m the matrix' side; others count as 0. That leaves out singular values below some 10⁻⁷ of the largest.
 *
 * @param value  the effective rank; NaN if all vectors are zero
 * @param rank   singular values that are told from 0
 * @param tokens how many vectors it is of
 * @param width  entries of a vector
 */
public record EffectiveRank(double value, int rank, int tokens, int width) {
    /** The largest side of the Gram matrix: the time grows with its cube, to seconds. Take a {@link TokenSample} of more tokens. */
    public static final int MOST = 512;

    /**
     * Of some tokens. Takes time as tokens · width · the smaller of them.
     *
     * @param tokens the vectors, at least one, of the same length; their order does not matter but to rounding
     * @throws IllegalArgumentException if there is none, lengths differ, or both the number of tokens and their width are above {@link #MOST}
     * @throws org.lacuna.sparsity.rule.NonFiniteException if an entry is NaN or infinite
     */
    public static EffectiveRank of(float[][] tokens) {
        if (tokens.length == 0 || tokens[0].length == 0) {
            throw new IllegalArgumentException("an effective rank needs at least one token of at least one entry");
        }
        int width = tokens[0].length;
        int side = Math.min(tokens.length, width);
        if (side > MOST) {
            throw new IllegalArgumentException(tokens.length + " tokens of " + width + " entries: one of the two may be at most " + MOST);
        }
        MeasureScratch scratch = new MeasureScratch(width);
        for (float[] token : tokens) {
            if (token.length != width) {
                throw new IllegalArgumentException("a token has " + token.length + " entries, the first " + width);
            }
            scratch.check(token, width);
        }
        double[] eigenvalues = SymmetricEigenvalues.of(tokens.length <= width ? ofTokens(tokens) : ofEntries(tokens, width), side);
        double least = side * 0x1p-52 * eigenvalues[0];
        int rank = 0;
        double sum = 0;
        while (rank < side && eigenvalues[rank] > least) {
            sum += Math.sqrt(eigenvalues[rank++]);
        }
        double entropy = 0;
        for (int i = 0; i < rank; i++) {
            double p = Math.sqrt(eigenvalues[i]) / sum;
            entropy -= p * Math.log(p);
        }
        return new EffectiveRank(rank == 0 ? Double.NaN : Math.exp(entropy), rank, tokens.length, width);
    }

    /** X Xᵀ, above the diagonal and on it. */
    private static double[] ofTokens(float[][] tokens) {
        int n = tokens.length;
        double[] gram = new double[n * n];
        for (int i = 0; i < n; i++) {
            for (int j = i; j < n; j++) {
                double sum = 0;
                for (int k = 0; k < tokens[i].length; k++) {
                    sum += (double) tokens[i][k] * tokens[j][k];
                }
                gram[i * n + j] = sum;
            }
        }
        return gram;
    }

    /** Xᵀ X, above the diagonal and on it. */
    private static double[] ofEntries(float[][] tokens, int n) {
        double[] gram = new double[n * n];
        for (float[] token : tokens) {
            for (int i = 0; i < n; i++) {
                double x = token[i];
                for (int j = i; j < n; j++) {
                    gram[i * n + j] += x * token[j];
                }
            }
        }
        return gram;
    }
}
