package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.LacunaOp;
import org.lacuna.graph.op.Route;

/** The best of each token's logits, kept in order while one pass goes over them; then the softmax, in double. */
final class RouteKernel extends RowKernel {
    @Override
    boolean hasRows(LacunaOp op, int index) {
        return true;
    }

    @Override
    Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch) {
        boolean renormalised = ((Route) op).renormalised();
        ByteBuffer logits = in[0].bytes();
        ByteBuffer experts = out[0].bytes();
        ByteBuffer weights = out[1].bytes();
        int rows = in[0].spec().rows();
        int width = in[0].spec().size(-1);
        int[] chosen = new int[((Route) op).k()];
        Softmax softmax = new Softmax(width);
        return () -> {
            for (int row = 0; row < rows; row++) {
                choose(logits, row * width, width, chosen);
                softmax.run(logits, row * width);
                double total = softmax.sum;
                if (renormalised) {
                    total = 0;
                    for (int e : chosen) {
                        total += softmax.terms[e];
                    }
                }
                for (int r = 0; r < chosen.length; r++) {
                    int at = row * chosen.length + r;
                    experts.putInt(at * Integer.BYTES, chosen[r]);
                    Lanes.put(weights, at, (float) (softmax.terms[chosen[r]] / total));
                }
            }
        };
    }

    /** The indices of the largest of {@code n} logits, falling; of equal ones the lower first, NaN last. */
    private static void choose(ByteBuffer logits, int at, int n, int[] chosen) {
        int count = 0;
        for (int e = 0; e < n; e++) {
            float logit = Lanes.get(logits, at + e);
            int place = count;
            while (place > 0) {
                float before = Lanes.get(logits, at + chosen[place - 1]);
                if (logit > before || Float.isNaN(before) && !Float.isNaN(logit)) {
                    place--;
                } else {
                    break;
                }
            }
            if (place < chosen.length) {
                count = Math.min(count + 1, chosen.length);
                System.arraycopy(chosen, place, chosen, place + 1, count - 1 - place);
                chosen[place] = e;
            }
        }
    }

    /** terms[i] = e^(row[i] − largest), for whole vectors. */
    private static void exponentials(ByteBuffer row, float largest, double[] terms) {
        for (int i = 0; i < terms.length; i += Lanes.WIDE) {
            Lanes.exp(Lanes.widen(row, i).sub(largest)).intoArray(terms, i);
        }
    }

    /** e^(logit − the largest one) of a row's logits, and the sum of that; for one thread at a time. */
    static final class Softmax {
        final double[] terms;
        double sum;
        private final ByteBuffer row;
        private final int n;

        Softmax(int n) {
            this.n = n;
            row = Lanes.floats(n);
            terms = new double[row.capacity() / Float.BYTES];
        }

        void run(ByteBuffer logits, int at) {
            row.put(0, logits, at * Float.BYTES, n * Float.BYTES);
            float largest = Float.NEGATIVE_INFINITY;
            for (int i = 0; i < n; i++) {
                largest = Math.max(largest, Lanes.get(row, i));
            }
            exponentials(row, largest, terms);
            sum = 0;
            for (int i = 0; i < n; i++) {
                sum += terms[i];
            }
        }
    }
}
