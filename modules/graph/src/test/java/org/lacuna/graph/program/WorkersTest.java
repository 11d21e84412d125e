package org.lacuna.graph.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class WorkersTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void everyPartRunsOnce(int count) {
        try (Workers workers = new Workers(count)) {
            for (int parts : new int[] {0, 1, 2, 3, 17}) {
                for (int round = 0; round < 200; round++) {
                    AtomicIntegerArray runs = new AtomicIntegerArray(parts);
                    workers.run(parts, runs::incrementAndGet);
                    for (int i = 0; i < parts; i++) {
                        assertEquals(1, runs.get(i));
                    }
                }
            }
        }
    }

    @Test
    void sleepersWakeUp() throws InterruptedException {
        try (Workers workers = new Workers(2)) {
            int[] sum = new int[2];
            workers.run(2, part -> sum[part]++);
            Thread.sleep(50);
            workers.run(2, part -> sum[part]++);
            assertEquals(2, sum[0]);
            assertEquals(2, sum[1]);
        }
    }

    @Test
    void theLowestFailureComesBackAfterTheOthersHaveEnded() {
        try (Workers workers = new Workers(2)) {
            AtomicIntegerArray runs = new AtomicIntegerArray(4);
            IllegalStateException e = assertThrows(IllegalStateException.class, () -> workers.run(4, part -> {
                runs.incrementAndGet(part);
                if (part == 1 || part == 3) {
                    throw new IllegalStateException("part " + part);
                }
            }));
            assertEquals("part 1", e.getMessage());
            assertEquals(1, runs.get(2));
            workers.run(4, runs::incrementAndGet);
            assertEquals(2, runs.get(3));
        }
    }

    @Test
    void aClosedTeamRefuses() {
        Workers workers = new Workers(2);
        workers.close();
        assertThrows(IllegalStateException.class, () -> workers.run(1, part -> {}));
    }
}
