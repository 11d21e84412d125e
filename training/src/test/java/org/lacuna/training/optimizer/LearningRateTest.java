package org.lacuna.training.optimizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lacuna.run.InputException;
import org.lacuna.run.recipe.Recipes;
import org.lacuna.training.recipe.TrainSettings;

class LearningRateTest {
    @Test
    void risesAndFalls() {
        LearningRate rate = new LearningRate(Schedule.COSINE, 2e-3, 0.1, 100, 1, 1500);
        assertEquals(2e-5, rate.at(1), 1e-18);
        assertEquals(1e-3, rate.at(50), 1e-18);
        assertEquals(2e-3, rate.at(100), 1e-18);
        assertEquals(2e-3 * 0.55, rate.at(800), 1e-15);
        assertEquals(2e-4, rate.at(1500), 1e-18);
    }

    @Test
    void canBeConstant() {
        LearningRate rate = new LearningRate(Schedule.COSINE, 1e-3, 1, 0, 1, 5);
        for (int step = 1; step <= 5; step++) {
            assertEquals(1e-3, rate.at(step));
        }
    }

    @Test
    void canBeWarmUpOnly() {
        LearningRate rate = new LearningRate(Schedule.COSINE, 1e-3, 0.1, 4, 1, 4);
        assertEquals(2.5e-4, rate.at(1));
        assertEquals(1e-3, rate.at(4));
    }

    @Test
    void fallsInAStraightLine() {
        LearningRate rate = new LearningRate(Schedule.LINEAR, 1e-3, 0.2, 10, 1, 110);
        assertEquals(5e-4, rate.at(5), 1e-18);
        assertEquals(1e-3, rate.at(10), 1e-18);
        assertEquals(8e-4, rate.at(35), 1e-18, "a quarter of the way from 1 to 0.2");
        assertEquals(6e-4, rate.at(60), 1e-18);
        assertEquals(2e-4, rate.at(110), 1e-18);
    }

    @Test
    void isStableAndThenFalls() {
        LearningRate rate = new LearningRate(Schedule.WSD, 1e-3, 0.1, 10, 20, 100);
        assertEquals(9e-4, rate.at(9), 1e-18);
        assertEquals(1e-3, rate.at(10));
        assertEquals(1e-3, rate.at(80));
        assertEquals(1e-3 * (1 - 0.9 / 20), rate.at(81), 1e-18);
        assertEquals(5.5e-4, rate.at(90), 1e-18);
        assertEquals(1e-4, rate.at(100), 1e-18);
    }

    @Test
    void staysConstantWhateverTheLastRatioIs() {
        LearningRate rate = new LearningRate(Schedule.CONSTANT, 3e-4, 0.1, 2, 1, 9);
        assertEquals(1.5e-4, rate.at(1));
        for (int step = 2; step <= 9; step++) {
            assertEquals(3e-4, rate.at(step));
        }
    }

    @Test
    void theRecipeSaysWhereTheDecayBegins() {
        TrainSettings settings = Recipes.parse("wsd", "{steps: 60, batch: 2, warmup: 10, lr: 1.0, schedule: wsd, decay: 0.3, minLrRatio: 0}", List.of(), TrainSettings.class);
        LearningRate rate = settings.learningRate();
        assertEquals(1, rate.at(42));
        assertEquals(17 / 18.0, rate.at(43), 1e-15);
        assertEquals(0, rate.at(60), 1e-15);
        InputException e = assertThrows(InputException.class, () -> Recipes.parse("wsd", "{steps: 60, batch: 2, warmup: 50, schedule: wsd}", List.of(), TrainSettings.class));
        assertTrue(e.getMessage().contains("decay: 0.2 of the steps are 12, more than the 10 "), e.getMessage());
    }
}
