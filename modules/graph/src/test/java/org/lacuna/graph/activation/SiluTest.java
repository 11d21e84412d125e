package org.lacuna.graph.activation;

import org.junit.jupiter.api.Test;

class SiluTest {
    /** From 1/(1 + e^(−z)) with 40 digits. */
    @Test
    void hasTheKnownValues() {
        Silu f = new Silu();
        Points.assertPoint(f, 0, 0, 0.5);
        Points.assertPoint(f, -13, -2.9384215872746468e-5, -2.7123825156985782e-5);
        Points.assertPoint(f, -3, -0.14227761953270034, -0.088104106015169617);
        Points.assertPoint(f, -0.5, -0.18877033439907272, 0.26003881269734819);
        Points.assertPoint(f, 1, 0.73105857863000488, 0.92767051187148673);
        Points.assertPoint(f, 3, 2.8577223804672997, 1.0881041060151696);
    }
}
