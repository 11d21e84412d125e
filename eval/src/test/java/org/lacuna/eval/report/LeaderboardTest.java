package org.lacuna.eval.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.eval.compare.Comparing;
import org.lacuna.eval.compare.Comparison;
import org.lacuna.eval.measure.Baseline;
import org.lacuna.eval.report.Leaderboard.Board;
import org.lacuna.eval.report.Leaderboard.Row;
import org.lacuna.eval.robustness.DataSummary;
import org.lacuna.eval.robustness.DenseResult;
import org.lacuna.eval.robustness.LayerSet;
import org.lacuna.eval.robustness.MeasuredPoint;
import org.lacuna.eval.robustness.ModelSummary.Training;
import org.lacuna.eval.robustness.ModelSummary;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.Settings;
import org.lacuna.eval.robustness.SiteResult;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.eval.robustness.TokenCoverage;
import org.lacuna.run.folder.Json;
import org.lacuna.sparsity.Site;
import org.lacuna.eval.report.Savings.Way;
import org.lacuna.sparsity.critical.Estimator;
import org.lacuna.sparsity.critical.Level;

/** Models whose critical sparsity is planted window by window: on a draw it is the mean over the windows drawn. */
class LeaderboardTest {
    private static final int LENGTH = 10;
    private static final long ELEMENTS = 1000;
    private static final double ALL = 1;

    /** A curve from nothing left out, at the dense loss + {@code first}, over the planted sparsity, just within 1 %, to {@code last}, at a loss 10 above. */
    private static RobustnessResult planted(String name, String windows, LayerSet layers, double first, double last, double... critical) {
        return planted(name, 257, windows, layers, first, last, critical);
    }

    private static RobustnessResult planted(String name, int vocabulary, String windows, LayerSet layers, double first, double last, double... critical) {
        Settings settings = new Settings("top_p", List.of(1.0, 0.5, 0.0), TokenCoverage.EVERY, layers, List.of(SiteSet.INTERMEDIATE), 1.01, 200, 1, 0.95);
        List<Double> dense = Collections.nCopies(critical.length, LENGTH * 1.5);
        DenseResult denseResult = new DenseResult(1.5, OptionalDouble.of(1.5), dense,
                Map.of(Site.INTERMEDIATE, List.of(0.25), Site.GATE, List.of(0.25), Site.INPUT, List.of(0.0)), List.of(0));
        List<MeasuredPoint> points = new ArrayList<>();
        for (int p = 0; p < 3; p++) {
            double[] sums = new double[critical.length];
            long[] kept = new long[critical.length];
            for (int w = 0; w < critical.length; w++) {
                double sparsity = List.of(0.0, critical[w], last).get(p);
                kept[w] = Math.round(ELEMENTS * (1 - sparsity));
                sums[w] = dense.get(w) + LENGTH * List.of(first, Math.log(1.01) - 1e-12, last == ALL ? 10.0 : 1e-3).get(p);
            }
            points.add(new MeasuredPoint(settings.grid().get(p), sums, kept, List.of(0.5)));
        }
        SiteResult curve = MeasuredPoint.curve(SiteSet.INTERMEDIATE, ELEMENTS, LENGTH, points, denseResult, settings);
        ModelSummary model = new ModelSummary(name, "runs/" + name, "sha of " + name, "config", 1234, 1, 4, 8, 1, 1, vocabulary, false, "relu", "gated", true,
                Optional.empty(), Training.NATURAL, OptionalLong.of(1), OptionalLong.of(5), OptionalLong.of(99_000), OptionalDouble.empty(), Optional.of("text"), Optional.of("d0"), Optional.of("t0"));
        return new RobustnessResult(RobustnessResult.VERSION, model, new DataSummary("text", "d0", windows, critical.length, LENGTH, OptionalLong.of(40)), settings,
                Json.object(), denseResult, List.of(curve));
    }

    private static RobustnessResult planted(String name, double... critical) {
        return planted(name, "w0", LayerSet.ALL, 0, ALL, critical);
    }

    private static List<String> ranks(Board board) {
        return board.rows().stream().map(row -> row.rank().map(Leaderboard.Rank::shown).orElse("-") + " " + row.label()).toList();
    }

    @Test
    void modelsAreSortedAndWhatCantBeToldApartSharesRanks() {
        Leaderboard board = Leaderboard.of(Comparing.of(List.of(planted("low", 0.3, 0.3, 0.3, 0.3), planted("varied", 0.45, 0.45, 0.7, 0.7), planted("same as low", 0.3, 0.3, 0.3, 0.3),
                planted("firm", 0.6, 0.6, 0.6, 0.6), planted("least", 0.2, 0.1, 0.2, 0.1))));
        assertEquals(SiteSet.INTERMEDIATE, board.sites());
        assertEquals(1, board.boards().size());
        // The difference firm − varied is +0.15 in two windows and −0.1 in the others; all others lie apart in every window.
        assertEquals(List.of("1–2 firm", "1–2 varied", "3–4 low", "3–4 same as low", "5 least"), ranks(board.boards().get(0)));
        Row varied = board.boards().get(0).rows().get(1);
        assertEquals(0.575, varied.critical().orElseThrow().level().sparsity(), 1e-9);
        assertEquals(0.45, varied.critical().orElseThrow().interval().low(), 1e-9, "of 200 draws some have only the first two windows");
        assertEquals(Optional.empty(), board.boards().get(0).apart());
        assertEquals("rule top_p, coverage all, layers all; 4 windows of 10 tokens of text, sha256 w0…", board.boards().get(0).measured());
    }

    @Test
    void everyModelAboveForCertainIsOneAboveIt() {
        // b's windows are a's + 0.01, c's are a's − 0.01, whatever these are: the windows that they share cancel.
        Leaderboard board = Leaderboard.of(Comparing.of(List.of(planted("a", 0.2, 0.4, 0.6, 0.8), planted("b", 0.21, 0.41, 0.61, 0.81), planted("c", 0.19, 0.39, 0.59, 0.79))));
        assertEquals(List.of("1 b", "2 a", "3 c"), ranks(board.boards().get(0)));
    }

    @Test
    void whatHasNoneIsNotRankedAndABoundMayBeAbove() {
        Leaderboard board = Leaderboard.of(Comparing.of(List.of(planted("none", "w0", LayerSet.ALL, 1, ALL, 0.9, 0.9), planted("bound", "w0", LayerSet.ALL, 0, 0.55, 0.5, 0.5),
                planted("firm", 0.6, 0.6), planted("low", 0.3, 0.3))));
        // At least 0.55 may be above 0.6, and is above 0.3.
        assertEquals(List.of("1–2 firm", "1–2 bound", "3 low", "- none"), ranks(board.boards().get(0)));
        assertEquals(Level.Kind.AT_LEAST, board.boards().get(0).rows().get(1).critical().orElseThrow().level().kind());
        assertEquals(Level.NONE, board.boards().get(0).rows().get(3).critical().orElseThrow().level());
        assertEquals(Optional.empty(), board.boards().get(0).rows().get(3).saved());
    }

    @Test
    void whatWasMeasuredOtherwiseIsRankedByItself() {
        Comparison comparison = Comparing.of(List.of(planted("a", 0.3, 0.3), planted("elsewhere", "w1", LayerSet.ALL, 0, ALL, 0.9, 0.9), planted("b", 0.4, 0.4),
                planted("one layer", "w0", LayerSet.parse("0"), 0, ALL, 0.8, 0.8), planted("words", 999, "w2", LayerSet.ALL, 0, ALL, 0.2, 0.2)));
        List<Board> boards = Leaderboard.of(comparison).boards();
        assertEquals(List.of(List.of("1 b", "2 a"), List.of("1 elsewhere"), List.of("1 one layer"), List.of("1 words")), boards.stream().map(LeaderboardTest::ranks).toList());
        assertEquals("Not ranked with those above: measured on other windows, and how much can be left out depends on the text.", boards.get(1).apart().orElseThrow());
        assertEquals("Not ranked with those above: by other means (rule top_p, coverage all, layers 0; above: rule top_p, coverage all, layers all).",
                boards.get(2).apart().orElseThrow());
        assertEquals("Not ranked with those above: measured on other windows, and how much can be left out depends on the text (in the tokens of another tokenizer: of losses, "
                + "bits/byte can be held against each other, roughly, as the stretches of text differ).", boards.get(3).apart().orElseThrow());
        assertEquals(0.9, boards.get(1).rows().get(0).critical().orElseThrow().level().sparsity(), 1e-9);
    }

    @Test
    void aSiteThatWasNotMeasuredIsSaidToBeThat() {
        RobustnessResult silu = Samples.result(Samples.SILU);
        RobustnessResult noInput = new RobustnessResult(silu.version(), planted("no input", 0.5).model(), silu.data(), silu.settings(), silu.provenance(), silu.dense(),
                silu.curves().stream().filter(curve -> curve.sites() != SiteSet.INPUT).toList());
        Leaderboard board = Leaderboard.of(Comparing.of(List.of(silu, Samples.result(Samples.RELU), noInput)), SiteSet.INPUT);
        assertEquals(3, board.boards().get(0).rows().size());
        Row last = board.boards().get(0).rows().get(2);
        assertEquals(Optional.empty(), last.critical());
        assertEquals("no input", last.label());
    }

    @Test
    void savedIsCountedAtTheBarOfTheBoard() {
        Row row = Leaderboard.of(Comparing.of(List.of(planted("a", 0.6, 0.6), planted("b", 0.3, 0.3)))).boards().get(0).rows().get(0);
        // A third of a gated block is the down projection, of which 0.6 are spared.
        assertEquals(Way.DOWN_ONLY, row.saved().orElseThrow().way());
        assertEquals(1 - 0.6 / 3, row.saved().orElseThrow().left(), 1e-9);
        assertEquals("× 0.80 down only", row.saved().orElseThrow().shown());
    }

    @Test
    void anotherBarNeedsNoOtherMeasurement() {
        RobustnessResult result = planted("a", 0.6, 0.6);
        assertSame(result, result.withBar(1.01));
        RobustnessResult looser = result.withBar(1.05);
        assertEquals(1.05, looser.settings().bar());
        // On the line from 1.01 at 0.6 to e^10 at 1.
        double linear = 0.6 + 0.4 * (1.05 - 1.01) / (Math.exp(10) - 1.01);
        assertEquals(linear, looser.curve(SiteSet.INTERMEDIATE).orElseThrow().critical(Estimator.LINEAR).level().sparsity(), 1e-9);
        assertEquals(result.curves().get(0).points(), looser.curves().get(0).points());
        assertEquals(result, looser.withBar(1.01));
        assertEquals(1.05, Leaderboard.of(Comparing.of(List.of(looser, planted("b", 0.3, 0.3).withBar(1.05)))).bar());
    }

    /** All have a loss of 1.5: above the trigram model's 1.4 where that is of their windows, and above ln 4 = 1.386 with four tokens. */
    @Test
    void whatHasLearnedLittleIsMarkedInEveryFormOfTheReport(@TempDir Path folder) throws Exception {
        Comparison comparison = Comparing.of(List.of(planted("a", 0.3, 0.3), planted("elsewhere", "w1", LayerSet.ALL, 0, ALL, 0.9, 0.9), planted("few", 4, "w2", LayerSet.ALL, 0, ALL, 0.9, 0.9)));
        List<Baseline> above = List.of(new Baseline("generator", OptionalDouble.of(0.2), OptionalDouble.empty(), ""), new Baseline("trigram", OptionalDouble.of(1.6), OptionalDouble.empty(), ""));
        assertEquals(Set.of(2), LittleLearned.of(comparison, above).models());
        assertEquals(Set.of(2), LittleLearned.of(comparison, List.of()).models());
        List<Baseline> below = List.of(new Baseline("trigram", OptionalDouble.of(1.4), OptionalDouble.empty(), ""));
        assertEquals(Set.of(0, 2), LittleLearned.of(comparison, below).models());
        String note = "* a, few: loss above a trigram model's 1.4000 on the same tokens, or that of equal odds for all tokens: such a model has learned little, and that much can be left out of it says little.";
        assertEquals(Optional.of(note), LittleLearned.of(comparison, below).note());
        ReportWriter.write(folder, comparison, new Extras(below, List.of(), Optional.of(Leaderboard.of(comparison)), List.of()));
        String page = Files.readString(folder.resolve("report.html"));
        String text = Files.readString(folder.resolve("report.md"));
        assertTrue(page.contains(note.replace("'", "&#39;")) && page.contains(">a *<") && page.contains(">elsewhere<") && page.contains(">few *<"), page.substring(page.indexOf("id=\"leaderboard\"")));
        assertTrue(text.contains(note) && text.contains("| 1 | a * |") && text.contains("| 1 | elsewhere |"), text);
    }

    @Test
    void itStandsInEveryFormOfTheReport(@TempDir Path folder) throws Exception {
        Comparison comparison = Comparing.of(List.of(planted("a|b", 0.3, 0.3), planted("elsewhere", "w1", LayerSet.ALL, 0, ALL, 0.9, 0.9), planted("<i>c", 0.4, 0.4)));
        ReportWriter.write(folder, comparison, new Extras(List.of(), List.of(), Optional.of(Leaderboard.of(comparison)), List.of()));
        JsonNode json = Json.read(folder.resolve("report.json"));
        assertEquals(2, json.at("/leaderboard/boards/0/rows/0/model").asInt());
        assertEquals(1, json.at("/leaderboard/boards/0/rows/0/rank/best").asInt());
        String page = Files.readString(folder.resolve("report.html")).replace('\u00a0', ' ');
        assertTrue(page.contains("<table id=\"leaderboard\">") && page.contains("&lt;i&gt;c"));
        assertTrue(page.contains("<td colspan=\"12\">Not ranked with those above: measured on other windows"), page.substring(page.indexOf("id=\"leaderboard\"")));
        String text = Files.readString(folder.resolve("report.md")).replace('\u00a0', ' ');
        // 1.5 nats a byte are 2.1640 bits; perplexity e^1.5.
        assertTrue(text.contains("| 1 | \\<i>c | 40.00 % [40.00, 40.00] | 1,234 | 1.5000 | 4.4817 | 2.1640 | × 0.87 down only | 25.00 % | relu | 99,000 | natural | runs/\\<i>c |\n"), text);
        assertTrue(text.contains("| 2 | a\\|b | 30.00 % [30.00, 30.00] |"), text);
        assertTrue(text.contains("Not ranked with those above: measured on other windows"), text);
        ReportWriter.write(folder, comparison, Extras.NONE);
        assertTrue(!Files.readString(folder.resolve("report.html")).contains("id=\"leaderboard\"") && !Files.readString(folder.resolve("report.md")).contains("Leaderboard"));
    }
}
