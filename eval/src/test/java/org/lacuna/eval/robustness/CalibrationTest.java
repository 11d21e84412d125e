package org.lacuna.eval.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.lacuna.eval.robustness.Calibration.Threshold;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.rule.Rule;
import org.lacuna.sparsity.rule.Rules;

class CalibrationTest {
    /** A threshold whose digits tell layer, site and point. */
    private static final Treatment TREATMENT = new Treatment() {
        @Override
        public Rule rule() {
            return Rules.byName("threshold");
        }

        @Override
        public int points() {
            return 2;
        }

        @Override
        public double parameter(int layer, Site site, int point) {
            return 100 * layer + (site == Site.INPUT ? 10 : 20) + point;
        }
    };

    @Test
    void thresholdsAreToldBySiteAndLayerWithTheRule() {
        assertEquals(List.of(new Threshold(SiteSet.ALL_INPUTS, Site.INPUT, 0, List.of(10.0, 11.0)), new Threshold(SiteSet.ALL_INPUTS, Site.INPUT, 2, List.of(210.0, 211.0)),
                new Threshold(SiteSet.ALL_INPUTS, Site.INTERMEDIATE, 0, List.of(20.0, 21.0)), new Threshold(SiteSet.ALL_INPUTS, Site.INTERMEDIATE, 2, List.of(220.0, 221.0))),
                Calibration.thresholds(SiteSet.ALL_INPUTS, TREATMENT.in(LayerSet.parse("0,2")), 3));
        assertEquals(3, Calibration.thresholds(SiteSet.INTERMEDIATE, TREATMENT, 3).size());
    }

    @Test
    void whatNoCalibrationGivesIsRefused() {
        FoundProblems problems = new FoundProblems();
        DataSummary text = new DataSummary("text", "d0", "ee", 2, 3, OptionalLong.empty());
        new Calibration(text, List.of(new Threshold(SiteSet.INPUT, Site.INPUT, 0, List.of(0.0, Double.POSITIVE_INFINITY)),
                new Threshold(SiteSet.INPUT, Site.INPUT, 1, List.of(0.0)), new Threshold(SiteSet.INPUT, Site.INPUT, 2, List.of(0.0, -1.0)))).check(problems, 2);
        assertEquals(List.of("calibration/thresholds/1/values is of 1 values; expected a list of 2",
                "calibration/thresholds/2/values is -1.0; expected a number of at least 0.0"), problems.sentences());
    }
}
