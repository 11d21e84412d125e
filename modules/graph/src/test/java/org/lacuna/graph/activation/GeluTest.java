package org.lacuna.graph.activation;

import org.junit.jupiter.api.Test;

class GeluTest {
    /** From erfc with 40 digits. ND4J's own gelu(1) is 0.8458 and its preciseGelu(1) 0.8314. */
    @Test
    void hasTheKnownValues() {
        Gelu f = new Gelu();
        Points.assertPoint(f, 0, 0, 0.5);
        Points.assertPoint(f, -13, -7.9523137194148436e-38, -1.0337304440113356e-36);
        Points.assertPoint(f, -6.5, -2.6104003795084266e-10, -1.6950517937572626e-9);
        Points.assertPoint(f, -3, -0.0040496940948902836, -0.011945647204183927);
        Points.assertPoint(f, -0.5, -0.15426876936299345, 0.13250487534383716);
        Points.assertPoint(f, 1, 0.84134474606854295, 1.0833154705876863);
        Points.assertPoint(f, 3, 2.9959503059051097, 1.0119456472041839);
    }
}
