package org.lacuna.zoo.maven;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.run.InputException;

class CoordinatesTest {
    @Test
    void readsTheThreeParts() {
        Coordinates release = Coordinates.parse("org.example:tiny-stories_2:1.0");
        assertEquals(new Coordinates("org.example", "tiny-stories_2", "1.0"), release);
        assertEquals("org.example:tiny-stories_2:1.0", release.toString());
        assertFalse(release.isSnapshot());
        assertTrue(Coordinates.parse("a:b:1-SNAPSHOT").isSnapshot());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "a:b", "a:b:c:d", ":b:1", "a::1", "a:b:", "../a:b:1", "a..b:b:1", "a/b:b:1", "a\\b:b:1", "a:b:[1,)",
            "a:b:${x}", "a:b:LATEST",
        "a:b:RELEASE", "a:b:1-snapshot", "a:b-SNAPSHOT:1", "a-SNAPSHOT:b:1", "a.b-snapshot:c:1", "a:b:1.0-20200101.010101-1", "a:b:maven-metadata.xml", "a:maven-metadata.xml:1", "a.maven-metadata.xml:b:1", "a b:c:1", "a:b:.1", "a:b:1.", "\u00e9:b:1"})
    void refusesOthers(String text) {
        assertThrows(InputException.class, () -> Coordinates.parse(text));
    }

    @Test
    void partsAreShort() {
        assertEquals(100, Coordinates.parse("a:b:" + "1".repeat(100)).version().length());
        assertThrows(InputException.class, () -> Coordinates.parse("a:b:" + "1".repeat(101)));
    }
}
