package org.lacuna.model.parity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;

class QuantityTest {
    private static ModelConfig config(int layers, int hidden) {
        return ModelConfig.llama(100, hidden, 64, layers, 4, 4, hidden / 4, 1e-6, RotaryPosition.plain(1e4), true, FeedForward.gated("silu"), 64, 0.02, OptionalInt.empty(), List.of());
    }

    @Test
    void tolerancesArePlainForSmallModelsAndUsualNumbers() {
        ModelConfig small = config(3, 64);
        assertEquals(3e-5, Quantity.LOGITS.tolerance(10, small));
        assertEquals(1e-6, Quantity.LOSS.tolerance(7, small));
        assertEquals(1e-4, Quantity.HIDDEN.tolerance(20, small));
        assertEquals(1e-4, Quantity.SITES.tolerance(0, small));
        assertEquals(0, Quantity.EXPERTS.tolerance(3, small));
        assertEquals(1e-6, Quantity.GRADIENTS.tolerance(0, small));
    }

    @Test
    void theyGrowWithTheNumbersAndWithTheRootOfTheModel() {
        assertEquals(9e-5, Quantity.LOGITS.tolerance(30, config(3, 64)), 1e-15);
        assertEquals(2e-6, Quantity.LOSS.tolerance(14, config(1, 64)), 1e-15);
        assertEquals(4e-4, Quantity.HIDDEN.tolerance(80, config(3, 64)), 1e-15);
        assertEquals(2 * 9e-5, Quantity.LOGITS.tolerance(30, config(12, 64)), 1e-15);
        assertEquals(8e-4, Quantity.SITES.tolerance(1, config(24, 512)), 1e-15);
        assertEquals(2e-4 * 5 + 1e-6, Quantity.GRADIENTS.tolerance(5, config(24, 512)), 1e-15);
        assertEquals(0, Quantity.EXPERTS.tolerance(63, config(24, 512)));
    }

    @Test
    void whatIsNotFiniteIsTheWorst() {
        Compared good = new Compared("a", Quantity.HIDDEN, 1, 1e-4, 1e-4);
        Compared bad = new Compared("b", Quantity.HIDDEN, 1, 1.1e-4, 1e-4);
        Compared nan = new Compared("c", Quantity.HIDDEN, 1, Double.NaN, 1e-4);
        Compared same = new Compared("d", Quantity.EXPERTS, 1, 0, 0);
        Compared other = new Compared("e", Quantity.EXPERTS, 1, 1, 0);
        assertTrue(good.within() && same.within());
        assertFalse(bad.within() || nan.within() || other.within());
        assertTrue(nan.severity() > bad.severity() && bad.severity() > good.severity() && good.severity() > same.severity());
    }
}
