package org.lacuna.sparsity.measure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PerplexityCettTest {
    /** The perplexity is 1 + c² / 4 times dense: p per cent at c = √(p / 25). */
    @ParameterizedTest
    @ValueSource(doubles = {0.1, 1, 5, 20})
    void whereTheAnswerIsKnown(double percent) {
        PerplexityCett found = PerplexityCett.of(percent, c -> Math.log1p(c * c / 4));
        double exact = Math.sqrt(percent / 25);
        assertTrue(found.cett() <= exact + 1e-12 && exact <= found.beyond() + 1e-12, found + " brackets " + exact);
        assertTrue(found.beyond() - found.cett() <= PerplexityCett.TOLERANCE);
        assertEquals(Math.log1p(found.cett() * found.cett() / 4), found.lossIncrease());
        assertEquals(percent, found.percent());
    }

    /** Layers' thresholds make steps of the loss; the one at 5/8 is a point that halving meets exactly. */
    @Test
    void steps() {
        assertEquals(0.625, PerplexityCett.of(1, c -> c <= 0.625 ? 0.009 : 0.011).cett());
        assertEquals(0.625, PerplexityCett.of(1, c -> c < 0.625 ? 0.009 : Double.POSITIVE_INFINITY).beyond());
    }

    /** A loss that meets the bar to the last bit keeps it, at the end and before. */
    @Test
    void theBarItselfIsKept() {
        double bar = Math.log1p(0.01);
        assertEquals(1, PerplexityCett.of(1, c -> bar).cett());
        assertEquals(0.625, PerplexityCett.of(1, c -> c <= 0.625 ? bar : Math.nextUp(bar)).cett());
        assertEquals(0, PerplexityCett.of(1, c -> c == 0 ? bar : 1).cett());
    }

    /** Every CETT is asked for once. */
    @Test
    void evaluationsAreCounted() {
        List<Double> asked = new ArrayList<>();
        PerplexityCett found = PerplexityCett.of(1, c -> {
            asked.add(c);
            return c;
        });
        assertEquals(asked.size(), found.evaluations());
        assertEquals(asked.size(), asked.stream().distinct().count());
        assertEquals(22, asked.size(), "both ends, and 20 halvings to 2⁻²⁰ < 10⁻⁶ < 2⁻¹⁹");
    }

    @Test
    void ends() {
        assertEquals(new PerplexityCett(1, 1, 0.005, Double.NaN, 1), PerplexityCett.of(1, c -> 0.005));
        assertEquals(new PerplexityCett(0, 1, -0.1, Double.NaN, 1), PerplexityCett.of(0, c -> -0.1));
        PerplexityCett nothing = PerplexityCett.of(1, c -> c == 0 ? 0 : 1);
        assertEquals(0, nothing.cett());
        assertEquals(0, nothing.lossIncrease());
    }

    /** A layer of one token (3, 2) of columns (1, 0) and (0, −2): CETT 3/5 leaves out the first neuron, 1 both. */
    @Test
    void withALayersCurve() {
        CettCurve curve = new CettCurve(1, new float[] {1, 0, /**/ 0, -2}, 2, 2);
        curve.set(0, new float[] {3, 2});
        PerplexityCett found = PerplexityCett.of(1, c -> curve.within(c).sparsity() < 1 ? 0.001 : 5);
        assertTrue(found.cett() > 1 - PerplexityCett.TOLERANCE && found.cett() < 1, found::toString);
        assertEquals(curve.at(4), curve.within(found.cett()));
        assertEquals(0.5, curve.within(found.cett()).sparsity());
        assertEquals(0.6, PerplexityCett.of(1, c -> curve.within(c).sparsity() < 0.5 ? 0.001 : 5).cett(), PerplexityCett.TOLERANCE);
    }

    @Test
    void whatIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> PerplexityCett.of(-1, c -> c));
        assertThrows(IllegalArgumentException.class, () -> PerplexityCett.of(Double.NaN, c -> c));
        assertThrows(IllegalArgumentException.class, () -> PerplexityCett.of(Double.POSITIVE_INFINITY, c -> c));
        assertThrows(IllegalArgumentException.class, () -> PerplexityCett.of(1, c -> 0.02), "broken at CETT 0");
        assertThrows(ArithmeticException.class, () -> PerplexityCett.of(1, c -> Double.NaN));
        assertThrows(ArithmeticException.class, () -> PerplexityCett.of(1, c -> c == 1 ? 1 : Double.NaN));
    }
}
