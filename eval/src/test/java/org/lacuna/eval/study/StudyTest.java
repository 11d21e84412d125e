package org.lacuna.eval.study;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.eval.activation.Activations;
import org.lacuna.eval.report.StudyWriter;
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
import org.lacuna.eval.study.Finding.Row;
import org.lacuna.eval.study.Finding.Says;
import org.lacuna.eval.task.TaskMeasurement;
import org.lacuna.eval.task.TaskSamples;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.Json;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.measure.EffectiveRank;

/** Claims against models whose critical sparsities are planted. */
class StudyTest {
    private static final int WINDOWS = 8;
    private static final int LENGTH = 10;
    private static final long ELEMENTS = 1_000_000;
    private static final Settings SETTINGS = new Settings("top_p", List.of(0.0, 0.01, 0.3, 0.6, 1.0), TokenCoverage.EVERY, LayerSet.ALL, SiteSet.FEED_FORWARD, 1.01, 200, 1, 0.95);

    /** What is planted of a model: its critical sparsity is {@code base} at the intermediate vector, 0.2 less at other sites. */
    private record Planted(String size, String variant, long seed, long parameters, double base, double spread) {
        double critical(String rule, SiteSet site, int window) {
            double byRule = rule.equals("top_k") ? -0.05 : rule.equals("max_p") ? -0.01 : 0;
            return base + byRule - (site == SiteSet.INTERMEDIATE ? 0 : 0.2) + spread * (window - (WINDOWS - 1) / 2.0) / WINDOWS;
        }
    }

    private static StudiedModel model(Planted planted) {
        Map<String, RobustnessResult> rules = new HashMap<>();
        for (String rule : List.of("top_p", "top_k", "max_p", "cett")) {
            rules.put(rule, result(planted, rule));
        }
        List<Activations.Layer> layers = new ArrayList<>();
        for (Site site : List.of(Site.INPUT, Site.UP, Site.GATE, Site.INTERMEDIATE)) {
            // One measure tells all, the other nothing.
            layers.add(new Activations.Layer(0, site, Map.of("gini", 2 * planted.base - 0.3, "kurtosis", planted.seed == 1 ? 1.0 : 2.0), Map.of(), 0, 0, 0.5, Map.of(), new EffectiveRank(4, 8, 256, 8), 0,
                    new TreeMap<>()));
        }
        RobustnessResult any = rules.get("top_p");
        return new StudiedModel(planted.size, planted.variant, planted.seed, rules, Map.of(), new Activations(Activations.VERSION, any.model(), any.data(), Json.object(), layers));
    }

    private static RobustnessResult result(Planted planted, String rule) {
        boolean induced = planted.variant.equals("induced");
        ModelSummary summary = new ModelSummary(planted.size + "-" + planted.variant, "runs/x", "a1", "c0", planted.parameters, 1, 4, 8, 1, 1, 257, false, "relu", "gated", true, Optional.empty(),
                induced ? Training.INDUCED : Training.NATURAL, OptionalLong.of(planted.seed), OptionalLong.of(5), OptionalLong.of(1000), OptionalDouble.empty(), Optional.of("text"), Optional.of("d0"),
                Optional.empty());
        double[] dense = new double[WINDOWS];
        Arrays.fill(dense, LENGTH * 1.5);
        DenseResult denseResult = new DenseResult(1.5, OptionalDouble.empty(), Arrays.stream(dense).boxed().toList(),
                Map.of(Site.INTERMEDIATE, List.of(0.25), Site.INPUT, List.of(0.0), Site.UP, List.of(0.0), Site.GATE, List.of(0.25)), List.of(0));
        List<SiteResult> curves = new ArrayList<>();
        for (SiteSet site : SiteSet.FEED_FORWARD) {
            // Sparsity 0; 0.1 at p = 0.01; critical at perplexity + 1 %; 0.1 more (0.05 by top-k) at + 10 %; all.
            double[] increase = {0, 1e-9, Math.log(1.01) - 1e-9, Math.log(1.1) - 1e-9, 10};
            List<MeasuredPoint> points = new ArrayList<>();
            for (int p = 0; p < increase.length; p++) {
                double[] sums = new double[WINDOWS];
                long[] kept = new long[WINDOWS];
                for (int w = 0; w < WINDOWS; w++) {
                    double critical = planted.critical(rule, site, w);
                    double sparsity = List.of(0.0, 0.1, critical, critical + (rule.equals("top_k") ? 0.05 : 0.1), 1.0).get(p);
                    sums[w] = dense[w] + LENGTH * increase[p];
                    kept[w] = Math.round(ELEMENTS * (1 - sparsity));
                }
                points.add(new MeasuredPoint(SETTINGS.grid().get(p), sums, kept, List.of(0.5)));
            }
            curves.add(MeasuredPoint.curve(site, ELEMENTS, LENGTH, points, denseResult, SETTINGS));
        }
        return new RobustnessResult(RobustnessResult.VERSION, summary, new DataSummary("text", "d0", "ee", WINDOWS, LENGTH, OptionalLong.empty()), SETTINGS, Json.object(), denseResult, curves);
    }

    /** Two sizes, the first with three seeds; natural: 0.4 + 0.05 a doubling; induced: 0.8 at every size. */
    private static List<StudiedModel> models(double spread) {
        List<StudiedModel> models = new ArrayList<>();
        for (long seed = 1; seed <= 3; seed++) {
            models.add(model(new Planted("small", "natural", seed, 1 << 10, 0.4 + 0.01 * (seed - 2), spread)));
            models.add(model(new Planted("small", "induced", seed, 1 << 10, 0.8, spread)));
        }
        models.add(model(new Planted("large", "natural", 1, 1 << 12, 0.5, spread)));
        models.add(model(new Planted("large", "induced", 1, 1 << 12, 0.8, spread)));
        models.add(model(new Planted("largest", "natural", 1, 1 << 14, 0.6, spread)));
        models.add(model(new Planted("largest", "induced", 1, 1 << 14, 0.8, spread)));
        return models;
    }

    private static Row row(Finding finding, String label) {
        return finding.rows().stream().filter(row -> row.label().equals(label)).findFirst().orElseThrow(() -> new AssertionError(label + ": " + finding.rows()));
    }

    @Test
    void whatIsPlantedIsFound() {
        Study study = new Study("planted", models(0));
        assertEquals(List.of("small", "large", "largest"), study.sizes());

        Finding site = new MostTolerantSite().of(study);
        assertEquals(0.2, row(site, "natural, small").value(), 1e-5);
        assertEquals("holds: 6 for, 0 against, 0 open, of 6", site.verdict());

        Finding keeps = new TopPKeepsMore().of(study);
        assertEquals(0.05, row(keeps, "intermediate: induced, large").value(), 1e-5);
        Finding slowly = new TopPDegradesMoreSlowly().of(study);
        assertEquals(0.05, row(slowly, "natural, largest").value(), 1e-5);

        Finding bars = new BarsAgainstOutputError().of(study);
        assertEquals(0.8 - 0.1, row(bars, "perplexity: induced, small").value(), 1e-5);

        Finding growth = new GrowthWithSize().of(study);
        assertEquals(0.05, row(growth, "top-p at intermediate: natural").value(), 1e-5);
        assertEquals(0, row(growth, "PPL-1 % at intermediate: induced").value(), 1e-9);
        assertEquals(Says.FOR, row(growth, "top-p at input: natural").says());

        Finding induced = new InducedToleratesMore().of(study);
        assertEquals(0.4, row(induced, "induced − natural, small").value(), 1e-5);
        assertEquals(3, induced.rows().size());
        // Seeds are drawn together: of three, the means of draws lie between the least and the largest.
        assertEquals(0.39, row(induced, "induced − natural, small").low(), 0.0034);
        assertEquals(0.41, row(induced, "induced − natural, small").high(), 0.0034);
        assertEquals(row(induced, "induced − natural, large").low(), row(induced, "induced − natural, large").high(), 1e-9);

        Finding predicts = new MeasuresPredict().of(study);
        Row gini = predicts.rows().stream().filter(row -> row.label().startsWith("all models: gini")).findFirst().orElseThrow();
        assertEquals(1, gini.value(), 1e-6);
        assertTrue(gini.label().endsWith("(rank correlation 1.00)"), gini.label());
        Row kurtosis = predicts.rows().stream().filter(row -> row.label().startsWith("all models: kurtosis")).findFirst().orElseThrow();
        assertTrue(kurtosis.value() < 0.3, kurtosis.toString());
    }

    /** The models with a task that holds until half is left out, one that falls at once, and one in which a quarter is right, as by chance. */
    private static List<StudiedModel> asked(List<StudiedModel> models) {
        List<Double> right = Collections.nCopies(20, 1.0);
        List<Double> wrong = Collections.nCopies(20, 0.0);
        List<Double> quarter = IntStream.range(0, 20).mapToObj(d -> d % 4 == 0 ? 1.0 : 0.0).toList();
        int[] kept = {100, 50, 0};
        ModelSummary model = TaskSamples.model("m", Training.NATURAL, 8);
        Map<String, TaskMeasurement> tasks = Map.of("easy", TaskSamples.result(model, "easy", "e", right, kept, List.of(right, right, wrong)), "hard",
                TaskSamples.result(model, "hard", "h", right, kept, List.of(right, wrong, wrong)), "blind",
                TaskSamples.result(model, "blind", "b", quarter, kept, List.of(quarter, quarter, wrong)));
        return models.stream().map(m -> new StudiedModel(m.size(), m.variant(), m.seed(), m.rules(), tasks, m.activations())).toList();
    }

    @Test
    void tasksCountAboveChanceOnly() {
        Study study = new Study("planted", asked(models(0)));
        Finding dependence = new TaskDependence().of(study);
        assertEquals(List.of("easy − hard: natural", "easy − hard: induced"), dependence.rows().stream().map(Row::label).toList());
        // 0.5 and a hundredth of the way to 1; a hundredth of the way to 0.5.
        assertEquals(0.505 - 0.005, dependence.rows().get(0).value(), 1e-9);
        assertEquals(Says.FOR, dependence.rows().get(0).says());
        Finding bars = new BarsAgainstOutputError().of(study);
        assertEquals((0.505 + 0.005) / 2 - 0.1, row(bars, "accuracy: induced, large").value(), 1e-6);
    }

    /** Of a study with one size, no induced variant and no tasks: which claims can't be judged, and for want of what. */
    @Test
    void whatAStudyLacksIsSaid(@TempDir Path folder) throws Exception {
        Study study = new Study("small", models(0).stream().filter(model -> model.size().equals("small") && model.variant().equals("natural")).toList());
        assertEquals(List.of("it takes two tasks, and the study asks none"), new TaskDependence().of(study).gaps());
        assertEquals(List.of("the study asks no tasks: nothing is said of the bar on accuracy"), new BarsAgainstOutputError().of(study).gaps());
        assertEquals(List.of("a slope takes two sizes, and the study has one"), new GrowthWithSize().of(study).gaps());
        assertEquals(List.of("no variant's training asks for sparse activations, by a penalty or by masks"), new InducedToleratesMore().of(study).gaps());
        assertEquals(List.of("a line takes 4 models, and the study has 3", "a size is to be predicted by a line through two others, and the study has 1"), new MeasuresPredict().of(study).gaps());
        // Of two sizes the line is the other's mean, and every measure would be told to explain 0; of models that are all alike there is nothing to explain.
        Study two = new Study("two", models(0).stream().filter(model -> !model.size().equals("largest")).toList());
        assertEquals(List.of("a size is to be predicted by a line through two others, and the study has 2"), new MeasuresPredict().of(two).gaps());
        assertEquals(List.of(), new MeasuresPredict().of(two).rows());
        Study alike = new Study("alike", models(0).stream().filter(model -> model.variant().equals("induced")).toList());
        assertEquals(List.of("all models have the same critical sparsity, or bound of it: there is nothing to predict"), new MeasuresPredict().of(alike).gaps());
        assertEquals(List.of(), new MostTolerantSite().of(study).gaps());
        for (Relation relation : List.of(new TaskDependence(), new GrowthWithSize(), new InducedToleratesMore(), new MeasuresPredict())) {
            assertEquals("was not put to these models: they lack what it takes", relation.of(study).verdict());
        }
        StudyWriter.write(folder, study, new PrintWriter(new StringWriter()));
        String text = Files.readString(folder.resolve(StudyWriter.TEXT));
        assertTrue(text.contains("## What this study lacks to judge its claims\n\n"
                + "- How much can be left out depends on the task. It takes two tasks, and the study asks none.\n"), text);
        assertTrue(text.contains("## Larger models tolerate more.\n\n**Was not put to these models: they lack what it takes.** ") && !text.contains("\n| --- | --- | --- | --- |\n\n"), "no table without a row");
        assertTrue(text.contains("- Larger models tolerate more. A slope takes two sizes, and the study has one.\n"), text);
        assertTrue(Files.readString(folder.resolve(StudyWriter.PAGE)).contains("<li>Larger models tolerate more. A slope takes two sizes, and the study has one.</li>"));
        assertEquals("a slope takes two sizes, and the study has one", Json.read(folder.resolve("report.json")).at("/findings/5/gaps/0").asText());

        Study whole = new Study("planted", asked(models(0)));
        assertEquals(List.of("not above chance at blind: natural, small; natural, large; natural, largest; induced, small; induced, large; induced, largest"),
                new TaskDependence().of(whole).gaps());
        assertEquals(List.of(), new InducedToleratesMore().of(whole).gaps());
        StudyWriter.write(folder, whole, new PrintWriter(new StringWriter()));
        assertTrue(Files.readString(folder.resolve(StudyWriter.TEXT)).contains("- How much can be left out depends on the task. Not above chance at blind: natural, small;"));
        Finding bounds = new Finding("c", "m", Finding.Unit.POINTS, List.of(new Row("x", 1, 1, 1, true), new Row("y", 0, -1, 1, false)), List.of());
        assertEquals(List.of("a critical sparsity that is but a lower bound, or none and counted as 0, went into 1 of 2 rows (y): these say nothing"), bounds.gaps());
        Finding open = new Finding("c", "m", Finding.Unit.POINTS, List.of(new Row("x", 0, -1, 1, true)), List.of());
        assertEquals(List.of("no interval is clear of 0: more windows, documents, seeds or models would narrow them"), open.gaps());
    }

    @Test
    void windowsThatAllModelsShareCancel() {
        Study study = new Study("planted", models(0.2));
        double[] level = study.mean("large", "natural", model -> study.critical(model, "top_p", SiteSet.INTERMEDIATE, 1.01)).interval(0.95);
        assertTrue(level[1] - level[0] > 0.05, Arrays.toString(level));
        Row difference = row(new InducedToleratesMore().of(study), "induced − natural, large");
        assertEquals(0.3, difference.value(), 1e-4);
        assertTrue(difference.high() - difference.low() < 1e-4, difference.toString());
    }

    @Test
    void aBoundSaysNothing() {
        assertEquals(Says.OPEN, new Row("x", 0.3, 0.2, 0.4, false).says());
        assertEquals(Says.AGAINST, new Row("x", -0.3, -0.4, -0.2, true).says());
        Finding mixed = new Finding("c", "m", Finding.Unit.POINTS, List.of(new Row("x", 1, 1, 1, true), new Row("y", -1, -1, -1, true)), List.of());
        assertEquals("mixed: 1 for, 1 against, 0 open, of 2", mixed.verdict());
        Finding half = new Finding("c", "m", Finding.Unit.POINTS, List.of(new Row("x", 1, 1, 1, true), new Row("y", 0, -1, 1, true)), List.of());
        assertEquals("holds in some: 1 for, 0 against, 1 open, of 2", half.verdict());
    }

    @Test
    void modelsThatDoNotBelongTogetherAreRefused() {
        List<StudiedModel> models = new ArrayList<>(models(0));
        StudiedModel last = models.remove(models.size() - 1);
        assertTrue(assertThrows(InputException.class, () -> new Study("s", models)).getMessage().contains("largest induced: has not the seeds of largest natural"));
        models.add(last);
        Collections.swap(models, 0, 4);
        assertEquals(List.of(1L, 2L, 3L), new Study("s", models).of("small", "natural").stream().map(StudiedModel::seed).toList());
    }

    @Test
    void theReportSaysWhatWasFound(@TempDir Path folder) throws Exception {
        StringWriter told = new StringWriter();
        Study study = new Study("planted", models(0.1));
        StudyWriter.check(folder);
        StudyWriter.write(folder, study, new PrintWriter(told));
        String text = Files.readString(folder.resolve(StudyWriter.TEXT));
        assertTrue(told.toString().contains(text));
        assertTrue(text.contains("## Larger models tolerate more."), text);
        assertTrue(text.contains("| induced − natural, large | +30.00 | [+30.00, +30.00] | for |"), text);
        assertTrue(text.contains("the training seeds of small (3 seeds)"), text);
        String page = Files.readString(folder.resolve(StudyWriter.PAGE));
        assertTrue(page.contains("Induced sparsity goes further than natural sparsity.") && page.contains("growth-cett"));
        assertEquals("planted", Json.read(folder.resolve("report.json")).path("study").asText());
        assertEquals(8, Json.read(folder.resolve("report.json")).path("findings").size());
        StudyWriter.check(folder);
        // A report that was cut short has its numbers first.
        Files.delete(folder.resolve(StudyWriter.PAGE));
        Files.delete(folder.resolve(StudyWriter.TEXT));
        StudyWriter.check(folder);
        StudyWriter.write(folder, study, new PrintWriter(told));
        Files.writeString(folder.resolve("report.json"), "{}");
        assertTrue(assertThrows(InputException.class, () -> StudyWriter.check(folder)).getMessage().contains("is no study's"));
    }
}
