package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.LacunaOp;
import org.lacuna.graph.op.NonFiniteRowException;
import org.lacuna.graph.op.Sparsify;
import org.lacuna.sparsity.rule.NonFiniteException;
import org.lacuna.sparsity.rule.RowOrder;
import org.lacuna.sparsity.rule.RowScratch;
import org.lacuna.sparsity.rule.Rule;
import org.lacuna.sparsity.rule.Rules;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * A rule on each row. Where a row fans out to several top-p rules, it is put in order once for all of them. Values are floats in bf16 programs
 * too: rounded, many would be equal that are not, and a rule would keep others.
 */
final class SparsifyKernel implements Kernel {
    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        int rows = in[0].spec().rows();
        int height = (rows + panels - 1) / panels;
        Runnable[] calls = new Runnable[(rows + height - 1) / height];
        for (int p = 0; p < calls.length; p++) {
            calls[p] = new Call(((Sparsify) op).fan(), in, out, p * height, Math.min(rows, (p + 1) * height));
        }
        return new Runnable[][] {calls};
    }

    private static final class Call implements Runnable {
        /** From so many top-p rules on, ordering a row is cheaper than selecting for each. */
        private static final int WORTH_ORDERING = 3;

        private final boolean fan;
        private final int n;
        private final int rows;
        private final int begin;
        private final int end;
        private final int rowsOfRule;
        private final FloatBuffer v;
        private final ByteBuffer codes;
        private final ByteBuffer parameterBytes;
        /** Null where there is no padding. */
        private final Tensor tokenMask;
        private final FloatBuffer masked;
        private final ByteBuffer counts;

        private final Rule topP = Rules.byName("top_p");
        private final Rule[] rules;
        private final double[] parameters;
        private final int width;
        /** Null where the rule looks at the row itself. */
        private final FloatBuffer channels;
        private final int channelRows;
        private final int length;
        private final float[] row;
        /** What the rule looks at. */
        private final float[] weighted;
        private final float[] channel;
        private final float[] maskedRow;
        private final long[] kept;
        private final RowScratch rowScratch;
        private final RowOrder order;
        private boolean ordered;

        /** For the rows of the input from {@code begin} to {@code end}, exclusive. */
        Call(boolean fan, Tensor[] in, Tensor[] out, int begin, int end) {
            this.fan = fan;
            this.begin = begin;
            this.end = end;
            n = in[0].spec().size(2);
            rows = in[0].spec().rows();
            rules = new Rule[in[1].spec().size(0)];
            rowsOfRule = fan ? rows : rows / rules.length;
            v = in[0].floats();
            codes = in[1].bytes();
            parameterBytes = in[2].bytes();
            tokenMask = in.length > 3 ? in[3] : null;
            masked = out[0].floats();
            counts = out[1].bytes();
            parameters = new double[Math.toIntExact(in[2].length())];
            width = in[2].spec().size(1);
            channels = in.length > 4 ? in[4].floats() : null;
            channelRows = in.length > 4 ? in[4].spec().size(0) : 0;
            length = in[0].spec().size(1);
            row = new float[n];
            weighted = channels == null ? row : new float[n];
            channel = channels == null ? null : new float[n];
            maskedRow = new float[n];
            kept = new long[(n + 63) / 64];
            rowScratch = new RowScratch(n);
            order = fan ? new RowOrder(n) : null;
        }

        @Override
        public void run() {
            int topPs = 0;
            for (int b = 0; b < rules.length; b++) {
                rules[b] = Rules.byCode(codes.getInt(b * Integer.BYTES));
                topPs += rules[b] == topP ? 1 : 0;
            }
            for (int i = 0; i < parameters.length; i++) {
                parameters[i] = parameterBytes.getDouble(i * Double.BYTES);
            }
            boolean orders = fan && topPs >= WORTH_ORDERING;
            for (int from = begin; from < end; from++) {
                v.get(from * n, row);
                if (channels != null) {
                    channels.get(from / length % channelRows * n, channel);
                    multiply(row, channel, weighted);
                }
                ordered = false;
                boolean padding = isPadding(from);
                int first = fan ? 0 : from / rowsOfRule;
                int last = fan ? rules.length - 1 : first;
                for (int b = first; b <= last; b++) {
                    int to = fan ? b * rows + from : from;
                    if (padding) {
                        masked.put(to * n, row);
                        counts.putInt(to * Integer.BYTES, -1);
                    } else {
                        counts.putInt(to * Integer.BYTES, keep(from, b, orders));
                        mask(row, kept, maskedRow);
                        masked.put(to * n, maskedRow);
                    }
                }
            }
        }

        private boolean isPadding(int token) {
            if (tokenMask == null) {
                return false;
            }
            ByteBuffer mask = tokenMask.bytes();
            return tokenMask.dataType() == DataType.FLOAT ? Lanes.get(mask, token) == 0 : mask.getInt(token * Integer.BYTES) == 0;
        }

        private int keep(int from, int b, boolean orders) {
            try {
                if (!orders || rules[b] != topP) {
                    return rules[b].keep(weighted, n, parameters, b * width, kept, rowScratch);
                }
                if (!ordered) {
                    order.order(weighted, n);
                    ordered = true;
                }
                return order.keep(parameters[b * width], kept);
            } catch (NonFiniteException e) {
                throw new NonFiniteRowException(from, e);
            }
        }

        private static void multiply(float[] row, float[] channel, float[] product) {
            for (int j = 0; j < row.length; j++) {
                product[j] = row[j] * channel[j];
            }
        }

        private static void mask(float[] row, long[] kept, float[] masked) {
            for (int from = 0, word = 0; from < row.length; from += 64, word++) {
                long bits = kept[word];
                int to = Math.min(row.length, from + 64);
                for (int j = from; j < to; j++) {
                    int all = -(int) (bits >>> j & 1);
                    masked[j] = Float.intBitsToFloat(Float.floatToRawIntBits(row[j]) & all);
                }
            }
        }
    }
}
