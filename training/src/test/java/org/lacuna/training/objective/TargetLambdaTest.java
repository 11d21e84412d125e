package org.lacuna.training.objective;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.NullNode;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.Json;

/** On a model of a model: the share of zeros follows a smooth function of ln λ, some steps late. */
class TargetLambdaTest {
    /** After how many steps the zeros have gone 63 % of the way to where λ takes them. */
    private static final double LAG = 80;
    private static final int STEPS = 1500;

    private static double towards(double lambda) {
        return 1 / (1 + Math.exp(-0.6 * Math.log(lambda / 1e-3)));
    }

    @ParameterizedTest
    @CsvSource({"0.8, 1e-5", "0.8, 1", "0.9, 1e-5", "0.9, 1", "0.95, 1e-5", "0.95, 1"})
    void zerosComeToTheTargetAndStay(double target, double start) {
        TargetLambda lambda = new TargetLambda(start, target);
        double zeros = 0.5;
        double last = 0;
        for (int step = 1; step <= STEPS; step++) {
            zeros += (towards(lambda.at(step)) - zeros) / LAG;
            lambda.measured(zeros);
            if (step > STEPS - 100) {
                assertEquals(target, zeros, 0.01, "step " + step);
                last += zeros / 100;
            }
        }
        assertEquals(target, last, 0.005);
        assertTrue(lambda.verdict().orElseThrow().endsWith(": held"), lambda.verdict().get());
    }

    @Test
    void itSaysThatItCannot() {
        TargetLambda lambda = new TargetLambda(1e-3, 0.9);
        for (int step = 1; step <= 1000; step++) {
            assertTrue(lambda.at(step) <= 1e3 * (1 + 1e-12));
            lambda.measured(0);
        }
        assertEquals(1e3, lambda.at(1001), 1e-9);
        assertTrue(lambda.verdict().orElseThrow().contains("not reached; no weight within a factor of a million"), lambda.verdict().get());
    }

    @Test
    void aFewStepsAreNoVerdictForGood() {
        TargetLambda lambda = new TargetLambda(1e-3, 0.9);
        lambda.measured(0.5);
        assertTrue(lambda.verdict().orElseThrow().contains("over the last 1 steps"), lambda.verdict().get());
        assertTrue(lambda.verdict().orElseThrow().contains("not reached; more steps"), lambda.verdict().get());
    }

    @Test
    void itGoesOnFromItsState() {
        TargetLambda whole = new TargetLambda(1e-3, 0.7);
        TargetLambda first = new TargetLambda(1e-3, 0.7);
        TargetLambda second = new TargetLambda(1e-3, 0.7);
        for (int step = 1; step <= 400; step++) {
            double zeros = 0.5 + 0.3 * Math.sin(step);
            whole.measured(zeros);
            if (step <= 150) {
                first.measured(zeros);
            }
            if (step == 150) {
                second.restore(Json.parse("state", first.state().toString()));
            }
            if (step > 150) {
                second.measured(zeros);
            }
        }
        assertEquals(whole.at(401), second.at(401));
        assertEquals(whole.verdict(), second.verdict());
        assertEquals(whole.state(), second.state());
    }

    @Test
    void anotherStateIsRefused() {
        assertThrows(InputException.class, () -> new TargetLambda(1, 0.5).restore(NullNode.getInstance()));
        for (String state : List.of("{'lambda': -1, 'zeros': []}", "{'lambda': 1e7, 'zeros': []}", "{'lambda': 1e-7, 'zeros': []}", "{'lambda': 1e999, 'zeros': []}",
                "{'lambda': '1', 'zeros': []}", "{'lambda': 1}", "{'lambda': 1, 'zeros': ['x']}", "{'lambda': 1, 'zeros': [1.5]}", "{'lambda': 1, 'zeros': [null]}")) {
            assertThrows(InputException.class, () -> new TargetLambda(1, 0.5).restore(Json.parse("s", state.replace('\'', '"'))), state);
        }
        new TargetLambda(1, 0.5).restore(Json.parse("s", "{\"lambda\": 1e6, \"zeros\": [0, 1, 0.5]}"));
    }

    @Test
    void itGoesOnFromTheEndsOfItsRange() {
        for (double start : new double[] {1e-3, 1e9, Double.MIN_VALUE}) {
            for (double zeros : new double[] {0, 1}) {
                TargetLambda lambda = new TargetLambda(start, 0.5);
                for (int step = 0; step < 1000; step++) {
                    lambda.measured(zeros);
                }
                TargetLambda other = new TargetLambda(start, 0.5);
                other.restore(Json.parse("state", lambda.state().toString()));
                assertEquals(lambda.at(1001), other.at(1001));
            }
        }
    }
}
