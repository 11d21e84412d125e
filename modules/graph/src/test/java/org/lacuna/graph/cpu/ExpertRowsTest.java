package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.nd4j.linalg.api.buffer.DataType;

class ExpertRowsTest {
    private static final CpuDevice DEVICE = new CpuDevice();
    private static final int UNIT = new OpenBlasGemms().rowsAlike();

    /** A unit is what OpenBLAS treats alike. */
    private static ExpertRows rows(Tensor ids, int experts) {
        TensorSpec memory = new TensorSpec("scratch", DataType.FLOAT, ids.length() + experts + 64);
        return new ExpertRows(new OpenBlasGemms(), ids.spec(), experts, new Pieces(DEVICE.allocate(memory)));
    }

    private static Tensor ids(int... values) {
        Tensor ids = DEVICE.allocate(new TensorSpec("ids", DataType.INT, 1, values.length, 1));
        ids.set(values);
        return ids;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 100})
    void sortsByExpertAndKeepsTheOrder(int experts) {
        Random random = new Random(experts);
        for (int n : new int[] {1, 2, 17, 300}) {
            int[] values = random.ints(n, 0, random.nextInt(experts) + 1).toArray();
            Tensor ids = ids(values);
            ExpertRows rows = rows(ids, experts);
            for (int run = 0; run < 2; run++) {
                rows.sort("op", ids);
                List<Integer> sorted = new ArrayList<>();
                for (int e = 0; e < experts; e++) {
                    assertEquals(sorted.size(), rows.start(e));
                    for (int i = 0; i < n; i++) {
                        if (values[i] == e) {
                            sorted.add(i);
                        }
                    }
                }
                assertEquals(n, rows.start(experts));
                for (int place = 0; place < n; place++) {
                    assertEquals(sorted.get(place), rows.row(place));
                }
            }
        }
    }

    @Test
    void blocksHaveFewHeights() {
        ExpertRows rows = rows(ids(new int[17 * UNIT]), 1);
        TreeSet<Integer> heights = new TreeSet<>();
        for (int n = 1; n <= rows.mostRows(); n++) {
            int height = rows.height(n);
            heights.add(height / UNIT);
            assertTrue(height >= n && height % UNIT == 0, n + ": " + height);
            assertTrue(height - n < Math.max(UNIT, n / 2), n + " rows are filled up to " + height);
        }
        assertEquals(List.of(1, 2, 3, 4, 6, 8, 12, 16), List.copyOf(heights));
        assertEquals(16 * UNIT, rows.mostRows());
        assertEquals(UNIT, rows(ids(new int[3]), 1).mostRows());
        assertEquals(6 * UNIT, rows(ids(new int[4 * UNIT + 1]), 1).mostRows());
    }

    @Test
    void eachPlaceHasAPanel() {
        ExpertRows rows = rows(ids(new int[10]), 1);
        assertEquals(0, rows.panel(0, 0, 3));
        assertEquals(0, rows.panel(0, 5, 2));
        assertEquals(1, rows.panel(5, 10, 2));
        assertEquals(2, rows.panel(10, 10, 3), "behind all");
        assertEquals(0, rows.panel(0, 10, 1));
    }
}
