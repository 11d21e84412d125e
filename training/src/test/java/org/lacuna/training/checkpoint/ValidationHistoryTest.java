package org.lacuna.training.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.lacuna.run.folder.Json;

class ValidationHistoryTest {
    @Test
    void countsSinceTheBest() {
        ValidationHistory h = ValidationHistory.first(10, 3.0);
        assertEquals(new ValidationHistory(20, 2.5, 20, 2.5, 0), h = h.then(20, 2.5));
        assertEquals(new ValidationHistory(30, 2.5, 20, 2.5, 1), h = h.then(30, 2.5), "no lower one");
        assertEquals(new ValidationHistory(40, 2.6, 20, 2.5, 2), h = h.then(40, 2.6));
        assertEquals(new ValidationHistory(50, Double.NaN, 20, 2.5, 3), h = h.then(50, Double.NaN));
        assertEquals(new ValidationHistory(60, 2.4, 60, 2.4, 0), h.then(60, 2.4));
        assertEquals(new ValidationHistory(2, 5, 2, 5, 0), ValidationHistory.first(1, Double.NaN).then(2, 5));
    }

    @Test
    void isTheSameFromAFile() {
        ValidationHistory h = new ValidationHistory(50, Double.NaN, 20, 0.1 + 0.2, 3);
        assertEquals(h, ValidationHistory.of(Json.parse("state", Json.line(h.toJson()))));
    }
}
