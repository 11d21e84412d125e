package org.lacuna.training.optimizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class LearningRateTest {
    @Test
    void risesAndFalls() {
        LearningRate rate = new LearningRate(2e-3, 0.1, 100, 1500);
        assertEquals(2e-5, rate.at(1), 1e-18);
        assertEquals(1e-3, rate.at(50), 1e-18);
        assertEquals(2e-3, rate.at(100), 1e-18);
        assertEquals(2e-3 * 0.55, rate.at(800), 1e-15);
        assertEquals(2e-4, rate.at(1500), 1e-18);
    }

    @Test
    void canBeConstant() {
        LearningRate rate = new LearningRate(1e-3, 1, 0, 5);
        for (int step = 1; step <= 5; step++) {
            assertEquals(1e-3, rate.at(step));
        }
    }

    @Test
    void canBeWarmUpOnly() {
        LearningRate rate = new LearningRate(1e-3, 0.1, 4, 4);
        assertEquals(2.5e-4, rate.at(1));
        assertEquals(1e-3, rate.at(4));
    }
}
