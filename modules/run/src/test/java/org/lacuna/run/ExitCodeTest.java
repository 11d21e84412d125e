package org.lacuna.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class ExitCodeTest {
    @Test
    void everyFailureHasItsCode() {
        assertEquals(2, ExitCode.of(new InputException("x")));
        assertEquals(1, ExitCode.of(new RunException("x")));
        assertEquals(130, ExitCode.of(new InterruptedRunException("x")));
        assertEquals(1, ExitCode.of(new OutOfMemoryError()));
    }

    @Test
    void anInputExceptionListsItsProblems() {
        assertEquals("a", new InputException("a").getMessage());
        InputException two = new InputException(List.of("a", "b"));
        assertEquals("2 problems:\n  - a\n  - b", two.getMessage());
        assertEquals(List.of("a", "b"), two.problems());
        assertThrows(IllegalArgumentException.class, () -> new InputException(List.of()));
    }
}
