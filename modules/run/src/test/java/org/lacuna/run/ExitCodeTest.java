package org.lacuna.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.IntStream;
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
        List<String> many = IntStream.range(0, 500).mapToObj(i -> "p" + i).toList();
        String shown = new InputException(many).getMessage();
        assertTrue(shown.startsWith("500 problems:\n  - p0\n") && shown.endsWith("\n  - p19\n  and 480 more"), shown);
    }
}
