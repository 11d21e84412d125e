package org.lacuna.graph.activation;

import org.junit.jupiter.api.Test;

class ReluTest {
    @Test
    void hasTheValuesThatOneFindsByHand() {
        Points.assertPoint(new Relu(), -2.5, 0, 0);
        Points.assertPoint(new Relu(), 0, 0, 0);
        Points.assertPoint(new Relu(), 3, 3, 1);
        Points.assertPoint(new Relu(), -1e-30, 0, 0);
    }
}
