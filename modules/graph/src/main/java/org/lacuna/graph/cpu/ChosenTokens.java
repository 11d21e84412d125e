package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import java.util.function.IntPredicate;
import org.lacuna.graph.Tensor;

/**
 * The tokens whose weight is not 0, or others that are asked for, in rising order and in blocks, so that nothing is computed for the others. The last block is
 * filled up with zeros to one of a few heights: a library that writes code for each shape has little to write, whatever the weights
 * are.
 */
final class ChosenTokens {
    /** Heights below that of a whole block are multiples of it: of whole tiles, so that no panel of a product has a row alone. */
    private static final int UNIT = 64;

    private final ByteBuffer weights;
    private final IntPredicate asked;
    private final int block;
    private final int[] chosen;
    private int count;

    /**
     * @param weights of all tokens
     * @param block rows of a block at most
     */
    ChosenTokens(Tensor weights, int block) {
        this(weights, token -> true, block);
    }

    /**
     * Some of them.
     *
     * @param asked which, of those with a weight
     */
    ChosenTokens(Tensor weights, IntPredicate asked, int block) {
        this.weights = weights.bytes();
        this.asked = asked;
        this.block = block;
        chosen = new int[Math.toIntExact(weights.length())];
    }

    /** Reads the weights: before anything else. */
    void choose() {
        count = 0;
        for (int t = 0; t < chosen.length; t++) {
            if (weight(t) != 0 && asked.test(t)) {
                chosen[count++] = t;
            }
        }
    }

    float weight(int token) {
        return Lanes.get(weights, token);
    }

    /** How many blocks there are at most. */
    int blocks() {
        return (chosen.length + block - 1) / block;
    }

    /** How many blocks have tokens. */
    int filled() {
        return (count + block - 1) / block;
    }

    /** How many tokens a block has: 0 if there are no more. */
    int size(int b) {
        return Math.max(0, Math.min(block, count - b * block));
    }

    /** How many rows a block has, with those of zeros. */
    int height(int b) {
        return Math.min(block, (size(b) + UNIT - 1) / UNIT * UNIT);
    }

    /** The token in row {@code row} of a block. */
    int token(int b, int row) {
        return chosen[b * block + row];
    }

    /** Fills {@code n} rows of {@code dense}, from row {@code from} on: with the block's tokens' rows of a tensor, and zeros behind them. */
    void gather(int b, Tensor tensor, Tensor dense, int from, int n) {
        int width = dense.spec().size(1);
        int end = Math.max(from, Math.min(from + n, size(b)));
        for (int row = from; row < end; row++) {
            HeadRows.gather(tensor, token(b, row) * width, 1, dense, row);
        }
        Lanes.zeroRows(dense, end, from + n);
    }

    /** Copies what {@code n} rows of {@code dense}, from row {@code from} on, have for tokens, to their rows of a tensor. */
    void scatter(int b, Tensor dense, int from, int n, Tensor tensor) {
        int width = dense.spec().size(1);
        int end = Math.min(from + n, size(b));
        for (int row = from; row < end; row++) {
            HeadRows.scatter(dense, row, 1, tensor, token(b, row) * width);
        }
    }

    /** Zeroes the rows, of {@code width} floats, of the tokens that are not chosen. */
    void zeroOthers(ByteBuffer b, int width) {
        for (int t = 0; t < chosen.length; t++) {
            if (weight(t) == 0) {
                Lanes.fill(b, t * width, (t + 1) * width, 0);
            }
        }
    }
}
