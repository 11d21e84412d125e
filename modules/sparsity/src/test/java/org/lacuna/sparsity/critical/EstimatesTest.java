package org.lacuna.sparsity.critical;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.sparsity.Fixtures;

class EstimatesTest {
    private static final double DENSE = 2.5;

    /** The figures in the files were read off the same points by another program, in the same arithmetic up to the last bits. */
    @ParameterizedTest
    @CsvSource({"silu,5", "relu-l1,2"})
    void equalsTheReferenceOnTrainedModels(String model, int curves) {
        JsonNode file = Fixtures.json("curves/" + model + ".json");
        assertEquals(curves, file.get("curves").size());
        for (JsonNode measured : file.get("curves")) {
            List<CurvePoint> points = new ArrayList<>();
            for (JsonNode point : measured.get("points")) {
                points.add(new CurvePoint(point.get("p").asDouble(), point.get("loss").asDouble(), point.get("sparsity").asDouble()));
            }
            Estimates estimates = CriticalSparsity.of(new Curve(file.get("dense_loss").asDouble(), points), Bar.ONE_PERCENT);
            JsonNode expected = measured.get("critical_ppl_plus_1pct");
            assertEquals(Level.at(expected.get("grid").asDouble()), estimates.grid());
            assertEquals(Level.at(expected.get("first").asDouble()), estimates.first());
            assertEquals(Level.Kind.AT, estimates.linear().kind());
            assertEquals(expected.get("linear").asDouble(), estimates.linear().sparsity(), 1e-12);
        }
    }

    @Test
    void theThreeDifferWhereTheCurveIsNotMonotone() {
        // Given out of order; by sparsity the ratios are 1, 1.005, 1.02, 1.008, 1.3.
        Estimates estimates = CriticalSparsity.of(curve(0.7, 1.3, 0.2, 1.005, 0, 1, 0.6, 1.008, 0.4, 1.02), Bar.ONE_PERCENT);
        assertEquals(Level.at(0.6), estimates.grid());
        assertEquals(Level.at(0.2), estimates.first());
        assertEquals(0.2 + 0.2 * (0.005 / 0.015), estimates.linear().sparsity(), 1e-12);
        assertEquals(estimates.grid(), estimates.by(Estimator.GRID));
        assertEquals(estimates.first(), estimates.by(Estimator.FIRST));
        assertEquals(estimates.linear(), estimates.by(Estimator.LINEAR));
    }

    @Test
    void theBarIsAParameter() {
        Curve curve = curve(0, 1, 0.2, 1.005, 0.4, 1.02, 0.6, 1.2);
        assertEquals(Level.at(0.4), CriticalSparsity.of(curve, new Bar(1.05)).first());
        assertEquals(0.4 + 0.2 * (0.03 / 0.18), CriticalSparsity.of(curve, new Bar(1.05)).linear().sparsity(), 1e-12);
        assertEquals(new Estimates(Level.at(0), Level.at(0), Level.at(0)), CriticalSparsity.of(curve, new Bar(1)));
    }

    @Test
    void brokenEverywhereIsNone() {
        assertEquals(new Estimates(Level.NONE, Level.NONE, Level.NONE), CriticalSparsity.of(curve(0.1, 1.02, 0.3, 1.5), Bar.ONE_PERCENT));
    }

    @Test
    void brokenAtTheDensestPointLeavesOnlyTheGrid() {
        assertEquals(new Estimates(Level.at(0.3), Level.NONE, Level.NONE),
                CriticalSparsity.of(curve(0.1, 1.02, 0.3, 1.005, 0.5, 1.5), Bar.ONE_PERCENT));
    }

    @Test
    void neverBrokenIsALowerBound() {
        Level end = Level.atLeast(0.3);
        assertEquals(new Estimates(end, end, end), CriticalSparsity.of(curve(0.1, 1, 0.3, 1.005), Bar.ONE_PERCENT));
        assertEquals(new Estimates(end, end, end), CriticalSparsity.of(curve(0.3, 0.9), Bar.ONE_PERCENT));
    }

    @Test
    void heldAtTheSparsestPointTheGridIsALowerBound() {
        Estimates estimates = CriticalSparsity.of(curve(0, 1, 0.2, 1.5, 0.4, 1.005), Bar.ONE_PERCENT);
        assertEquals(Level.atLeast(0.4), estimates.grid());
        assertEquals(Level.at(0), estimates.first());
    }

    @Test
    void equalSparsitiesGoByLossWhateverTheOrderOfTheGrid() {
        Estimates expected = new Estimates(Level.at(0.2), Level.at(0.2), Level.at(0.2));
        assertEquals(expected, CriticalSparsity.of(curve(0.2, 1.5, 0.2, 1), Bar.ONE_PERCENT));
        assertEquals(expected, CriticalSparsity.of(curve(0.2, 1, 0.2, 1.5), Bar.ONE_PERCENT));
    }

    @Test
    void anInfiniteLossBreaksTheBarWithoutInterpolation() {
        Curve curve = new Curve(DENSE, List.of(new CurvePoint(1, DENSE, 0.1), new CurvePoint(0, Double.POSITIVE_INFINITY, 1)));
        assertEquals(new Estimates(Level.at(0.1), Level.at(0.1), Level.at(0.1)), CriticalSparsity.of(curve, Bar.ONE_PERCENT));
    }

    @Test
    void anAbsoluteQualityIsReadOffTheLoss() {
        Curve curve = new Curve(2.02, List.of(new CurvePoint(1, 2.02, 0.5), new CurvePoint(0.9, 2.04, 0.7), new CurvePoint(0.5, 2.14, 0.9)));
        Estimates onePercent = AbsoluteQuality.of(curve, 2.01, 1.01);
        assertEquals(Level.at(0.5), onePercent.grid());
        assertEquals(0.5 + 0.2 * ((2.01 * 1.01 - 2.02) / 0.02), onePercent.linear().sparsity(), 1e-12);
        Estimates fivePercent = AbsoluteQuality.of(curve, 2.0, 1.05);
        assertEquals(Level.at(0.7), fivePercent.first());
        assertEquals(0.7 + 0.2 * 0.6, fivePercent.linear().sparsity(), 1e-12);
        assertEquals(new Estimates(Level.NONE, Level.NONE, Level.NONE), AbsoluteQuality.of(curve, 1.9, 1.05));
        assertEquals(Level.atLeast(0.9), AbsoluteQuality.of(curve, 2.12, 1.01).linear());
    }

    @Test
    void theGridIsThePapers() {
        assertEquals(26, Curve.PAPER_GRID.size());
        List<Double> inFile = new ArrayList<>();
        Fixtures.json("curves/silu.json").get("curves").get(0).get("points").forEach(point -> inFile.add(point.get("p").asDouble()));
        assertEquals(inFile, Curve.PAPER_GRID);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.99, -1, Double.NaN, Double.POSITIVE_INFINITY})
    void refusesABarThatIsNone(double ratio) {
        assertThrows(IllegalArgumentException.class, () -> new Bar(ratio));
    }

    @Test
    void refusesWhatCannotBeOnACurve() {
        assertThrows(IllegalArgumentException.class, () -> new CurvePoint(1, Double.NaN, 0));
        assertThrows(IllegalArgumentException.class, () -> new CurvePoint(1, 1, 1.1));
        assertThrows(IllegalArgumentException.class, () -> new CurvePoint(1, 1, Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> new Curve(Double.NaN, List.of(new CurvePoint(1, 1, 0))));
        assertThrows(IllegalArgumentException.class, () -> new Curve(1, List.of()));
        Curve curve = curve(0, 1);
        assertThrows(IllegalArgumentException.class, () -> AbsoluteQuality.of(curve, 0, 1.01));
        assertThrows(IllegalArgumentException.class, () -> AbsoluteQuality.of(curve, 1, Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> Level.at(-0.1));
        assertThrows(IllegalArgumentException.class, () -> new Level(Level.Kind.NONE, 0.5));
    }

    /** A curve of pairs: sparsity, perplexity / dense perplexity. */
    private static Curve curve(double... sparsityAndRatio) {
        List<CurvePoint> points = new ArrayList<>();
        for (int i = 0; i < sparsityAndRatio.length; i += 2) {
            points.add(new CurvePoint(1 - i / 100.0, DENSE + Math.log(sparsityAndRatio[i + 1]), sparsityAndRatio[i]));
        }
        return new Curve(DENSE, points);
    }
}
