package org.lacuna.sparsity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SiteTest {
    @ParameterizedTest
    @EnumSource
    void isFoundByItsKey(Site site) {
        assertEquals(site, Site.byKey(site.key()));
    }

    @Test
    void theOrderThatHashesGoByStays() {
        assertEquals(List.of(Site.INPUT, Site.UP, Site.GATE, Site.INTERMEDIATE, Site.ATTENTION_INPUT, Site.ATTENTION_OUTPUT), List.of(Site.values()));
    }

    @Test
    void anUnknownKeyNamesTheOthers() {
        assertEquals("no site 'INPUT'; there are input, up, gate, intermediate, attention_input, attention_output",
                assertThrows(IllegalArgumentException.class, () -> Site.byKey("INPUT")).getMessage());
    }
}
