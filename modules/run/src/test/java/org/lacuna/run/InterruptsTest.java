package org.lacuna.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class InterruptsTest {
    /** A loop that saves when it is told to stop; with the argument "deaf" it never looks. */
    static final class Loop {
        public static void main(String[] args) throws InterruptedException {
            try (Interrupts interrupts = Interrupts.listen()) {
                System.out.println("ready");
                while (args[0].equals("deaf") || !interrupts.requested()) {
                    Thread.sleep(5);
                }
            }
            System.out.println("saved");
            System.exit(ExitCode.INTERRUPTED);
        }
    }

    /** Listens, stops listening, and waits to be ended by the JVM's own handler. */
    static final class Closed {
        public static void main(String[] args) throws InterruptedException {
            Interrupts.listen().close();
            System.out.println("ready");
            Thread.sleep(60_000);
        }
    }

    // SIGTERM throughout: a process started in the background of a shell may have SIGINT ignored for it.
    // By the handle, since Process.destroy closes the streams as well.

    @Test
    void theFirstSignalLetsTheLoopSave() throws Exception {
        Process process = ForkedJvm.start(Loop.class, List.of(), "listening");
        try (BufferedReader output = process.inputReader()) {
            assertEquals("ready", output.readLine());
            process.toHandle().destroy();
            assertEquals("Stopping as soon as possible; once more ends at once.", output.readLine());
            assertEquals("saved", output.readLine());
        }
        assertTrue(process.waitFor(20, TimeUnit.SECONDS));
        assertEquals(130, process.exitValue());
    }

    @Test
    void theSecondEndsAtOnce() throws Exception {
        Process process = ForkedJvm.start(Loop.class, List.of(), "deaf");
        try (BufferedReader output = process.inputReader()) {
            assertEquals("ready", output.readLine());
            process.toHandle().destroy();
            assertEquals("Stopping as soon as possible; once more ends at once.", output.readLine());
            assertFalse(process.waitFor(200, TimeUnit.MILLISECONDS));
            process.toHandle().destroy();
            assertEquals(null, output.readLine());
        }
        assertTrue(process.waitFor(20, TimeUnit.SECONDS));
        assertEquals(130, process.exitValue());
    }

    @Test
    void closingPutsTheEarlierHandlerBack() throws Exception {
        Process process = ForkedJvm.start(Closed.class, List.of());
        try (BufferedReader output = process.inputReader()) {
            assertEquals("ready", output.readLine());
            process.toHandle().destroy();
            assertEquals(null, output.readLine());
        }
        assertTrue(process.waitFor(20, TimeUnit.SECONDS));
        assertEquals(128 + 15, process.exitValue());
    }
}
