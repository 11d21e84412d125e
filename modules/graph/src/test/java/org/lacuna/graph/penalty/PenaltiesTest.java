package org.lacuna.graph.penalty;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PenaltiesTest {
    @Test
    void isFoundByNameAndCode() {
        Set<String> names = new HashSet<>();
        for (Penalty p : Penalties.all()) {
            assertSame(p, Penalties.byName(p.name()));
            assertSame(p, Penalties.byCode(p.code()));
            assertTrue(names.add(p.name()), p.name() + " is taken");
        }
    }

    @Test
    void codesAndParametersAreThoseThatSavedGraphsHold() {
        assertEquals(List.of("l1 0 []", "l1_mean 1 []", "hoyer_square 2 [eps]", "displacement 3 [margin]", "locality 4 [alpha]", "chunk 5 [chunk, alpha]"),
                Penalties.all().stream().map(p -> p.name() + " " + p.code() + " " + p.parameters().stream().map(Parameter::name).toList()).toList());
    }

    @Test
    void defaultsAreAllowed() {
        for (Penalty p : Penalties.all()) {
            p.check(p.defaults());
        }
        assertArrayEquals(new double[] {1e-15}, Penalties.byName("hoyer_square").defaults());
        assertArrayEquals(new double[] {-10}, Penalties.byName("displacement").defaults());
        assertArrayEquals(new double[] {100}, Penalties.byName("locality").defaults());
        assertEquals(64, Penalties.byName("chunk").defaults()[0]);
    }

    @Test
    void saysWhatThereIs() {
        String message = assertThrows(IllegalArgumentException.class, () -> Penalties.byName("l2")).getMessage();
        assertTrue(message.contains("'l2'") && message.contains("l1, l1_mean, hoyer_square"), message);
        assertTrue(assertThrows(IllegalArgumentException.class, () -> Penalties.byCode(99)).getMessage().contains("1 (l1_mean)"));
    }

    private static String refusal(String name, double... values) {
        return assertThrows(IllegalArgumentException.class, () -> Penalties.byName(name).check(values)).getMessage();
    }

    @Test
    void refusesParametersOfAnotherNumber() {
        assertEquals("penalty 'l1' takes 0 parameters [], not 1", refusal("l1", 1));
        assertEquals("penalty 'chunk' takes 2 parameters [chunk, alpha], not 1", refusal("chunk", 64));
    }

    @ParameterizedTest
    @CsvSource({"0", "-1", "2.5", "1e300", "NaN"})
    void refusesChunksThatAreNone(double chunk) {
        assertEquals("penalty 'chunk': chunk is " + chunk + ", but must be a whole number from 1 to 1048576", refusal("chunk", chunk, 1));
    }

    @Test
    void refusesWhatIsOutOfBounds() {
        assertEquals("penalty 'hoyer_square': eps is 0.0, but must be a number from 1.0E-30 to 1", refusal("hoyer_square", 0));
        assertTrue(refusal("locality", Double.POSITIVE_INFINITY).contains("from 1.0E-6 to 1000000"));
    }
}
