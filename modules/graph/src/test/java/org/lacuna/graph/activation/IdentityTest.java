package org.lacuna.graph.activation;

import org.junit.jupiter.api.Test;

class IdentityTest {
    @Test
    void hasTheValuesThatOneFindsByHand() {
        Points.assertPoint(new Identity(), -2.5, -2.5, 1);
        Points.assertPoint(new Identity(), 0, 0, 1);
        Points.assertPoint(new Identity(), 3, 3, 1);
    }
}
