package org.lacuna.training.progress;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lacuna.training.StepMetrics;
import org.lacuna.training.StepMetrics.PenaltyMetrics;

class StepLineTest {
    private static final StepMetrics METRICS = new StepMetrics(120, 4.21,
            List.of(new PenaltyMetrics("l1@intermediate", 12.345, 0.003, 0.12349), new PenaltyMetrics("hoyer_square@input", 7, 1e-5, 0)), Optional.empty(),
            0.12349, 0.02, 2e-3, 1.5, 4096);

    @Test
    void oneLineTellsAll() {
        assertEquals("step 00120/01500 (8.00%) | loss: 4.2100 | l1@intermediate: 12.35, lambda: 0.003000 | hoyer_square@input: 7.000, lambda: 1.000e-05, zeros: 0.000"
                + " | zeros: 0.123 | dead: 0.020 | lr: 2.000e-03 | norm: 1.5000"
                + " | dt: 81.30ms | tok/sec: 50,381 | gflops: 123.4 | eta: 1.9m", StepLine.of(METRICS, 1500, new Pace(0.0813, 50381.3, 123.44, 112.2)));
    }

    @ParameterizedTest
    @CsvSource({"0, 0s", "59.4, 59s", "60, 1.0m", "3599, 60.0m", "3600, 1.0h", "86400, 24.0h"})
    void theTimeLeftHasAUnit(double seconds, String eta) {
        String line = StepLine.of(METRICS, 1500, new Pace(1, 1, 1, seconds));
        assertEquals(eta, line.substring(line.indexOf("eta: ") + 5));
    }
}
