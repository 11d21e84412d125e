package org.lacuna.eval.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ConsoleWatchTest {
    private final ByteArrayOutputStream shown = new ByteArrayOutputStream();

    private ConsoleWatch watch(boolean terminal) {
        return new ConsoleWatch(() -> false, new PrintStream(shown, true, StandardCharsets.UTF_8), terminal);
    }

    private String text() {
        return shown.toString(StandardCharsets.UTF_8);
    }

    @Test
    void aLineEveryHalfMinuteWhereThereIsNoTerminal() {
        ConsoleWatch watch = watch(false);
        watch.begin("input, intermediate", 1200);
        watch.at(290, 29.9);
        watch.at(300, 30);
        watch.at(301, 31);
        watch.at(600, 60);
        watch.end();
        assertEquals(String.format("input, intermediate: 300 of 1,200 tokens, eta: 90s%ninput, intermediate: 600 of 1,200 tokens, eta: 60s%n"), text());
    }

    @Test
    void thePartAfterThatBeginsAnew() {
        ConsoleWatch watch = watch(false);
        watch.begin("without a rule", 2);
        watch.at(1, 30);
        watch.end();
        watch.begin("gate", 4);
        watch.at(1, 29);
        watch.at(2, 32);
        assertEquals(String.format("without a rule: 1 of 2 tokens, eta: 30s%ngate: 2 of 4 tokens, eta: 32s%n"), text());
    }

    @Test
    void aBarOnATerminalAfterAMoment() {
        ConsoleWatch watch = watch(true);
        watch.begin("up", 10);
        watch.at(1, 2.9);
        assertEquals("", text());
        watch.at(5, 3);
        watch.at(4, 3.1); // two workers told it in the other order
        watch.at(10, 6);
        watch.end();
        assertTrue(text().contains("up") && text().contains("10/10"), text());
    }

    @Test
    void asksWhoeverMayStopIt() {
        assertFalse(watch(false).getAsBoolean());
        assertTrue(new ConsoleWatch(() -> true).getAsBoolean());
    }
}
