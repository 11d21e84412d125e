package org.lacuna.graph.activation;

import org.junit.jupiter.api.Test;

class ReluSquaredTest {
    @Test
    void hasTheValuesThatOneFindsByHand() {
        Points.assertPoint(new ReluSquared(), -2.5, 0, 0);
        Points.assertPoint(new ReluSquared(), 0, 0, 0);
        Points.assertPoint(new ReluSquared(), 3, 9, 6);
        Points.assertPoint(new ReluSquared(), 0.5, 0.25, 1);
    }
}
