package org.lacuna.graph.activation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import org.junit.jupiter.api.Test;

class GeluTanhTest {
    /** From tanh with 40 digits. */
    @Test
    void hasTheKnownValues() {
        GeluTanh f = new GeluTanh();
        Points.assertPoint(f, 0, 0, 0.5);
        Points.assertPoint(f, -6.5, -6.2782587725914021e-13, -6.5834737677646346e-12);
        Points.assertPoint(f, -3, -0.0036373920817730188, -0.011584166630969726);
        Points.assertPoint(f, -0.5, -0.15428599017485608, 0.13263009646535769);
        Points.assertPoint(f, 1, 0.8411919906082767, 1.0829640838457826);
        Points.assertPoint(f, 3, 2.996362607918227, 1.0115841666309697);
    }

    @Test
    void hasTheNamesAndCodeThatCheckpointsAndGraphsHold() {
        assertSame(Activations.byName("gelu_pytorch_tanh"), Activations.byName("gelu_new"));
        assertEquals(5, Activations.byName("gelu_new").code());
    }
}
