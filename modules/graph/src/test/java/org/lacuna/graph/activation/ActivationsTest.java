package org.lacuna.graph.activation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ActivationsTest {
    @Test
    void isFoundByNameAliasAndCode() {
        Set<String> names = new HashSet<>();
        for (Activation f : Activations.all()) {
            assertSame(f, Activations.byName(f.name()));
            assertSame(f, Activations.byCode(f.code()));
            assertTrue(names.add(f.name()), f.name() + " is taken");
            for (String alias : f.aliases()) {
                assertSame(f, Activations.byName(alias));
                assertTrue(names.add(alias), alias + " is taken");
            }
        }
    }

    @Test
    void codesAreThoseThatSavedGraphsHold() {
        assertEquals(0, Activations.byName("identity").code());
        assertEquals(1, Activations.byName("relu").code());
        assertEquals(2, Activations.byName("relu2").code());
        assertEquals(3, Activations.byName("silu").code());
        assertEquals(4, Activations.byName("gelu").code());
    }

    @Test
    void saysWhatThereIs() {
        String message = assertThrows(IllegalArgumentException.class, () -> Activations.byName("gleu")).getMessage();
        assertTrue(message.contains("'gleu'") && message.contains("relu, relu2, silu"), message);
        assertTrue(assertThrows(IllegalArgumentException.class, () -> Activations.byCode(99)).getMessage().contains("1 (relu)"));
    }
}
