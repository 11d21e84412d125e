package org.lacuna.eval.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.eval.activation.ModelOverlap.LayerOverlap;
import org.lacuna.eval.activation.ModelOverlap;
import org.lacuna.eval.compare.Comparing;
import org.lacuna.eval.compare.Comparison;
import org.lacuna.eval.measure.Baseline;
import org.lacuna.eval.robustness.JointPoint;
import org.lacuna.eval.robustness.JointResult;
import org.lacuna.eval.robustness.ModelSummary.Training;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.Json;
import org.lacuna.sparsity.critical.Coverage;
import org.lacuna.sparsity.critical.Estimator;
import org.lacuna.sparsity.critical.PairedBootstrap.Interval;
import org.w3c.dom.Document;

class ReportWriterTest {
    private static final Comparison COMPARISON = comparison(Samples.SILU, Samples.RELU, Samples.INDUCED);
    private static final List<Baseline> BASELINES = List.of(
            new Baseline("trigram model", OptionalDouble.of(1.51234), OptionalDouble.empty(), "the validation part; fitted to the training tokens"),
            new Baseline("the generator itself", OptionalDouble.empty(), OptionalDouble.of(0.98765), "the validation part"));
    private static final ModelOverlap OVERLAP = new ModelOverlap(2, 0, "not 0", 16, 2048, 0.43217, new Interval(0.41, 0.45, 0.95, 100, 0, 0), 0.3, Collections.nCopies(4,
            new LayerOverlap(0.43217, 0.3, 0.5, 0.625)));
    private static final Pattern DATA = Pattern.compile("<data value=\"([^\"]*)\">([^<]*)</data>");

    @TempDir
    private Path folder;

    private static Comparison comparison(Samples.Kind... kinds) {
        return Comparing.of(Arrays.stream(kinds).map(Samples::result).toList());
    }

    @Test
    void everyNumberInTheTablesIsInTheJsonAndShownAsThat() throws Exception {
        write(COMPARISON, new Extras(BASELINES, List.of(), Optional.of(Leaderboard.of(COMPARISON)), List.of(OVERLAP)));
        Set<String> inJson = new HashSet<>();
        numbers(json(), inJson);
        List<MatchResult> shown = DATA.matcher(page()).results().toList();
        assertTrue(shown.size() > 2000, "only " + shown.size() + " numbers");
        for (MatchResult number : shown) {
            assertTrue(inJson.contains(number.group(1)), number.group() + " is not in report.json");
            assertShown(number);
        }
    }

    @Test
    void theMeasuredCoverageIsStated() throws Exception {
        write(COMPARISON, Extras.NONE);
        List<List<String>> rows = rows("coverage");
        for (Coverage measured : Stream.concat(Coverage.LEVELS.stream(), Coverage.DIFFERENCES.stream()).toList()) {
            assertTrue(rows.stream().anyMatch(row -> row.get(0).endsWith(measured.of())
                    && row.contains(Shown.percent(measured.share()).replace('\u00a0', ' '))), measured + " in " + rows);
        }
        assertTrue(rows.stream().anyMatch(row -> row.get(0).startsWith("false alarms") && row.contains("11.75 %")), rows::toString);
    }

    @Test
    void criticalSparsityIsThatOfTheJsonAndOfTheResults() throws Exception {
        write(COMPARISON, Extras.NONE);
        List<List<String>> rows = rows("critical");
        int row = 0;
        for (int site = 0; site < 5; site++) {
            for (int model = 0; model < 3; model++) {
                JsonNode curve = json().at("/comparison/models/" + model + "/curves/" + site);
                List<String> cells = new ArrayList<>(List.of(curve.get("sites").asText().toUpperCase(Locale.ROOT).replace('_', ' '),
                        json().at("/models/" + model + "/label").asText()));
                for (String estimator : List.of("linear", "first", "grid")) {
                    JsonNode estimate = stream(curve.get("critical")).filter(each -> each.get("estimator").asText().equals(estimator)).findFirst().orElseThrow();
                    assertEquals(100 * COMPARISON.models().get(model).curves().get(site).critical().stream()
                            .filter(each -> each.estimator().name().equalsIgnoreCase(estimator)).findFirst().orElseThrow().level().sparsity(),
                            100 * estimate.at("/level/sparsity").asDouble());
                    cells.add(String.format(Locale.ROOT, "%.2f %% [%.2f, %.2f]", 100 * estimate.at("/level/sparsity").asDouble(),
                            100 * estimate.at("/interval/low").asDouble(), 100 * estimate.at("/interval/high").asDouble()));
                }
                assertEquals(cells, rows.get(row++));
            }
        }
        assertEquals(rows.size(), row);
    }

    @Test
    void lossesBitsAndBaselinesAreThoseOfTheResults() throws Exception {
        write(COMPARISON, new Extras(BASELINES, List.of()));
        double loss = COMPARISON.models().get(2).dense().loss();
        List<String> row = rows("losses").get(2);
        assertEquals("relu-l1", row.get(0));
        assertEquals(four(loss), row.get(1));
        assertEquals(four(loss / Math.log(2)), row.get(2));
        assertEquals(four(Math.exp(loss)), row.get(3));
        assertTrue(row.get(4).startsWith(four(loss / COMPARISON.models().get(0).dense().loss()) + " ["), row.get(4));
        assertTrue(row.get(5).startsWith(four(loss / COMPARISON.models().get(1).dense().loss()) + " ["), row.get(5));
        assertEquals("not compared", rows("losses").get(1).get(5));
        assertEquals(four(loss / 1.51234), row.get(6));
        assertEquals(four(loss / Math.log(2) / 0.98765), row.get(7), "bits a byte");
        assertEquals(1, json().at("/comparison/losses/2/against").asInt());
        assertEquals(List.of("trigram model", "1.5123", "not known", "the validation part; fitted to the training tokens"), rows("baselines").get(0));
    }

    @Test
    void eachModelsControlIsNamedAndWhatItIsHeldAgainst() throws Exception {
        write(COMPARISON, Extras.NONE);
        assertEquals(List.of("itself", "silu", "silu"), rows("models").stream().map(row -> row.get(1)).toList());
        assertEquals(List.of("12,346"), rows("models").stream().map(row -> row.get(10)).distinct().toList());
        assertEquals("[0,0,0]", json().at("/comparison/controls").toString());
        assertTrue(page().contains("<p id=\"controls\">silu is the control of relu, relu-l1: the first natural model without a ReLU.</p>"));
        assertEquals(49 / 352.0, json().at("/models/2/dead_share").asDouble(), "0 + 3 + 17 + 29 of 4 layers of 88");
        Comparison own = Comparing.of(List.of(Samples.result(Samples.SILU), Samples.result(Samples.INDUCED), Samples.result(Samples.RELU)), Map.of(1, 2));
        write(own, Extras.NONE);
        assertEquals(List.of("itself", "relu", "itself"), rows("models").stream().map(row -> row.get(1)).toList());
        assertEquals("[0,2,2]", json().at("/comparison/controls").toString());
        List<String> induced = rows("losses").get(1);
        assertTrue(induced.get(4).startsWith(four(own.models().get(1).dense().loss() / own.models().get(2).dense().loss()) + " ["), induced.toString());
        assertTrue(induced.get(5).startsWith(four(own.models().get(1).dense().loss() / own.models().get(0).dense().loss()) + " ["), induced.toString());
        assertEquals("control", rows("losses").get(2).get(4));
        assertTrue(json().get("summary").asText().contains("The difference “relu-l1” − “relu” is "), json().get("summary").asText());
        assertTrue(page().contains("dense loss of relu") && page().contains("dense loss of silu"));
    }

    @Test
    void neuronsThatAreActiveTogetherAreShownBesideChance() throws Exception {
        write(COMPARISON, new Extras(List.of(), List.of(), Optional.empty(), List.of(OVERLAP)));
        assertEquals(List.of(List.of("relu-l1", "silu", "not 0", "0.4322 [0.4100, 0.4500]", "0.3000"), Collections.nCopies(4, "0.4322 by chance 0.3000; active 50.00 % and 62.50 %")),
                List.of(rows("overlaps").get(0).subList(0, 5), rows("overlaps").get(0).subList(5, 9)));
        assertTrue(page().contains("could be renumbered"));
        String text = Files.readString(folder.resolve(ReportWriter.TEXT));
        assertTrue(text.contains("| relu-l1 | silu | not 0 | 0.4322 [0.4100, 0.4500] | 0.3000 | 0.4322 (0.3000), 0.4322 (0.3000), 0.4322 (0.3000), 0.4322 (0.3000) |"), text);
        assertEquals(0.43217, json().at("/overlaps/0/overlap").asDouble());
        write(COMPARISON, Extras.NONE);
        assertFalse(page().contains("id=\"overlaps\""));
    }

    @Test
    void theTextHasTheMainTables() throws Exception {
        write(COMPARISON, new Extras(BASELINES, List.of()));
        String text = Files.readString(folder.resolve(ReportWriter.TEXT)).replace('\u00a0', ' ');
        assertTrue(text.startsWith("# Activation sparsity of silu, relu, relu-l1\n\n" + summary() + "\n\nsilu is the control of relu, relu-l1: the first natural model without a ReLU.\n\n## Critical sparsity\n"), text);
        var level = COMPARISON.models().get(1).curve(SiteSet.GATE).orElseThrow().critical(Estimator.LINEAR);
        List<String> row = List.of(text.lines().filter(line -> line.startsWith("| relu |")).findFirst().orElseThrow().split(" \\| "));
        assertEquals(String.format(Locale.ROOT, "%.2f %% [%.2f, %.2f]", 100 * level.level().sparsity(), 100 * level.interval().low(), 100 * level.interval().high()), row.get(7), text);
        assertEquals(5 * 3, text.lines().filter(line -> line.matches("\\| (INPUT|UP|GATE|INTERMEDIATE|ALL INPUTS) \\| .*")).count());
        assertFalse(text.contains("Not fully comparable"));
        assertTrue(text.contains("its bar (1.01 × its own without a rule); here linear.") && text.contains("linear: where the line from it to the next point meets the bar") && text.contains("Cite linear"), text);
        double loss = COMPARISON.models().get(1).dense().loss();
        var ratio = COMPARISON.losses().get(0);
        assertEquals(List.of(four(loss), four(ratio.ratio()) + " [" + four(ratio.interval().low()) + ", " + four(ratio.interval().high()) + "]", four(loss / Math.log(2))), row.subList(1, 4), text);
        assertTrue(text.contains("| trigram model | 1.5123 | – | the validation part; fitted to the training tokens |\n| the generator itself | – | 0.9877 | the validation part |"), text);
        var difference = COMPARISON.differences().stream().filter(each -> each.sites() == SiteSet.GATE && each.estimator() == Estimator.LINEAR).findFirst().orElseThrow();
        assertTrue(text.lines().filter(line -> line.startsWith("| GATE | relu | silu | ")).findFirst().orElseThrow()
                .endsWith(String.format(Locale.ROOT, "] | %.2g |", difference.exchanged().orElseThrow())), text);
        assertTrue(text.contains("## What to use\n\n- “silu”, what to use: "), text);
    }

    @Test
    void aFolderWithResultsOfTasksTakesNoReport() throws Exception {
        Files.writeString(folder.resolve("results.json"), "{}");
        assertTrue(assertThrows(InputException.class, () -> ReportWriter.check(folder)).getMessage().startsWith(folder + ": holds results of tasks (results.json)"));
        Files.delete(folder.resolve("results.json"));
        Files.writeString(folder.resolve(ReportWriter.TEXT), "notes of my own");
        assertTrue(assertThrows(InputException.class, () -> ReportWriter.check(folder)).getMessage().contains("report.md: is no report of Lacuna's"));
    }

    @Test
    void aTableHasEveryPointOfEverySite() throws Exception {
        write(COMPARISON, Extras.NONE);
        List<List<String>> rows = rows("points-intermediate");
        assertEquals(26, rows.size());
        var point = COMPARISON.models().get(1).curves().get(3).points().get(14);
        var row = rows.get(14);
        double ratio = Math.exp(point.loss() - COMPARISON.models().get(1).dense().loss());
        assertEquals(List.of("0.85", String.format(Locale.ROOT, "%.2f %%", 100 * point.sparsity()), four(point.loss()), four(ratio) + " ["
                + four(Math.exp(point.increase().low())) + ", " + four(Math.exp(point.increase().high())) + "]"),
                List.of(row.get(0), row.get(4), row.get(5), row.get(6)));
    }

    @Test
    void severalSitesAtOnceAreShownWhereTheyWereMeasured() throws Exception {
        write(COMPARISON, Extras.NONE);
        assertFalse(page().contains("Several sites at once"));
        RobustnessResult joint = Samples.jointly(Samples.RELU);
        write(Comparing.of(List.of(Samples.result(Samples.SILU), joint)), Extras.NONE);
        Set<String> inJson = new HashSet<>();
        numbers(json(), inJson);
        for (MatchResult number : DATA.matcher(page()).results().toList()) {
            assertTrue(inJson.contains(number.group(1)), number.group() + " is not in report.json");
            assertShown(number);
        }
        assertTrue(page().contains("Several sites at once: every combination of the values of p"), "method");
        JointResult found = joint.joint().orElseThrow();
        List<List<String>> frontier = rows("frontier");
        assertEquals(found.frontier().size(), frontier.size());
        assertEquals(List.of("relu", "1 at all", "0.00 %", four(joint.dense().loss()), "1.0000 [1.0000, 1.0000]", "gate 0.00 %, intermediate 0.00 %"), frontier.get(0));
        List<List<String>> best = rows("joint");
        assertEquals(List.of("perplexity dense + 1 %", "loss control's + 1 %", "loss control's + 5 %"), best.stream().map(row -> row.get(1)).toList());
        JointPoint chosen = found.points().get(found.choice().joint().orElseThrow());
        assertEquals(List.of("relu", Shown.combination(chosen.p())), List.of(best.get(0).get(0), best.get(0).get(2)));
        assertTrue(best.get(0).get(3).startsWith(String.format(Locale.ROOT, "%.2f %% [", 100 * chosen.saved())), best.get(0).get(3));
        // 0.2 · 1.1 · (gate² + inside²) against ln 1.01: 0.07² + 0.18² = 0.0373 of loss 0.0082 holds, 0.28² alone does not.
        assertEquals("gate 0.9, intermediate 0.8", best.get(0).get(2));
        assertEquals("0.9 at all", best.get(0).get(4));
        assertEquals(List.of(), json().findValues("window_operations").stream().filter(JsonNode::isArray).toList());
        assertEquals(List.of(), json().findValues("window_loss_sums"));
        assertTrue(page().contains("data-chart=\"joint\"") && page().contains("--model-3:"));
    }

    @Test
    void whichEstimatorToCiteIsSaidBeforeTheFirstTable() throws Exception {
        write(COMPARISON, new Extras(BASELINES, List.of(), Optional.of(Leaderboard.of(COMPARISON)), List.of()));
        int said = page().indexOf("Cite linear, with its interval");
        assertTrue(said > 0 && said < page().indexOf("<table"), "at " + said);
    }

    @Test
    void levelsThatAreNoneOrBoundsAreMarked() throws Exception {
        Comparison comparison = comparison(Samples.SILU, Samples.BROKEN, Samples.UNBREAKABLE);
        write(comparison, Extras.NONE);
        List<String> broken = rows("critical").stream().filter(row -> row.get(0).equals("INTERMEDIATE") && row.get(1).equals("broken")).findFirst().orElseThrow();
        assertTrue(broken.get(2).startsWith("none [0.00, 0.00] none in 100 of 100 draws"), broken.get(2));
        List<String> bound = rows("critical").stream().filter(row -> row.get(0).equals("INTERMEDIATE") && row.get(1).equals("unbreakable")).findFirst()
                .orElseThrow();
        assertTrue(bound.get(2).startsWith("≥ ") && bound.get(2).contains("100.00] a bound in 100 of 100 draws"), bound.get(2));
        List<String> difference = rows("differences").stream().filter(row -> row.subList(0, 3).equals(List.of("INTERMEDIATE", "unbreakable", "broken")))
                .findFirst().orElseThrow();
        assertTrue(difference.get(3).startsWith("none [−100.00, +100.00]"), difference.get(3));
        String summary = summary();
        assertTrue(summary.contains("none that was measured [0.00 %, 0.00 %] for “broken” (natural)"), summary);
        assertTrue(summary.contains("%, where the curve ends, ["), summary);
        assertTrue(summary.contains("The difference “unbreakable” − “broken” is not known, since one of them has no critical sparsity."), summary);
        assertTrue(rows("layers").stream().noneMatch(row -> row.get(0).equals("INTERMEDIATE") && row.get(1).equals("broken")));
        xml(Files.readString(folder.resolve(ReportWriter.PICTURE)));
    }

    @Test
    void theSummaryClaimsNoMoreThanItsIntervals() throws Exception {
        write(COMPARISON, Extras.NONE);
        String summary = summary();
        var difference = Summary.main(COMPARISON, SiteSet.INTERMEDIATE).get(0);
        assertTrue(difference.interval().low() > 0);
        assertTrue(summary.contains(String.format(Locale.ROOT, "is %+.2f percentage points [%+.2f, %+.2f]: the interval lies above 0.",
                100 * difference.difference(), 100 * difference.interval().low(), 100 * difference.interval().high())), summary);
        assertTrue(summary.contains("not that of training seeds"), summary);
        String loss = four(COMPARISON.models().get(2).dense().loss() / COMPARISON.models().get(1).dense().loss());
        assertTrue(summary.contains("Dense losses over that of “relu”: “relu-l1” " + loss + " ["), summary);

        Comparison same = comparison(Samples.RELU, new Samples.Kind("twin", "relu", Samples.INDUCED.training(), 8, 1.2902, 0.71, 0.9, 0));
        write(same, Extras.NONE);
        String undecided = summary();
        assertTrue(undecided.contains("the interval holds 0, so these windows do not tell which is larger"), undecided);
    }

    @Test
    void hostileNamesStayText() throws Exception {
        String name = "</script><script>alert(\"x\")</script><!-- '&amp; onload=\u0001\u2028 ]]>";
        RobustnessResult hostile = Samples.result(Samples.RELU.named(name), name);
        Baseline baseline = new Baseline(name, OptionalDouble.of(1), OptionalDouble.empty(), name);
        write(Comparing.of(List.of(Samples.result(Samples.SILU), hostile)), new Extras(List.of(baseline), List.of()));
        String page = page();
        assertEquals(3, count(page, "<script"));
        assertEquals(3, count(page, "</script"));
        assertEquals(0, count(page, "<!--"));
        String shown = name.replace('\u0001', '\uFFFD');
        assertTrue(rows("models").get(1).get(0).equals(shown), rows("models").get(1).get(0));
        assertEquals(name, json().at("/models/1/label").asText());
        String charts = page.substring(page.indexOf("id=\"charts\">") + "id=\"charts\">".length());
        assertEquals(name, Json.parse("charts", charts.substring(0, charts.indexOf("</script>"))).at("/dead/series/1/label").asText());
        Document picture = xml(Files.readString(folder.resolve(ReportWriter.PICTURE)));
        assertEquals(0, picture.getElementsByTagName("script").getLength());
    }

    @Test
    void thePageAsksNobodyForAnything() throws Exception {
        write(COMPARISON, new Extras(BASELINES, List.of()));
        String page = page();
        assertTrue(page.contains("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">"));
        String markup = page.replaceAll("(?s)<script.*?</script>", "");
        assertEquals(List.of(), found("(?i)\\s(src|srcset|href|xlink:href|action|formaction|poster|background|ping)\\s*=", markup));
        assertEquals(List.of(), found("(?i)<(link|img|iframe|object|embed|base|form|audio|video|source)\\b", markup));
        assertEquals(List.of(), found("(?i)@import|url\\((?!#)", markup));
        assertEquals(List.of(), found("\\bfetch\\(|XMLHttpRequest|\\bimport\\(|sendBeacon|WebSocket|EventSource|new Image", page));
        assertTrue(page.contains("uPlot.join") && page.contains("Leon Sorokin"));
        assertTrue(page.contains("data-chart=\"ratio-intermediate\" hidden"));
    }

    @Test
    void whatMakesModelsIncomparableStandsAbove() throws Exception {
        write(COMPARISON, Extras.NONE);
        assertFalse(page().contains("id=\"notes\""));
        write(comparison(Samples.INDUCED, Samples.UNBREAKABLE), Extras.NONE);
        assertTrue(page().contains("None of the models is known to be trained without a penalty"));
        assertTrue(page().indexOf("id=\"notes\"") < page().indexOf("id=\"summary\""));
    }

    @Test
    void severalSeedsAreShownOneByOne() throws Exception {
        Comparison again = comparison(Samples.SILU.seeded(8), Samples.RELU.seeded(8), Samples.INDUCED.seeded(8));
        write(COMPARISON, Extras.NONE);
        assertFalse(page().contains("<table id=\"seeds\""));
        write(COMPARISON, new Extras(List.of(), List.of(again)));
        assertEquals(List.of("silu", "7", "silu", "8", "relu", "7", "relu", "8", "relu-l1", "7", "relu-l1", "8"),
                rows("seeds").stream().flatMap(row -> row.subList(0, 2).stream()).toList());
        assertEquals(List.of(List.of("relu-l1", "7", "silu", "7"), List.of("relu-l1", "8", "silu", "8"), List.of("relu-l1", "7", "relu", "7"),
                List.of("relu-l1", "8", "relu", "8")), rows("seed-differences").stream().map(row -> row.subList(0, 4)).toList());
        assertTrue(summary().contains("Trained anew with 2 seeds, the difference between “relu-l1” and “silu” lay from +"));
    }

    @Test
    void seedsThatGaveNoDifferenceAreCountedAndNotInTheRange() throws Exception {
        Comparison again = comparison(Samples.SILU, Samples.INDUCED.seeded(8));
        Comparison bound = comparison(Samples.SILU, Samples.UNBREAKABLE.named("relu-l1"));
        Comparison none = comparison(Samples.SILU, Samples.BROKEN.named("relu-l1").trained(Training.INDUCED));
        Comparison first = comparison(Samples.SILU, Samples.INDUCED);
        String names = "seeds, the difference between “relu-l1” and “silu” ";
        String one = Shown.points(Summary.main(first, SiteSet.INTERMEDIATE).get(0).difference());
        String other = Shown.points(Summary.main(again, SiteSet.INTERMEDIATE).get(0).difference());
        List<String> range = Stream.of(one, other).sorted().toList();

        write(first, new Extras(List.of(), List.of(again, bound, none, none)));
        assertTrue(summary().endsWith("Trained anew with 5 " + names + "lay from " + range.get(0) + " to " + range.get(1)
                + " points in 2 of them (1 gave only a bound, 2 gave no level)."), summary());
        write(first, new Extras(List.of(), List.of(bound)));
        assertTrue(summary().endsWith("Trained anew with 2 " + names + "was " + one + " points in 1 of them (1 gave only a bound)."), summary());
        write(bound, new Extras(List.of(), List.of(none)));
        assertTrue(summary().endsWith("Trained anew with 2 " + names + "is known for none of them (1 gave only a bound, 1 gave no level)."), summary());
    }

    @Test
    void modelsOfOneNameAreToldApart() throws Exception {
        write(comparison(Samples.SILU, Samples.RELU, Samples.RELU.seeded(8), Samples.RELU.seeded(8)), Extras.NONE);
        assertEquals(List.of("silu", "relu (seed 7)", "relu (seed 8)", "relu (seed 8) #2"), rows("models").stream().map(row -> row.get(0)).toList());
    }

    @Test
    void nothingIsReplacedWhenOneFileCantBeWritten() throws Exception {
        Files.writeString(folder.resolve(ReportWriter.PAGE), "old page");
        Files.writeString(folder.resolve(ReportWriter.PICTURE), "old picture");
        Files.createDirectories(folder.resolve(ReportWriter.NUMBERS).resolve("in the way"));
        InputException failure = assertThrows(InputException.class, () -> write(COMPARISON, Extras.NONE));
        assertTrue(failure.getMessage().contains(ReportWriter.NUMBERS), failure.getMessage());
        assertEquals("old page", page());
        assertEquals("old picture", Files.readString(folder.resolve(ReportWriter.PICTURE)));
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(3, files.count());
        }
    }

    @Test
    void windowsSumsAreLeftOutOfTheNumbersAndProvenanceIsNot() throws Exception {
        write(COMPARISON, Extras.NONE);
        assertEquals(List.of(), json().findValues("window_loss_sums"));
        assertEquals(List.of(), json().findValues("window_kept"));
        assertEquals(7, json().at("/comparison/models/0/provenance/seed").asInt());
        assertEquals("d0d0d0d0d0d0d0d0", json().at("/comparison/models/0/data/sha256").asText());
        assertTrue(rows("provenance").contains(List.of("data · sha256", "d0d0d0d0d0d0d0d0")));
        assertTrue(rows("provenance").stream().anyMatch(row -> row.get(0).equals("measured by · java")));
    }

    private void write(Comparison comparison, Extras extras) {
        ReportWriter.write(folder, comparison, extras);
    }

    private String page() throws IOException {
        return Files.readString(folder.resolve(ReportWriter.PAGE));
    }

    private JsonNode json() throws IOException {
        return Json.parse("report.json", Files.readString(folder.resolve(ReportWriter.NUMBERS)));
    }

    private String summary() throws IOException {
        return json().get("summary").asText().replace('\u00a0', ' ');
    }

    /** The body of a table as texts, as a reader without script sees them. */
    private List<List<String>> rows(String table) throws IOException {
        String page = page().replace('\u00a0', ' ');
        int start = page.indexOf("<table id=\"" + table + "\"");
        assertTrue(start >= 0, "no table " + table);
        String body = page.substring(page.indexOf("<tbody>", start), page.indexOf("</table>", start));
        return Pattern.compile("(?s)<tr>(.*?)</tr>").matcher(body).results()
                .map(row -> Pattern.compile("(?s)<t[hd][^>]*>(.*?)</t[hd]>").matcher(row.group(1)).results().map(cell -> unescaped(cell.group(1))).toList())
                .toList();
    }

    private static String unescaped(String markup) {
        return markup.replaceAll("<[^>]*>", "").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&");
    }

    private static void assertShown(MatchResult number) {
        double value = Double.parseDouble(number.group(1));
        String shown = number.group(2).replace("control&#39;s + ", "").replace("\u00a0%", "").replace(",", "").replace('−', '-');
        int digits = shown.indexOf('.') < 0 ? 0 : shown.length() - shown.indexOf('.') - 1;
        double half = 0.5000001 * Math.pow(10, -digits);
        double read = Double.parseDouble(shown.replace("∞", "Infinity"));
        assertTrue(read == value || Math.abs(read - value) <= half || Math.abs(read - 100 * value) <= half
                || Math.abs(read - 100 * (value - 1)) <= half, number.group());
    }

    private static void numbers(JsonNode json, Set<String> into) {
        if (json.isNumber()) {
            into.add(json.isIntegralNumber() ? json.asText() : Double.toString(json.asDouble()));
        } else {
            json.forEach(child -> numbers(child, into));
        }
    }

    private static Stream<JsonNode> stream(JsonNode array) {
        List<JsonNode> elements = new ArrayList<>();
        array.forEach(elements::add);
        return elements.stream();
    }

    private static String four(double number) {
        return String.format(Locale.ROOT, "%.4f", number);
    }

    private static int count(String text, String part) {
        return text.split(Pattern.quote(part), -1).length - 1;
    }

    private static List<String> found(String pattern, String text) {
        return Pattern.compile(pattern).matcher(text).results().map(MatchResult::group).toList();
    }

    private static Document xml(String text) throws Exception {
        return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    }
}
