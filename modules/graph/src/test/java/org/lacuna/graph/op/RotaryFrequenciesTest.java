package org.lacuna.graph.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class RotaryFrequenciesTest {
    @Test
    void plainIsAGeometricRow() {
        double[] f = RotaryFrequencies.plain(4, 10000);
        assertEquals(2, f.length);
        assertEquals(1, f[0]);
        assertEquals(0.01, f[1], 1e-17);
    }

    /** Expected values: transformers' formula worked out in Python's doubles; pair 0 keeps its frequency, pair 1 lies in the mixed band. */
    @Test
    void llama3ScalesByWavelength() {
        double[] f = RotaryFrequencies.llama3(RotaryFrequencies.plain(24, 500000), 8, 1, 4, 32);
        double[] expected = {1.0, 0.1108970832756368, 0.014030775603867163, 0.004700753866357992, 0.0015749013123685918, 0.0005276417813430394,
            0.00017677669529663688, 5.9225787465991424e-05, 1.9842513149602502e-05, 6.647869871181235e-06, 2.227246795350847e-06, 7.461981632500261e-07};
        assertEquals(expected.length, f.length);
        for (int i = 0; i < f.length; i++) {
            assertEquals(expected[i], f[i], expected[i] * 1e-14, "pair " + i);
        }
    }

    /** Llama 3.1's own numbers; of its 64 pairs 29 keep their frequency and 29 are divided. */
    @Test
    void llama3HasThreeBands() {
        double[] plain = RotaryFrequencies.plain(128, 500000);
        double[] f = RotaryFrequencies.llama3(plain, 8, 1, 4, 8192);
        assertEquals(plain[28], f[28]);
        assertEquals(0.002166570763503359, f[29], 1e-16);
        assertEquals(0.0001785078127679964, f[34], 1e-17);
        assertEquals(plain[35] / 8, f[35]);
    }

    @Test
    void refusesWhatMakesNoSense() {
        assertThrows(IllegalArgumentException.class, () -> RotaryFrequencies.plain(5, 10000));
        assertThrows(IllegalArgumentException.class, () -> RotaryFrequencies.plain(4, 0));
        double[] f = RotaryFrequencies.plain(4, 10000);
        assertThrows(IllegalArgumentException.class, () -> RotaryFrequencies.llama3(f, 8, 4, 4, 32));
        assertThrows(IllegalArgumentException.class, () -> RotaryFrequencies.llama3(f, 0, 1, 4, 32));
    }
}
