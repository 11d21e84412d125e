package org.lacuna.eval.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.data.Corpora;
import org.lacuna.data.sample.Windows;
import org.lacuna.data.tokenize.ByteTokenizer;
import org.lacuna.data.tokenize.bpe.BpeTrainer;
import org.lacuna.data.tokenize.bpe.BpeVocabulary;
import org.lacuna.data.tokenize.bpe.WordCounts;
import org.lacuna.decode.Generator;
import org.lacuna.decode.Sampling;
import org.lacuna.eval.activation.Activations;
import org.lacuna.eval.compare.Comparing;
import org.lacuna.eval.compare.Comparison;
import org.lacuna.eval.measure.Evaluation;
import org.lacuna.eval.measure.Measuring;
import org.lacuna.eval.method.Method;
import org.lacuna.eval.method.Methods;
import org.lacuna.eval.robustness.Calibration;
import org.lacuna.eval.robustness.JointPoint;
import org.lacuna.eval.robustness.JointResult;
import org.lacuna.eval.robustness.ModelSummary.Training;
import org.lacuna.eval.robustness.ResultJson;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.Settings;
import org.lacuna.eval.robustness.SiteResult;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.eval.robustness.TokenCoverage;
import org.lacuna.eval.source.ModelSource;
import org.lacuna.eval.task.TaskMeasurement;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.Initialization;
import org.lacuna.model.Model;
import org.lacuna.model.config.AttentionForm;
import org.lacuna.model.config.Block;
import org.lacuna.model.config.Experts;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.Norm;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.model.family.HuggingFaceConfig;
import org.lacuna.run.InputException;
import org.lacuna.run.InterruptedRunException;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.Json;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.critical.Estimator;
import picocli.CommandLine;

class CommandsTest {
    private static final CpuDevice DEVICE = new CpuDevice();

    @TempDir
    private Path folder;
    private Path run;
    private Path text;
    private Throwable failure;
    private final StringWriter err = new StringWriter();

    @BeforeEach
    void makeRun() throws IOException {
        text = folder.resolve("text.txt");
        Files.writeString(text, IntStream.range(0, 400).mapToObj(i -> "line " + i * i % 97).collect(Collectors.joining("\n")));
        run = folder.resolve("runs").resolve("tiny");
        Path checkpoint = run.resolve("checkpoints").resolve("step-000012");
        write(checkpoint, FeedForward.gated("relu"));
        new ByteTokenizer().save(checkpoint.resolve("tokenizer.json"));
        Files.writeString(checkpoint.resolve("state.json"), "{\"step\": 12, \"tokens\": 3456, \"data_sha256\": \"abc\"}");
        Files.writeString(run.resolve("config.yaml"), "name: tiny one\nmodel: {hidden: 16}\ndata:\n  text: " + text
                + "\ntrain: {seed: 9}\nobjective: {penalties: [{kind: l1, site: intermediate, lambda: 0.003, schedule: linear, warmup: 5}]}\n");
    }

    private static void write(Path checkpoint, FeedForward form) {
        write(checkpoint, form, 257);
    }

    private static void write(Path checkpoint, FeedForward form, int vocabulary) {
        ModelConfig config = ModelConfig.llama(vocabulary, 16, 24, 2, 2, 1, 8, 1e-6, RotaryPosition.plain(10_000), true, form, 64, 0.1,
                OptionalInt.empty(), List.of(256));
        Model model = Initialization.of(config, DEVICE, 3);
        AtomicFiles.folder(checkpoint, fresh -> Checkpoint.write(fresh, model));
    }

    private String eval(String... args) {
        return execute(new EvalCommand(), args);
    }

    private String compare(String... args) {
        return execute(new CompareCommand(), args);
    }

    private String generate(String... args) {
        return execute(new GenerateCommand(), args);
    }

    private String execute(Object command, String... args) {
        StringWriter out = new StringWriter();
        failure = null;
        new CommandLine(command).setOut(new PrintWriter(out)).setErr(new PrintWriter(err))
                .setExecutionExceptionHandler((e, line, parsed) -> {
                    failure = e;
                    return 2;
                }).execute(args);
        return out.toString();
    }

    private void assertRefused(String... parts) {
        InputException refused = assertInstanceOf(InputException.class, failure);
        for (String part : parts) {
            assertTrue(refused.getMessage().contains(part), refused.getMessage());
        }
    }

    @Test
    void aRunIsMeasuredOnItsDataAndTheResultIsKeptInItsFolder() throws IOException {
        String table = eval("--run", run.toString(), "--windows", "3", "--window", "16", "--replicates", "40");
        assertEquals(null, failure);
        assertTrue(table.contains("model  tiny:") && table.contains("all_inputs"), table);
        assertTrue(table.contains("first: the last point before the bar is broken; linear: where the line from it"), table);
        Path file = kept().get(0);
        assertTrue(file.getFileName().toString().matches("step-000012-3x16-[0-9a-f]{8}\\.json") && table.contains(file.toString()), table);
        assertTrue(table.contains("note   \"tiny\" was trained on " + text + " of sha256 abc… and is measured on text.txt of sha256 "), table);
        RobustnessResult result = read(file);
        assertEquals("tiny", result.model().name());
        assertEquals(3456, result.model().tokensSeen().orElseThrow());
        assertEquals(9, result.model().seed().orElseThrow());
        assertEquals(Training.INDUCED, result.model().training());
        assertEquals("cross-entropy + 0.003 · l1 of intermediate, rising over 5 steps", result.model().objective().orElseThrow());
        assertEquals(SiteSet.FEED_FORWARD, result.curves().stream().map(curve -> curve.sites()).toList());
        assertEquals(Set.of(Site.INPUT, Site.UP, Site.GATE, Site.INTERMEDIATE), result.dense().exactZeros().keySet());
        assertEquals(48, result.data().tokens());
        assertEquals(48, result.data().bytes().orElseThrow());
        assertEquals(64, result.model().sha256().length());
        // Fresh weights know nothing: a little off the entropy of a uniform choice of 257.
        assertEquals(Math.log(257), result.dense().loss(), 0.3);

        ModelSource source = ModelSource.of(run.toString());
        Evaluation again = new Evaluation(source, Corpora.open(source.data(List.of())), 3, 16, DEVICE);
        assertEquals(result, again.kept(result.settings()).orElseThrow());
        assertTrue(again.kept(result.settings().withSites(List.of(SiteSet.INPUT))).isEmpty(), "other settings");
        for (String key : List.of("lacuna", "gemm", "cpu_flags")) {
            ObjectNode elsewhere = result.provenance().deepCopy();
            elsewhere.put(key, "another");
            keep(result, elsewhere);
            assertTrue(again.kept(result.settings()).isEmpty(), "another " + key);
            elsewhere.remove(key);
            keep(result, elsewhere);
            assertTrue(again.kept(result.settings()).isEmpty(), "unknown " + key);
        }
        ObjectNode later = result.provenance().deepCopy();
        keep(result, later.put("time", "2001-01-01T00:00:00Z").put("cores", 1));
        assertTrue(again.kept(result.settings()).isPresent(), "another time and number of cores");
        Path before = again.file(result.settings()).orElseThrow();
        Files.writeString(before, Files.readString(before).replace("\"version\" : " + RobustnessResult.VERSION, "\"version\" : 1"));
        assertTrue(again.kept(result.settings()).isEmpty(), "another format");
        Evaluation other = new Evaluation(source, Corpora.open(source.data(List.of())), 2, 16, DEVICE);
        assertTrue(other.kept(result.settings()).isEmpty(), "other windows");
        write(run.resolve("checkpoints").resolve("step-000013"), FeedForward.gated("silu"));
        ModelSource trained = ModelSource.of(run.toString());
        assertTrue(new Evaluation(trained, Corpora.open(trained.data(List.of())), 3, 16, DEVICE).kept(result.settings()).isEmpty(), "other weights");
    }

    /** Its weights are not even there to be looked at. */
    @Test
    void aModelThatDoesNotFitTheMachineIsRefusedByItsConfig() throws IOException {
        Path large = Files.createDirectory(folder.resolve("large"));
        Files.writeString(large.resolve("config.json"), HuggingFaceConfig.write(ModelConfig.llama(32_000, 8192, 28_672, 1000, 64, 8, 128, 1e-6, RotaryPosition.plain(10_000), false,
                FeedForward.gated("silu"), 64, 0.1, OptionalInt.empty(), List.of())));
        new ByteTokenizer().save(large.resolve("tokenizer.json"));
        for (String command : List.of("eval", "generate")) {
            String out = command.equals("eval") ? eval("--model", large.toString(), "--set", "data.text=" + text, "--window", "16", "--windows", "2")
                    : generate("--model", large.toString());
            assertEquals("", out);
            String message = assertInstanceOf(RunException.class, failure).getMessage();
            assertTrue(message.matches("\\Q" + large + "\\E: too large for this machine: its 856,[0-9,]{11} parameters take 3,4[0-9,]+ bytes as 32-bit numbers,"
                    + " this process [0-9,]+: [0-9,]+ bytes, and it can have [0-9,]+; a smaller model would take less"), message);
        }
    }

    @Test
    void whatAMeasurementAndATextHoldIsTold() {
        String table = eval("--run", run.toString(), "--windows", "3", "--window", "16", "--replicates", "40", "--workers", "1");
        assertTrue(table.lines().anyMatch(line -> line.matches("memory parameters 0\\.0 MB, activations of 1 worker [0-9.,]+(, the JVM and libraries [0-9.,]+)?: [0-9.,]+ MB in all")), table);
        generate("--model", run.toString(), "--prompt", "line", "--max-new-tokens", "2");
        assertTrue(err.toString().lines().anyMatch(line -> line.matches("memory parameters 0\\.0 MB, keys, values and activations [0-9.,]+(, .*)?: [0-9.,]+ MB in all")), err.toString());
    }

    /** A test file has no training part: all of it is measured, and what is calibrated has nothing to be calibrated on. */
    @Test
    void allOfATextCanBeMeasured() {
        Path out = folder.resolve("result.json");
        List<String> args = new ArrayList<>(List.of("--run", run.toString(), "--windows", "all", "--window", "16", "--replicates", "40", "--sites", "gate", "--out", out.toString()));
        String table = eval(args.toArray(String[]::new));
        RobustnessResult part = read(out);
        assertTrue(part.data().windows() > 3);
        assertTrue(table.contains(String.format(Locale.ROOT, ": %,d windows of 16 tokens, all but the last ", part.data().windows())), table);
        args.set(3, "3");
        table = eval(args.toArray(String[]::new));
        assertTrue(table.contains(String.format(Locale.ROOT, ": 3 windows of 16 tokens, the first of %,d of the validation part, which is ", part.data().windows())), table);
        args.set(3, "all");
        args.addAll(List.of("--set", "data.text=" + text, "--set", "data.validationFraction=1"));
        table = eval(args.toArray(String[]::new));
        assertTrue(table.contains(" of the validation part, which is 100 % of the tokens"), table);
        assertTrue(read(out).data().windows() > part.data().windows());
        args.addAll(List.of("--rule", "calibrated"));
        eval(args.toArray(String[]::new));
        assertRefused("rule calibrated is calibrated on as many windows of the training part, which has 0 tokens");
        eval("--run", run.toString(), "--windows", "many");
        assertTrue(err.toString().contains("'many' is no number of windows; expected one, or all"), err.toString());
    }

    private List<Path> kept() throws IOException {
        try (Stream<Path> files = Files.list(run.resolve("eval"))) {
            return files.filter(file -> file.toString().endsWith(".json")).sorted().toList();
        }
    }

    private static RobustnessResult read(Path file) {
        return ResultJson.read(file, RobustnessResult.class, RobustnessResult.VERSION);
    }

    @Test
    void anyRuleGridAndCoverageCanBeMeasured() {
        Path out = folder.resolve("result.json");
        String[] common = {"--run", run.toString(), "--windows", "3", "--window", "16", "--replicates", "40", "--out", out.toString(), "--rule"};
        for (Method method : Methods.all()) {
            String rule = method.name();
            if (rule.equals("threshold")) {
                continue; // below: it has no values of its own
            }
            String table = eval(Stream.concat(Arrays.stream(common), Stream.of(rule, "--coverage", "last:0.5")).toArray(String[]::new));
            assertEquals(null, failure, rule);
            assertTrue(table.contains("rule   " + rule + " in every layer, the last 50 % of a window's tokens"), table);
            RobustnessResult result = read(out);
            assertEquals(rule, result.settings().rule());
            assertEquals("last:0.5", result.settings().coverage().toString());
            boolean calibrates = Methods.byName(rule).calibrates();
            assertEquals(calibrates ? result.model().layers() * result.curves().stream().mapToInt(curve -> curve.sites().sites().size()).sum() : 0,
                    result.calibration().map(calibration -> calibration.thresholds().size()).orElse(0), rule);
            result.calibration().ifPresent(calibration -> assertTrue(calibration.text().windows() == result.data().windows()
                    && !calibration.text().windowsSha256().equals(result.data().windowsSha256()), "other text than what is measured"));
            List<String> sites = result.curves().stream().map(curve -> curve.sites().key()).toList();
            assertEquals(rule.equals("channel") ? List.of("gate") : List.of("griffin", "cett").contains(rule) ? List.of("intermediate")
                    : rule.startsWith("weighted") ? List.of("input", "intermediate", "all_inputs") : List.of("input", "up", "gate", "intermediate", "all_inputs"), sites, rule);
        }
        eval(Stream.concat(Arrays.stream(common), Stream.of("threshold", "--grid", "0,0.001,0.1,10")).toArray(String[]::new));
        assertEquals(List.of(0.0, 0.001, 0.1, 10.0), read(out).settings().grid());

        eval(Stream.concat(Arrays.stream(common), Stream.of("top_p", "--grid", "0.9")).toArray(String[]::new));
        assertEquals(null, failure, "one point will do");
        assertEquals(1, read(out).curves().get(0).points().size());

        eval(Stream.concat(Arrays.stream(common), Stream.of("threshold", "--coverage", "some", "--sites", "door", "--grid", "1,1")).toArray(String[]::new));
        assertRefused("--grid: must be values, each once, not [1.0, 1.0]", "--coverage: no coverage 'some'; there are all, but_first", "--sites: no site 'door'");
        eval(Stream.concat(Arrays.stream(common), Stream.of("threshold")).toArray(String[]::new));
        assertRefused("--rule threshold has no values of its own", "--grid 0,0.01");
        eval(Stream.concat(Arrays.stream(common), Stream.of("topp")).toArray(String[]::new));
        assertRefused("--rule: no rule 'topp'; there are top_p,", "griffin");
        eval(Stream.concat(Arrays.stream(common), Stream.of("channel", "--sites", "up", "--coverage", "decode")).toArray(String[]::new));
        assertRefused("rule channel is not for up; it can be used at gate", "coverage decode is for tasks");
    }

    /** By the names of either spelling; nothing of it is measured where it is not named. */
    @Test
    void attentionIsMeasuredWhereItIsNamed() throws IOException {
        Path out = folder.resolve("result.json");
        List<String> common = List.of("--run", run.toString(), "--windows", "3", "--window", "16", "--replicates", "40", "--out", out.toString(), "--sites",
                "attention-input,attention_output", "--rule");
        for (String rule : List.of("top_p", "top_k", "calibrated", "greedy", "weighted", "weighted_top_k", "random_k")) {
            String table = eval(Stream.concat(common.stream(), Stream.of(rule)).toArray(String[]::new));
            assertEquals(null, failure, rule);
            RobustnessResult result = read(out);
            assertEquals(List.of(SiteSet.ATTENTION_INPUT, SiteSet.ATTENTION_OUTPUT), result.curves().stream().map(curve -> curve.sites()).toList());
            assertEquals(Set.of(Site.INPUT, Site.UP, Site.GATE, Site.INTERMEDIATE, Site.ATTENTION_INPUT, Site.ATTENTION_OUTPUT), result.dense().exactZeros().keySet());
            for (SiteResult curve : result.curves()) {
                assertEquals(2 * 16 * 16, curve.windowElements());
                assertEquals(result.dense().windowLossSums(), curve.points().get(0).windowLossSums(), rule + " with p = 1 at " + curve.sites());
                assertEquals(0.0, curve.points().get(0).sparsity());
                assertNotEquals(result.dense().windowLossSums(), curve.points().get(curve.points().size() - 1).windowLossSums());
            }
            assertTrue(table.contains("\nattention_input   ") && table.contains("\nattention_output  "), table);
            assertTrue(table.contains("in attention: the input's zeros, columns of the query, key and value projections: ×"), table);
        }
        String joint = eval(Stream.concat(common.stream(), Stream.of("top_p", "--joint", "attention_input=1:0.5,attention-output=0.7,input=0.9")).toArray(String[]::new));
        assertEquals(null, failure);
        assertTrue(joint.contains("of the feed-forward blocks and attention's projections, counted and not measured"), joint);
        assertEquals(Set.of(Site.INPUT, Site.ATTENTION_INPUT, Site.ATTENTION_OUTPUT), read(out).joint().orElseThrow().points().get(0).p().keySet());
        String alone = eval("--run", run.toString(), "--windows", "3", "--window", "16", "--replicates", "40", "--out", out.toString(), "--grid", "1,0.5", "--joint",
                "attention_input,attention_output");
        assertEquals(null, failure);
        assertTrue(alone.contains("of attention's projections, counted and not measured") && alone.contains("\nattention_input "), alone);
        assertEquals(List.of(SiteSet.ATTENTION_INPUT, SiteSet.ATTENTION_OUTPUT), read(out).curves().stream().map(SiteResult::sites).toList(), "curves are those of the same sites");
        for (String rule : List.of("griffin", "cett", "channel")) {
            eval(Stream.concat(common.stream(), Stream.of(rule)).toArray(String[]::new));
            String there = rule.equals("channel") ? "gate" : "intermediate";
            assertRefused("rule " + rule + " is not for attention_input; it can be used at " + there, "rule " + rule + " is not for attention_output");
        }
        Path report = folder.resolve("report");
        eval(Stream.concat(common.stream(), Stream.of("top_p")).toArray(String[]::new));
        Files.copy(out, folder.resolve("second.json"));
        compare(out.toString(), folder.resolve("second.json").toString(), "--out", report.toString());
        assertEquals(null, failure);
        String page = Files.readString(report.resolve("report.html"));
        assertTrue(page.contains("ATTENTION INPUT: perplexity over dense"), "charts");
        assertTrue(page.contains(", in attention: the input&#39;s zeros, columns of the query"), "savings");
    }

    /** Attention is no different in a model with experts, whose blocks can't be looked into. */
    @Test
    void attentionOfAModelWithExpertsCanBeLookedInto() throws IOException {
        ModelConfig config = new ModelConfig("qwen3_moe", 257, 16, 24, 2, 2, 1, 8, new AttentionForm(false, false, AttentionForm.HeadNorm.EACH, 1 / Math.sqrt(8), Optional.empty()),
                Norm.rms(1e-6), Block.SEQUENTIAL, RotaryPosition.plain(10_000), FeedForward.gated("silu").withExperts(new Experts(4, 2, true)), 1, false, 64, 0.1,
                OptionalInt.empty(), List.of(256));
        Path experts = folder.resolve("experts");
        Model model = Initialization.of(config, DEVICE, 3);
        AtomicFiles.folder(experts, fresh -> Checkpoint.write(fresh, model));
        new ByteTokenizer().save(experts.resolve("tokenizer.json"));
        Path out = folder.resolve("result.json");
        List<String> common = List.of("--model", experts.toString(), "--set", "data.text=" + text, "--windows", "3", "--window", "16", "--replicates", "40", "--grid", "1,0.5",
                "--out", out.toString(), "--rule");
        for (String rule : List.of("top_p", "calibrated", "greedy", "weighted", "weighted_top_k")) {
            eval(Stream.concat(common.stream(), Stream.of(rule, "--sites", "attention_input,attention_output")).toArray(String[]::new));
            assertEquals(null, failure, rule);
            RobustnessResult result = read(out);
            assertEquals(2 * 16 * 16, result.curves().get(0).windowElements());
            assertEquals(result.dense().windowLossSums(), result.curves().get(1).points().get(0).windowLossSums());
            assertEquals(0.5, result.curves().get(0).points().get(1).sparsity(), rule.equals("top_p") ? 0.3 : 0.1, rule);
        }
        eval(Stream.concat(common.stream(), Stream.of("weighted", "--sites", "attention_input,intermediate")).toArray(String[]::new));
        assertRefused("rule weighted looks at the weights or the activations of a block", "whose blocks have experts");
        String[] tasks = {"--model", experts.toString(), "--tasks", "stories_agreement", "--limit", "4", "--grid", "1,0.5", "--replicates", "40", "--rule", "weighted_top_k", "--sites"};
        String table = eval(Stream.concat(Arrays.stream(tasks), Stream.of("attention_output")).toArray(String[]::new));
        assertEquals(null, failure);
        assertTrue(table.contains("\nattention_output  acc"), table);
        eval(Stream.concat(Arrays.stream(tasks), Stream.of("intermediate")).toArray(String[]::new));
        assertRefused("which can't be done for one with experts");
    }

    @Test
    void aRuleCanBeInSomeLayersAlone() throws IOException {
        String[] common = {"--run", run.toString(), "--windows", "3", "--window", "16", "--replicates", "40", "--sites", "intermediate", "--grid", "1,0.5"};
        eval(common);
        assertEquals(null, failure);
        String table = eval(Stream.concat(Arrays.stream(common), Stream.of("--layers", "1")).toArray(String[]::new));
        assertEquals(null, failure);
        assertTrue(table.contains("rule   top_p in layer 1, counted from 0, all tokens"), table);
        assertTrue(table.contains("plan   without a rule, then 1 curve of 2 values of p: 144 tokens through the model"), table);
        assertEquals(2, kept().size(), "other settings, another file");
        List<RobustnessResult> results = kept().stream().map(CommandsTest::read)
                .sorted(Comparator.comparing(result -> result.settings().layers().toString())).toList();
        assertEquals(List.of("1", "all"), results.stream().map(result -> result.settings().layers().toString()).toList());
        assertEquals(1, results.get(0).curves().get(0).points().get(1).layerSparsity().size());
        assertEquals(2, results.get(1).curves().get(0).points().get(1).layerSparsity().size());
        eval(Stream.concat(Arrays.stream(common), Stream.of("--layers", "0,2-3")).toArray(String[]::new));
        assertRefused("--layers: 0,2-3 names layer 2, but ", "step-000012 has 2 layers, 0 to 1");
        eval(Stream.concat(Arrays.stream(common), Stream.of("--layers", "some")).toArray(String[]::new));
        assertRefused("--layers: no layers 'some'; there are all, or numbers from 0 and ranges of them: 0-3,7");
        eval("--run", run.toString(), "--tasks", "stories_agreement", "--limit", "4", "--layers", "5", "--grid", "1,0.5");
        assertRefused("--layers: 5 names layer 5, but ", "step-000012 has 2 layers, 0 to 1");
        String tasks = eval("--run", run.toString(), "--tasks", "stories_agreement", "--limit", "4", "--layers", "0", "--grid", "1,0.5", "--sites", "input",
                "--replicates", "40");
        assertEquals(null, failure);
        assertTrue(tasks.contains("rule   top_p in layer 0, counted from 0, all tokens"), tasks);
        eval("--dl4j", "model.zip", "--out", folder.resolve("network").toString(), "--layers", "0");
        assertRefused("--layers are a language model's; name a network's layer by --layer");
        Path report = folder.resolve("report");
        Path first = folder.resolve("first.json");
        eval(Stream.concat(Arrays.stream(common), Stream.of("--layers", "1", "--out", first.toString())).toArray(String[]::new));
        Files.copy(first, folder.resolve("second.json"));
        compare(first.toString(), folder.resolve("second.json").toString(), "--out", report.toString());
        assertEquals(null, failure);
        String page = Files.readString(report.resolve("report.html"));
        assertTrue(page.contains("applied in layer 1, counted from 0"), "how it was measured");
        assertTrue(page.contains("left out activations in layer 1, counted from 0."), "summary");
        // The last of two layers is 1 in tables and charts too.
        assertTrue(page.contains(">Layer 0<") && page.contains(">Layer 1<") && !page.contains(">Layer 2<"), "tables");
        JsonNode charts = Json.parse("charts", page.substring(page.indexOf("id=\"charts\">") + "id=\"charts\">".length(), page.indexOf("</script>", page.indexOf("id=\"charts\">"))));
        assertEquals("[1.0]", charts.at("/layers-intermediate/series/0/x").toString());
        assertEquals("[0.0,1.0]", charts.at("/dead/series/0/x").toString());
    }

    @Test
    void severalSitesCanHaveAPOfTheirOwn() throws IOException {
        Path json = folder.resolve("joint.json");
        List<String> args = List.of("--run", run.toString(), "--windows", "3", "--window", "16", "--replicates", "40", "--joint", "gate=1:0.6,intermediate=1:0.7:0.2",
                "--json", json.toString());
        String table = eval(args.toArray(String[]::new));
        assertEquals(null, failure);
        assertTrue(table.contains("plan   without a rule, then 2 curves of 26 values of p, then 9 combinations of p at gate, intermediate: 2,976 tokens through the model"), table);
        assertTrue(table.contains("joint  9 combinations of p;") && table.contains("a p for each   saves ") && table.contains("one p for all  saves "), table);
        RobustnessResult result = read(kept().get(0));
        assertEquals(result, read(json));
        assertEquals(List.of(SiteSet.GATE, SiteSet.INTERMEDIATE), result.settings().sites(), "curves of the same sites unless others are named");
        JointResult joint = result.joint().orElseThrow();
        assertEquals(result.settings().joint().orElseThrow().points(), joint.points().stream().map(JointPoint::p).toList());
        assertEquals(List.of(1.0, 0.6, 0.7, 0.2), joint.points().stream().filter(JointPoint::same).map(point -> point.p().get(Site.GATE)).toList());
        // ReLU's zeros in the gate are there without a rule, and count.
        double zeros = result.dense().exactZeros().get(Site.GATE).stream().mapToDouble(Double::doubleValue).average().orElseThrow();
        assertEquals(zeros, joint.points().get(0).sparsity().get(Site.GATE), 1e-12);
        assertTrue(joint.points().get(0).saved() > 0.5 * zeros, "rows of up and columns of down");
        ModelSource source = ModelSource.of(run.toString());
        assertEquals(result, new Evaluation(source, Corpora.open(source.data(List.of())), 3, 16, DEVICE).kept(result.settings()).orElseThrow());
        long found = Files.size(run.resolve("eval/findings.jsonl"));
        assertEquals(withoutMemory(table), withoutMemory(eval(args.toArray(String[]::new))));
        assertEquals(found, Files.size(run.resolve("eval/findings.jsonl")), "nothing is computed twice");

        List<String> common = args.subList(0, 8);
        eval(Stream.concat(common.stream(), Stream.of("--joint", "gate,input", "--grid", "1,0.5", "--sites", "up")).toArray(String[]::new));
        assertEquals(null, failure);
        RobustnessResult other = kept().stream().map(CommandsTest::read).filter(each -> !each.settings().equals(result.settings())).findFirst().orElseThrow();
        assertEquals(List.of(SiteSet.UP), other.settings().sites());
        assertEquals(4, other.joint().orElseThrow().points().size());
        for (String[] bad : new String[][] {{"gate=1,door=1", "--joint: no site 'door'; there are input, up, gate, intermediate"},
                {"gate=1", "--joint: a joint grid has two or more sites"},
                {"gate=-1,up=1", "--joint: values of gate must be 0 or more"}, {"gate=x,up=1", "--joint: no values of p in 'gate=x'"}}) {
            eval(Stream.concat(common.stream(), Stream.of("--joint", bad[0])).toArray(String[]::new));
            assertRefused(bad[1]);
        }
        eval(Stream.concat(common.stream(), Stream.of("--joint", "gate=1:2,up=1", "--rule", "top_k")).toArray(String[]::new));
        assertRefused("--joint: top_k needs a fraction from 0 (keeps nothing) to 1");
        eval(Stream.concat(common.stream(), Stream.of("--grid", "1,2", "--rule", "top_k")).toArray(String[]::new));
        assertRefused("--grid: top_k needs a fraction from 0 (keeps nothing) to 1");
        for (String shares : List.of("griffin", "calibrated", "greedy", "channel", "weighted")) {
            eval(Stream.concat(common.stream(), Stream.of("--grid", "0.5,2", "--rule", shares)).toArray(String[]::new));
            assertRefused("--grid: " + shares + " needs a share from 0 (keeps nothing) to 1 (keeps all), not 2.0");
        }
        eval(Stream.concat(common.stream(), Stream.of("--joint", "gate,input", "--rule", "weighted")).toArray(String[]::new));
        assertRefused("--joint: rule weighted is not for gate; it can be used at input, intermediate");
        eval("--run", run.toString(), "--tasks", "stories_agreement", "--joint", "gate,input");
        assertRefused("--joint is of a language model's loss on text; it does not go with --tasks");
        eval("--dl4j", "model.zip", "--out", folder.resolve("network").toString(), "--joint", "gate,input");
        assertRefused("it does not go with --dl4j");
        Path plain = folder.resolve("plain");
        write(plain, FeedForward.ungated("relu"));
        eval("--model", plain.toString(), "--set", "data.text=" + text, "--windows", "2", "--window", "16", "--joint", "gate,input", "--sites", "input");
        assertRefused("--joint: ", "the model has no gate", "there are input, intermediate");
    }

    @Test
    void tasksAreMeasuredAndWrittenAsTheHarnessDoes() throws IOException {
        Path out = folder.resolve("tasks");
        Path own = Files.writeString(folder.resolve("own.yaml"), """
                task: own
                output_type: multiple_choice
                data: own.jsonl
                doc_to_text: "Q: {{question}}\\nA:"
                doc_to_choice: "{{choices}}"
                doc_to_target: "{{answer}}"
                metric_list: [acc, acc_norm]
                metadata: {version: 1.5}
                """);
        Files.writeString(folder.resolve("own.jsonl"), IntStream.range(0, 12).mapToObj(i -> "{\"question\": \"what is " + i + "?\", \"choices\": [\"a\", \"b b\", \"c\"], \"answer\": " + i % 3 + "}\n")
                .collect(Collectors.joining()));
        String[] args = {"--run", run.toString(), "--tasks", own + ",stories_agreement", "--task-data", folder.toString(), "--limit", "8", "--grid", "1,0.5,0", "--sites", "intermediate",
            "--replicates", "40", "--task-set", "target_delimiter= ", "--out", out.toString()};
        String table = eval(args);
        assertEquals(null, failure);
        assertTrue(table.contains("task   own: 8 documents, 24 requests, 0 with a context cut to 64 tokens") && table.contains("is not above chance (0.3333)"), table);
        JsonNode results = Json.read(out.resolve("results.json"));
        assertTrue(results.at("/results/own/acc,none").isNumber() && results.at("/results/own/acc_stderr,none").isNumber() && results.at("/results/stories_agreement/acc,none").isNumber());
        assertEquals("{\"original\":12,\"effective\":8}", Json.line(results.at("/n-samples/own")));
        assertEquals("{\"own\":1.5,\"stories_agreement\":\"N/A\"}", Json.line(results.at("/versions")));
        assertEquals("{\"own\":0,\"stories_agreement\":0}", Json.line(results.at("/n-shot")));
        assertEquals("{\"acc\":true,\"acc_norm\":true}", Json.line(results.at("/higher_is_better/own")));
        assertEquals("own.jsonl Q: {{question}}\nA:", results.at("/configs/own/data/0").asText() + " " + results.at("/configs/own/doc_to_text").asText());
        assertEquals(8, results.at("/config/limit").doubleValue());
        assertEquals("none", results.at("/config/rule").asText(), "results are those without a rule");
        assertTrue(results.at("/date").longValue() > 1_700_000_000L && results.has("git_hash") && !results.has("groups"));
        JsonNode sparse = results.path("sparse");
        assertEquals("top_p all all", sparse.path("rule").asText() + " " + sparse.path("layers").asText() + " " + sparse.path("coverage").asText());
        assertEquals("1.0 1.0 0.5 0.0", sparse.at("/results/own/intermediate/2/sparsity").asText() + " " + String.join(" ", sparse.at("/results/own/intermediate").findValuesAsText("p")));
        List<String> csv = Files.readAllLines(out.resolve("curves.csv"));
        assertEquals(1 + 3 * 2 + 3, csv.size(), csv::toString);
        TaskMeasurement kept = ResultJson.read(out.resolve("own.json"), TaskMeasurement.class, TaskMeasurement.VERSION);
        assertEquals(results.at("/results/own/acc,none").doubleValue(), kept.dense().get(0).value());
        assertEquals(kept.curves().get(0).points().get(1).scores().get(0).value(), sparse.at("/results/own/intermediate/1/acc,none").doubleValue());
        assertEquals(kept.dense().get(0).values(), kept.curves().get(0).points().get(0).scores().get(0).values(), "p = 1 of a model with exact zeros changes no answer");
        assertEquals(8, kept.curves().get(0).points().get(0).kept().size());
        assertEquals(1.0, kept.curves().get(0).points().get(2).sparsity());

        // Again, all of it comes from the run's folder.
        long size = Files.size(run.resolve("eval/findings.jsonl"));
        assertEquals(withoutMemory(table), withoutMemory(eval(args)));
        assertEquals(size, Files.size(run.resolve("eval/findings.jsonl")));
    }

    /** Of three files two are there, of 3 and 5 documents, of which two each are asked: each is told, and what is missing. */
    @Test
    void subtasksAreToldEach() throws IOException {
        Path own = Files.writeString(folder.resolve("own.yaml"), """
                task: own
                output_type: multiple_choice
                data: own-*.jsonl
                subtasks: {files: 3, weight_by_size: false, version: 1.0}
                metadata: {version: 2, by: us}
                doc_to_text: "Q: {{question}}\\nA:"
                doc_to_choice: [a, b]
                doc_to_target: "{{answer}}"
                metric_list: [acc]
                """);
        for (int file = 0; file < 2; file++) {
            Files.writeString(folder.resolve("own-" + file + ".jsonl"), IntStream.range(0, 3 + 2 * file)
                    .mapToObj(i -> "{\"question\": \"what is " + i + "?\", \"answer\": " + i % 2 + "}\n").collect(Collectors.joining()));
        }
        Path out = folder.resolve("subtasks");
        String[] args = {"--run", run.toString(), "--tasks", own.toString(), "--limit", "2", "--grid", "1,0.5,0", "--sites", "intermediate", "--replicates", "40", "--out"};
        String table = eval(Stream.concat(Arrays.stream(args), Stream.of(out.toString())).toArray(String[]::new));
        assertEquals(null, failure);
        assertTrue(table.contains("task   own: 4 documents, 8 requests") && table.contains("       2 subtasks: acc 0.5000 (own_own-0) to 0.5000 (own_own-")
                && table.contains("note   2 of 3 subtasks are there"), table);
        JsonNode results = Json.read(out.resolve("results.json"));
        assertEquals("[\"own_own-0\",\"own_own-1\"]", Json.line(results.at("/group_subtasks/own")));
        TaskMeasurement kept = ResultJson.read(out.resolve("own.json"), TaskMeasurement.class, TaskMeasurement.VERSION);
        assertEquals(8, kept.task().original());
        assertFalse(results.at("/n-samples").has("own"), "of a group the harness tells its tasks'");
        assertEquals("\"2\" 1.0", results.at("/versions/own") + " " + results.at("/versions/own_own-1"));
        assertEquals("own_own-1", results.at("/configs/own_own-1/task").asText());
        assertEquals("{\"original\":5,\"effective\":2}", Json.line(results.at("/n-samples/own_own-1")));
        List<Double> right = kept.dense().get(0).values();
        assertEquals((right.get(0) + right.get(1)) / 2, results.at("/results/own_own-0/acc,none").doubleValue());
        assertEquals((right.get(2) + right.get(3)) / 2, results.at("/results/own_own-1/acc,none").doubleValue());
        assertEquals(results.at("/groups/own"), results.at("/results/own"));
        List<String> rows = Files.readAllLines(out.resolve("subtasks.csv"));
        assertEquals(1 + 2 * (1 + 3), rows.size(), rows::toString);
        assertTrue(rows.get(8).startsWith("own,own_own-1,2,acc,top_p,intermediate,0.0,1.0,"), rows.get(8));
        Path few = folder.resolve("few");
        eval("--run", run.toString(), "--tasks", own.toString(), "--limit", "0.5", "--num_fewshot", "1", "--task-set", "fewshot_data=own-0.jsonl", "--grid", "1,0", "--sites",
                "input", "--replicates", "40", "--out", few.toString());
        assertEquals(null, failure);
        results = Json.read(few.resolve("results.json"));
        assertEquals("{\"own\":1,\"own_own-0\":1,\"own_own-1\":1} 0.5", Json.line(results.at("/n-shot")) + " " + results.at("/config/limit"));
        assertEquals("2 3", results.at("/n-samples/own_own-0/effective") + " " + results.at("/n-samples/own_own-1/effective"), "half of 3 and of 5, rounded up");
        // Two models' folders are compared by the task, which has a file, and not by the subtasks.
        Path again = folder.resolve("again");
        eval(Stream.concat(Arrays.stream(args), Stream.of(again.toString())).toArray(String[]::new));
        table = compare(out.toString(), again.toString(), "--out", folder.resolve("compared").toString());
        assertEquals(null, failure);
        assertTrue(table.contains("task   own: 4 documents") && table.contains("2 of 3 subtasks are there"), table);
    }

    @Test
    void whatActivationsAreLikeIsTold() throws IOException {
        Path file = folder.resolve("activations.json");
        String table = execute(new MeasureCommand(), "--model", run.toString(), "--windows", "3", "--window", "16", "--json", file.toString());
        assertEquals(null, failure);
        assertTrue(table.contains("gini") && table.contains("effective rank") && table.contains("intermediate"), table);
        Activations found = ResultJson.read(file, Activations.class, Activations.VERSION);
        assertEquals(2 * 4, found.layers().size());
        // Shares, as compare tells them: of 24 elements in each of two layers.
        double dead = found.layers().stream().filter(layer -> layer.site() == Site.INTERMEDIATE).mapToInt(Activations.Layer::dead).sum() / 48.0;
        String row = table.lines().filter(line -> line.startsWith("dead ")).findFirst().orElseThrow();
        assertTrue(row.startsWith("dead                 share of the elements ") && row.endsWith(String.format(Locale.ROOT, " %.4f", dead)), row);
        assertTrue(table.contains("near_zeros           share of |x| < 0.01 · max |x| "), table);
        assertEquals("tiny", found.model().name());
        found.layers().forEach(layer -> assertEquals(3 * 16 * layer.effectiveRank().width(), layer.zeros() + layer.magnitudes().values().stream().mapToLong(Long::longValue).sum()));
        String attention = execute(new MeasureCommand(), "--model", run.toString(), "--windows", "3", "--window", "16", "--sites", "attention_output,input");
        assertTrue(attention.contains("attention_output") && !attention.contains("intermediate"), attention);
        execute(new MeasureCommand(), "--model", run.toString(), "--sites", "input,all_inputs");
        assertRefused("no site 'all_inputs'; there are input, ");
        execute(new MeasureCommand(), "--model", run.toString(), "--windows", "0");
        assertRefused("--windows: must be at least 1");
        execute(new MeasureCommand(), "--model", folder.resolve("none").toString());
        assertRefused("no such folder");
    }

    private static String withoutMemory(String table) {
        return table.replaceAll("memory .*| *eta: .*", "");
    }

    /** What the model itself writes is every other document's right answer: half are right without a rule, and the rest can be told by hand. */
    @Test
    void tasksThatWantTextAreMeasuredUnderARule() throws IOException {
        Path task = Files.writeString(folder.resolve("say.yaml"), """
                task: say
                output_type: generate_until
                data: say.jsonl
                doc_to_text: "{{q}}"
                doc_to_target: "{{a}}"
                generation_kwargs: {until: ["never written"], max_gen_toks: 6}
                """);
        Model model = Checkpoint.load(run.resolve("checkpoints").resolve("step-000012"), DEVICE);
        ByteTokenizer tokenizer = new ByteTokenizer();
        StringBuilder documents = new StringBuilder();
        List<Integer> written = new ArrayList<>();
        List<Integer> read = new ArrayList<>();
        try (Generator generator = new Generator(model, DEVICE, 1)) {
            for (int i = 0; i < 8; i++) {
                String question = i == 5 ? "x".repeat(90) + "?" : "what is " + i * i;
                int[] ids = tokenizer.encode(question);
                int[] fitting = Arrays.copyOfRange(ids, Math.max(0, ids.length - 58), ids.length);
                List<Integer> added = new ArrayList<>();
                generator.generate(fitting, 6, id -> id == ByteTokenizer.END_OF_TEXT, new Sampling(0, 0, 1), new SplittableRandom(1), added::add);
                String answer = tokenizer.decodeWithoutSpecial(added.stream().mapToInt(Integer::intValue).toArray());
                documents.append(Json.line(Json.object().put("q", question).put("a", i % 2 == 0 ? answer : answer + "no"))).append('\n');
                written.add(added.size());
                read.add(fitting.length + added.size() - 1);
            }
        }
        Files.writeString(folder.resolve("say.jsonl"), documents);
        Path store = folder.resolve("store");
        List<String> args = List.of("--run", run.toString(), "--tasks", task.toString(), "--task-data", folder.toString(), "--grid", "1,0.5,0", "--sites",
                "input,intermediate",
                "--replicates", "40", "--store", store.toString(), "--out");
        Path out = folder.resolve("said");
        String table = eval(Stream.concat(args.stream(), Stream.of(out.toString())).toArray(String[]::new));
        assertEquals(null, failure);
        assertTrue(table.contains("task   say: 8 documents, 8 requests, 1 with a context cut to 64 tokens") && table.contains("exact_match 0.5000 ± 0.1890"),
                table);
        TaskMeasurement kept = ResultJson.read(out.resolve("say.json"), TaskMeasurement.class, TaskMeasurement.VERSION);
        assertEquals(List.of(1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0), kept.dense().get(0).values());
        for (TaskMeasurement.Curve curve : kept.curves()) {
            int width = curve.sites() == SiteSet.INPUT ? 16 : 24;
            assertEquals(kept.dense().get(0), curve.points().get(0).scores().get(0), "p = 1");
            assertEquals(read.stream().map(tokens -> 2L * width * tokens).toList(), curve.points().get(0).elements());
            assertEquals(1.0, curve.points().get(2).sparsity());
            JsonNode results = Json.read(out.resolve("results.json"));
            assertEquals(0.5, results.at("/results/say/exact_match,none").doubleValue());
            JsonNode level = results.at("/sparse/critical_sparsity/say").path(curve.sites().key()).path("exact_match");
            assertEquals("linear", level.path("estimator").asText());
            assertEquals(curve.critical().get("exact_match").stream().filter(each -> each.estimator() == Estimator.LINEAR).findFirst().orElseThrow().level().sparsity(),
                    level.at("/level/sparsity").doubleValue());
        }
        assertEquals(1 + 2 * 3, Files.readAllLines(out.resolve("curves.csv")).size());

        long found = Files.size(store.resolve("findings.jsonl"));
        Path again = folder.resolve("again");
        eval(Stream.concat(args.stream(), Stream.of(again.toString())).toArray(String[]::new));
        assertEquals(found, Files.size(store.resolve("findings.jsonl")), "nothing is written twice");
        assertEquals(Files.readString(out.resolve("curves.csv")), Files.readString(again.resolve("curves.csv")));
        Path larger = Files.writeString(folder.resolve("larger.txt"), Files.readString(text).repeat(3));
        for (String rule : List.of("calibrated", "weighted", "weighted_top_k", "channel", "top_k")) {
            List<String> other = new ArrayList<>(args);
            other.set(other.indexOf("input,intermediate"), rule.equals("channel") ? "gate" : "intermediate");
            eval(Stream.concat(other.stream(), Stream.of(again.toString(), "--rule", rule, "--coverage", "decode", "--set", "data.text=" + larger))
                    .toArray(String[]::new));
            assertEquals(null, failure, rule);
            TaskMeasurement measured = ResultJson.read(again.resolve("say.json"), TaskMeasurement.class, TaskMeasurement.VERSION);
            assertEquals(List.of("calibrated", "channel", "weighted").contains(rule), measured.calibration().isPresent(), rule);
            if (rule.equals("calibrated")) {
                Calibration calibration = measured.calibration().orElseThrow();
                assertEquals("64 windows of 64 tokens of larger.txt", calibration.text().inWords().split(",")[0].replace(folder + "/", ""));
                assertEquals(List.of("intermediate 0", "intermediate 1"), calibration.thresholds().stream().map(each -> each.site().key() + " " + each.layer()).toList());
                calibration.thresholds().forEach(each -> assertTrue(each.values().get(0) == 0 && each.values().get(2) > each.values().get(1), each.toString()));
                assertEquals(64, Json.read(again.resolve("results.json")).at("/sparse/calibration_text/windows").intValue());
            }
            assertEquals(kept.dense(), measured.dense(), rule);
            assertEquals(kept.dense().get(0), measured.curves().get(0).points().get(0).scores().get(0), rule + " keeps all");
            assertEquals(written.stream().map(tokens -> 48L * tokens).toList(), measured.curves().get(0).points().get(0).elements(), rule);
        }
        for (String rule : List.of("top_p", "weighted")) {
            List<String> other = new ArrayList<>(args);
            other.set(other.indexOf("input,intermediate"), "attention_input,attention_output");
            eval(Stream.concat(other.stream(), Stream.of(again.toString(), "--rule", rule, "--coverage", "decode", "--set", "data.text=" + larger))
                    .toArray(String[]::new));
            assertEquals(null, failure, rule);
            TaskMeasurement measured = ResultJson.read(again.resolve("say.json"), TaskMeasurement.class, TaskMeasurement.VERSION);
            for (TaskMeasurement.Curve curve : measured.curves()) {
                assertEquals(kept.dense().get(0), curve.points().get(0).scores().get(0), rule + " keeps all at " + curve.sites());
                assertEquals(written.stream().map(tokens -> 32L * tokens).toList(), curve.points().get(0).elements(), rule);
                assertEquals(1.0, curve.points().get(2).sparsity());
            }
        }
        String wrong = eval(Stream.concat(args.stream(), Stream.of(again.toString(), "--task-set", "doc_to_target=something else")).toArray(String[]::new));
        assertTrue(wrong.contains("note   exact_match is 0 without a rule, so nothing can fall") && wrong.contains("intermediate  exact_match can't be told: see the note above")
                && !wrong.contains("1.0000") && wrong.contains("Cite linear with its interval"), wrong);
        JsonNode untold = Json.read(again.resolve("results.json")).at("/sparse/critical_sparsity/say/intermediate/exact_match");
        assertTrue(untold.isNull());
        assertEquals(List.of(), ResultJson.read(again.resolve("say.json"), TaskMeasurement.class, TaskMeasurement.VERSION).curves().get(0).critical().get("exact_match"));
        eval(Stream.concat(args.stream(), Stream.of(again.toString(), "--coverage", "last:0.5")).toArray(String[]::new));
        assertRefused("--coverage last:0.5: " + task + " wants text to be written");
        eval(Stream.concat(args.stream(), Stream.of(again.toString(), "--layers", "0")).toArray(String[]::new));
        assertEquals(null, failure);
        TaskMeasurement inOne = ResultJson.read(again.resolve("say.json"), TaskMeasurement.class, TaskMeasurement.VERSION);
        assertEquals(read.stream().map(tokens -> 16L * tokens).toList(), inOne.curves().get(0).points().get(0).elements());
        assertEquals(kept.dense(), inOne.dense());
        List<String> griffin = new ArrayList<>(args);
        griffin.set(griffin.indexOf("input,intermediate"), "intermediate");
        griffin.set(griffin.indexOf(task.toString()), task + ",stories_cloze");
        table = eval(Stream.concat(griffin.stream(), Stream.of(again.toString(), "--rule", "griffin", "--limit", "8")).toArray(String[]::new));
        assertEquals(null, failure);
        assertTrue(table.contains("rule   griffin in every layer, the tokens read after the context"), table);
        TaskMeasurement chosen = ResultJson.read(again.resolve("say.json"), TaskMeasurement.class, TaskMeasurement.VERSION);
        assertEquals("generated", chosen.settings().coverage().toString());
        assertEquals(kept.dense(), chosen.dense());
        assertEquals(kept.dense().get(0), chosen.curves().get(0).points().get(0).scores().get(0), "griffin keeps all");
        assertEquals(written.stream().map(tokens -> 48L * (tokens - 1)).toList(), chosen.curves().get(0).points().get(0).elements());
        assertTrue(chosen.curves().get(0).points().get(1).sparsity() >= 0.5);
        assertEquals(1.0, chosen.curves().get(0).points().get(2).sparsity());
        TaskMeasurement asked = ResultJson.read(again.resolve("stories_cloze.json"), TaskMeasurement.class, TaskMeasurement.VERSION);
        assertEquals(asked.dense(), asked.curves().get(0).points().stream().findFirst().orElseThrow().scores(), "griffin keeps all");
        assertTrue(asked.curves().get(0).points().get(2).elements().stream().allMatch(elements -> elements > 0));
        eval(Stream.concat(args.stream(), Stream.of(again.toString(), "--task-set", "generation_kwargs.max_gen_toks=64")).toArray(String[]::new));
        assertRefused("generates up to 64 tokens, and the model reads 64 at once");
    }

    @Test
    void oneDocumentIsNotEnough() {
        eval("--run", run.toString(), "--tasks", "stories_agreement", "--limit", "10", "--max-length", "32", "--out", folder.resolve("few").toString());
        assertRefused("stories_agreement: 1 of 10 documents fits into the 32 tokens", "intervals need 2");
        assertFalse(Files.exists(folder.resolve("few")));
    }

    @Test
    void resultsOfTasksAreCompared() throws IOException {
        Path other = folder.resolve("other");
        write(other, FeedForward.gated("silu"), 260);
        new ByteTokenizer().save(other.resolve("tokenizer.json"));
        String[] common = {"--tasks", "stories_agreement", "--grid", "1,0.5,0", "--sites", "intermediate", "--replicates", "40", "--limit", "6", "--out"};
        Path one = folder.resolve("one");
        Path two = folder.resolve("two");
        eval(Stream.concat(Stream.of("--run", run.toString()), Stream.concat(Arrays.stream(common), Stream.of(one.toString()))).toArray(String[]::new));
        assertEquals(null, failure);
        eval(Stream.concat(Stream.of("--model", other.toString()), Stream.concat(Arrays.stream(common), Stream.of(two.toString()))).toArray(String[]::new));
        assertEquals(null, failure);
        Path out = folder.resolve("compared");
        String table = compare(one.toString(), two.toString(), "--out", out.toString());
        assertEquals(null, failure);
        assertTrue(table.contains("control: tiny") && table.contains("task   stories_agreement: 6 documents") && table.contains("other   − control: ")
                && !table.contains("critical sparsity at intermediate"), table);
        assertTrue(table.lines().anyMatch(line -> line.matches("       tiny: 12 requests, \\d+ with a context cut to 64 tokens.*")), table);
        assertTrue(table.contains("note   other: acc is not above chance (0.5000)"), table);
        JsonNode json = Json.read(out.resolve("report.json"));
        assertEquals("stories_agreement", json.at("/comparison/tasks/0/name").asText());
        String page = Files.readString(out.resolve("report.html"));
        assertTrue(page.contains("<table id=\"at-control\"") && page.contains("<table id=\"coverage\"") && !Files.exists(out.resolve("report.svg")));

        compare(one.toString(), run.toString(), "--out", out.toString());
        assertRefused(one + " holds results of tasks, " + run + " does not");
        compare(one.toString(), "--out", out.toString());
        assertRefused("at least two models");
        compare(one.toString(), two.toString(), "--out", one.toString());
        assertRefused(one + ": holds results of tasks");
        compare(one.toString(), two.toString(), "--rank-by", "input", "--out", out.toString());
        assertRefused("--rank-by sorts models that were measured on text");
        common[Arrays.asList(common).indexOf("6")] = "5";
        Path fewer = folder.resolve("fewer");
        eval(Stream.concat(Stream.of("--model", other.toString()), Stream.concat(Arrays.stream(common), Stream.of(fewer.toString()))).toArray(String[]::new));
        compare(one.toString(), fewer.toString(), "--out", out.toString());
        assertRefused("stories_agreement: " + fewer + " (5 documents, sha256 ", ") was measured on other documents than " + one);
        Path file = two.resolve("stories_agreement.json");
        Files.writeString(file, Files.readString(file).replace("\"version\" : " + TaskMeasurement.VERSION, "\"version\" : 1"));
        compare(one.toString(), two.toString(), "--out", out.toString());
        assertRefused("stories_agreement.json: version is 1, this build reads " + TaskMeasurement.VERSION + "; measure again");
        String kept = Files.readString(one.resolve("stories_agreement.json"));
        Files.copy(one.resolve("stories_agreement.json"), file, StandardCopyOption.REPLACE_EXISTING);
        compare(one.toString(), two.toString(), "--out", out.toString());
        assertRefused("stories_agreement.json: is of another model than");
        for (String[] edit : new String[][] {{"\"documents\" : 6", "\"documents\" : 2000000000", "expected a list of 2000000000"},
                {"\"confidence\" : 0.95", "\"confidence\" : 5", "settings/confidence is 5.0"}, {"\"weights\" : [ 1.0", "\"weights\" : [ -1.0", "weights is not above 0"},
                {"\"values\" : [ ", "\"values\" : [ 0.5, ", "/values is of 7 values"}}) {
            Files.writeString(one.resolve("stories_agreement.json"), kept.replace(edit[0], edit[1]));
            compare(one.toString(), two.toString(), "--out", out.toString());
            assertRefused("stories_agreement.json: not what eval writes: ", edit[2]);
        }
        Files.writeString(one.resolve("stories_agreement.json"), kept);
        Files.writeString(two.resolve("results.json"), "{\"results\": {\"../x\": {}}, \"config\": {\"model\": \"lacuna\"}}");
        compare(one.toString(), two.toString(), "--out", out.toString());
        assertRefused("results.json: is not what eval --tasks --out wrote");
    }

    @Test
    void wrongTasksAreRefused() throws IOException {
        String[] model = {"--run", run.toString()};
        eval(Stream.concat(Arrays.stream(model), Stream.of("--tasks", "piqua,triviaqa,piqa", "--task-data", folder.toString())).toArray(String[]::new));
        assertRefused("piqua", "piqa", "valid.jsonl: no such file");
        eval(Stream.concat(Arrays.stream(model), Stream.of("--limit", "5")).toArray(String[]::new));
        assertRefused("--limit goes with --tasks");
        eval(Stream.concat(Arrays.stream(model), Stream.of("--tasks", "stories_agreement", "--limit", "1", "--max-length", "1", "--accuracy-bar", "1.5")).toArray(String[]::new));
        assertRefused("--limit: must be at least 2", "--max-length: must be at least 2", "--accuracy-bar: must be above 0 and at most 1");
        Files.writeString(folder.resolve("short.txt"), "too short");
        eval(Stream.concat(Arrays.stream(model), Stream.of("--tasks", "stories_agreement", "--rule", "calibrated", "--set", "data.text=" + folder.resolve("short.txt"))).toArray(String[]::new));
        assertRefused("rule calibrated takes its thresholds from text that is not the tasks', the data of a run or those of --set data.text=FILE: the corpus has ");
        for (String limit : List.of("0", "-1", "1", "2.5", "NaN")) {
            eval(Stream.concat(Arrays.stream(model), Stream.of("--tasks", "stories_agreement", "--limit", limit)).toArray(String[]::new));
            assertRefused("--limit: must be at least 2 and whole, or above 0 and below 1 for a share of the documents, not " + Double.parseDouble(limit));
        }
        eval(Stream.concat(Arrays.stream(model), Stream.of("--tasks", "stories_agreement", "--limit", "0.001")).toArray(String[]::new));
        assertRefused("stories_agreement: 1 of 500 documents is asked, and intervals need 2");
        eval(Stream.concat(Arrays.stream(model), Stream.of("--tasks", "stories_agreement", "--num_fewshot", "2")).toArray(String[]::new));
        assertRefused("--num_fewshot 2: stories have no examples in front");
        eval(Stream.concat(Arrays.stream(model), Stream.of("--tasks", "piqa", "--num_fewshot", "2")).toArray(String[]::new));
        assertRefused("fewshot_data: missing; expected the file that the num_fewshot examples are taken from, here or by --task-set fewshot_data=FILE");
        eval(Stream.concat(Arrays.stream(model), Stream.of("--num_fewshot", "5")).toArray(String[]::new));
        assertRefused("--num_fewshot goes with --tasks");
        eval(Stream.concat(Arrays.stream(model), Stream.of("--tasks", "stories_agreement", "--max-length", "100")).toArray(String[]::new));
        assertRefused("--max-length: 100 tokens are more than the 64");
        eval(Stream.concat(Arrays.stream(model), Stream.of("--tasks", "stories_agreement", "--rule", "griffin", "--coverage", "all")).toArray(String[]::new));
        assertRefused("griffin chooses by a request's context, which coverage all does not leave alone; use generated");
        // A choice of one letter behind a context of none, which is the one token that stands for it, and behind "no".
        Files.writeString(folder.resolve("letters.jsonl"), "{\"q\": \"no\", \"a\": 0}\n{\"q\": \"\", \"a\": 1}\n");
        Path letters = Files.writeString(folder.resolve("letters.yaml"), "task: letters\noutput_type: multiple_choice\ndata: letters.jsonl\ndoc_to_text: q\n"
                + "doc_to_choice: [a, b]\ntarget_delimiter: ''\ndoc_to_target: '{{ a }}'\nmetric_list: [acc]\n");
        Path out = folder.resolve("refused");
        String[] both = {"--tasks", "stories_agreement," + letters, "--rule", "griffin", "--limit", "4", "--out", out.toString(), "--coverage"};
        eval(Stream.concat(Arrays.stream(model), Stream.concat(Arrays.stream(both), Stream.of("decode"))).toArray(String[]::new));
        assertRefused("letters: rule griffin chooses by a request's context, and with coverage decode there is nothing of a context of one token, as ",
                "letters.jsonl: line 2 has (1 of 2 documents); use generated");
        eval(Stream.concat(Arrays.stream(model), Stream.concat(Arrays.stream(both), Stream.of("generated"))).toArray(String[]::new));
        assertRefused("letters: coverage generated names no token of any document, so no sparsity can be told; use all or decode");
        assertFalse(Files.exists(out), "nothing is measured before all is known to be possible");
        eval(Stream.concat(Arrays.stream(model), Stream.of("--tasks", "stories_agreement,stories_agreement")).toArray(String[]::new));
        assertRefused("a task is named twice");
    }

    @Test
    void aResultReplacesNoneButOneOfTheSameMeasurement() throws IOException {
        String[] measurement = {"--run", run.toString(), "--windows", "2", "--window", "16", "--replicates", "40", "--sites", "input"};
        eval(measurement);
        Path first = kept().get(0);
        String before = Files.readString(first);
        for (String[] other : List.of(new String[] {"--bar", "1.05"}, new String[] {"--windows", "3"}, new String[] {"--sites", "up"})) {
            List<String> changed = new ArrayList<>(List.of(measurement));
            if (changed.contains(other[0])) {
                changed.set(changed.indexOf(other[0]) + 1, other[1]);
            } else {
                changed.addAll(List.of(other));
            }
            eval(changed.toArray(String[]::new));
            assertEquals(null, failure);
        }
        assertEquals(4, kept().size());
        assertEquals(before, Files.readString(first));
        eval(measurement);
        assertEquals(4, kept().size());
    }

    @Test
    void whereAResultCantBeKeptTheWorkGoesOn() throws IOException {
        Files.writeString(run.resolve("eval"), "a file in the folder's place");
        String[] measurement = {"--run", run.toString(), "--windows", "2", "--window", "16", "--replicates", "40", "--sites", "input"};
        String table = eval(measurement);
        assertEquals(null, failure);
        assertTrue(table.contains("input "), table);
        assertTrue(err.toString().contains("not kept") && err.toString().contains("is a file") && err.toString().contains("--out FILE"), err.toString());
        Path out = folder.resolve("report");
        Path other = folder.resolve("other");
        write(other, FeedForward.ungated("relu"));
        String compared = compare(run.toString(), other.toString(), "--set", "data.text=" + text, "--windows", "2", "--window", "16",
                "--replicates", "40", "--sites", "input", "--out", out.toString());
        assertEquals(null, failure);
        assertTrue(compared.contains("tiny: the result is not kept for the next time: "), compared);
        assertTrue(compared.contains("note: \"tiny\" was trained on "), compared);
        assertTrue(Files.readString(out.resolve("report.html")).contains("of sha256 abc…"));
    }

    @Test
    void whereAReportCantGoNothingIsMeasured() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "");
        Path foreign = Files.createDirectory(folder.resolve("site"));
        Files.writeString(foreign.resolve("report.html"), "a page of my own");
        for (Path out : List.of(file, file.resolve("x"), foreign)) {
            String printed = compare(run.toString(), run.resolve("checkpoints/step-000012").toString(), "--out", out.toString());
            assertRefused(out.toString(), "name another");
            assertEquals("", printed);
        }
        assertEquals("", eval("--run", run.toString(), "--out", file.resolve("x").toString()));
        assertRefused("is a file, not a folder");
        assertEquals("", eval("--run", run.toString(), "--json", folder.toString()));
        assertRefused("is a folder");
        assertFalse(Files.exists(run.resolve("eval")));
    }

    @Test
    void whoIsAskedToStopSaysWhatIsKept() throws IOException {
        try (Workers workers = new Workers(2)) {
            Settings settings = new Settings("top_p", List.of(1.0), TokenCoverage.EVERY, List.of(SiteSet.INPUT), 1.01, 20, 1, 0.95);
            Measuring measuring = new Measuring(List.of(), 2, 16, settings, DEVICE, workers, () -> true, line -> { });
            String message = assertThrows(InterruptedRunException.class, () -> measuring.of(run.toString())).getMessage();
            assertTrue(message.startsWith("stopped while measuring " + run) && message.contains("the same command goes on"), message);
        }
        assertEquals(List.of(), kept());
    }

    private void keep(RobustnessResult result, JsonNode provenance) throws IOException {
        Files.writeString(kept().get(0), ResultJson.text(new RobustnessResult(result.version(), result.model(), result.data(),
                result.settings(), provenance, result.dense(), result.curves())));
    }

    @Test
    void comparingMeasuresWhatIsNotKeptAndTakesTheRestAsItIs() throws IOException {
        Path other = folder.resolve("other");
        write(other, FeedForward.ungated("relu"));
        List<String> lines = new ArrayList<>();
        try (Workers workers = new Workers(1)) {
            Settings settings = new Settings("top_p", List.of(1.0, 0.5), TokenCoverage.EVERY, List.of(SiteSet.INPUT, SiteSet.GATE), 1.01, 20, 1, 0.95);
            Measuring measuring = new Measuring(List.of("data.text=" + text), 2, 16, settings, DEVICE, workers, () -> false, lines::add);
            RobustnessResult result = measuring.of(run.toString());
            RobustnessResult bare = measuring.of(other.toString());
            assertEquals(List.of(SiteSet.INPUT), bare.settings().sites());
            int before = lines.size();
            assertEquals(result, measuring.of(run.toString()));
            assertEquals(List.of("tiny: measured before, " + kept().get(0)), lines.subList(before, lines.size()));
            Comparison comparison = Comparing.of(List.of(result, bare));
            assertEquals(List.of(SiteSet.INPUT), comparison.differences().stream().map(d -> d.sites()).distinct().toList());
        }
    }

    @Test
    void resultsThatEvalWroteAreComparedAsTheyAre() throws IOException {
        Path other = folder.resolve("other");
        write(other, FeedForward.ungated("relu"));
        Path file = folder.resolve("result.json");
        Path second = Files.createDirectories(folder.resolve("second")).resolve("result.json");
        eval("--run", run.toString(), "--windows", "2", "--window", "16", "--replicates", "40", "--out", file.toString());
        eval("--model", other.toString(), "--windows", "2", "--window", "16", "--replicates", "40", "--set", "data.text=" + text, "--out", second.toString());
        String table = compare(file.toString(), second.getParent().toString(), "--out", folder.resolve("compared").toString());
        assertEquals(null, failure);
        assertTrue(table.contains("tiny / other: loss × ") || table.contains("other / tiny: loss × "), table);
        assertFalse(table.contains("measuring"), table);
        String mixed = compare(second.toString(), run.toString(), "--windows", "2", "--window", "16", "--replicates", "40", "--out", folder.resolve("compared").toString());
        assertEquals(null, failure);
        assertTrue(mixed.contains("tiny: measuring 2 windows") && !mixed.contains("other: measuring"), mixed);
        String byFile = compare(file.toString(), second.toString(), "--control", second.toString(), "--out", folder.resolve("compared").toString());
        assertTrue(byFile.contains("other is the control of tiny: named by --control."), byFile);
        Path copy = Files.copy(file, folder.resolve("copy.json"));
        compare(file.toString(), copy.toString(), "--control", "tiny", "--out", folder.resolve("compared").toString());
        assertRefused("--control: several models are called tiny; name it by its folder or file");
        Files.writeString(file, "{}");
        compare(file.toString(), second.toString(), "--out", folder.resolve("compared").toString());
        assertRefused("result.json: version is missing");
        compare(second.toString(), "--out", folder.resolve("compared").toString());
        assertRefused("at least two models");
    }

    private static void write(Path checkpoint, int positions, long seed) {
        ModelConfig config = ModelConfig.llama(257, 16, 24, 2, 2, 1, 8, 1e-6, RotaryPosition.plain(10_000), true, FeedForward.gated("relu"), positions, 0.1,
                OptionalInt.empty(), List.of(256));
        AtomicFiles.folder(checkpoint, fresh -> Checkpoint.write(fresh, Initialization.of(config, DEVICE, seed)));
    }

    @Test
    void manyAreSortedAndWhatIsActiveTogetherIsTold() throws IOException {
        Path copy = folder.resolve("copy");
        write(copy, 64, 3); // the run's own weights
        Path apart = folder.resolve("apart");
        write(apart, 64, 4);
        Path other = folder.resolve("other");
        write(other, FeedForward.ungated("relu"));
        Path out = folder.resolve("compared");
        String[] options = {"--set", "data.text=" + text, "--windows", "3", "--window", "16", "--replicates", "40", "--sites", "input,intermediate", "--out", out.toString()};
        String table = compare(Stream.concat(Stream.of(run, copy, apart, other).map(Path::toString), Arrays.stream(options)).toArray(String[]::new));
        assertEquals(null, failure);
        JsonNode json = Json.read(out.resolve("report.json"));
        assertEquals(4, json.at("/leaderboard/boards/0/rows").size());
        assertEquals("intermediate", json.at("/leaderboard/sites").asText());
        assertTrue(table.contains("critical at INTERMEDIATE") && table.contains("A rank of a–b:"), table);
        // The control is the run; the model without a gate is of another shape, as its counts of parameters say, but not of its intermediate vectors.
        List<JsonNode> overlaps = new ArrayList<>();
        json.get("overlaps").forEach(overlaps::add);
        assertEquals(List.of("1-0 not 0", "1-0 top_p 0.9", "2-0 not 0", "2-0 top_p 0.9", "3-0 not 0", "3-0 top_p 0.9"),
                overlaps.stream().map(o -> o.get("model") + "-" + o.get("against") + " " + o.get("active").asText()).toList());
        assertEquals(1, overlaps.get(0).get("overlap").asDouble(), 1e-12);
        assertEquals(overlaps.get(2).get("expected").asDouble(), overlaps.get(2).get("overlap").asDouble(), 0.15);
        assertTrue(table.contains("copy and tiny: neurons active together (not 0) 1.0000 [1.0000, 1.0000], by chance 0."), table);
        String byInput = compare(Stream.concat(Stream.of(run, copy).map(Path::toString), Stream.concat(Arrays.stream(options), Stream.of("--rank-by", "input"))).toArray(String[]::new));
        assertTrue(byInput.contains("critical at INPUT") && byInput.contains("tiny: measured before"), byInput);
        // The same model twice: two ranks that can't be told.
        assertEquals(2, byInput.lines().filter(line -> line.startsWith("1–2 ")).count(), byInput);
        compare(Stream.concat(Stream.of(run, copy).map(Path::toString), Stream.concat(Arrays.stream(options), Stream.of("--rank-by", "gate"))).toArray(String[]::new));
        assertRefused("--rank-by: gate is not among --sites input, intermediate");
        compare(Stream.concat(Stream.of(run, copy).map(Path::toString), Stream.concat(Arrays.stream(options), Stream.of("--rank-by", "door"))).toArray(String[]::new));
        assertRefused("--rank-by: no site 'door'");
    }

    @Test
    void aFolderStandsForTheRunsInIt() throws IOException {
        Path second = run.resolveSibling("second");
        write(second.resolve("checkpoints/step-000012"), 64, 4);
        Files.copy(run.resolve("config.yaml"), second.resolve("config.yaml"));
        Files.createDirectories(run.resolveSibling("no run"));
        Files.createDirectories(run.resolveSibling("begun").resolve("checkpoints"));
        Files.copy(run.resolve("config.yaml"), run.resolveSibling("begun").resolve("config.yaml"));
        String table = compare(run.getParent().toString(), "--windows", "2", "--window", "16", "--replicates", "40", "--sites", "intermediate",
                "--out", folder.resolve("out").toString());
        assertEquals(null, failure);
        assertTrue(table.contains("second: measuring 2 windows") && table.contains("tiny: measuring 2 windows") && !table.contains("begun"), table);
        // Nothing named: the windows that both have results of on this text by this rule, and where they have several, the usual ones.
        Path other = Files.writeString(folder.resolve("other.txt"), "another text, of the same bytes. ".repeat(60));
        for (String each : List.of(run.toString(), second.toString())) {
            eval("--run", each, "--windows", "4", "--window", "16", "--replicates", "40", "--sites", "intermediate", "--set", "data.text=" + other);
            assertEquals(null, failure);
            eval("--run", each, "--windows", "5", "--window", "16", "--replicates", "40", "--sites", "intermediate", "--rule", "top_k");
            Files.writeString(Path.of(each).resolve("eval").resolve(Path.of(each).equals(run) ? "step-000012-0x16-00000000.json" : "step-000012-1x16-00000000.json"), "");
        }
        String kept = compare(run.getParent().toString(), "--replicates", "40", "--sites", "intermediate", "--out", folder.resolve("out").toString());
        assertTrue(kept.startsWith("2 windows of 16 tokens: all models have results of these") && kept.contains("tiny: measured before") && !kept.contains("measuring"), kept);
        String longer = compare(run.getParent().toString(), "--windows", "3", "--window", "16", "--replicates", "40", "--sites", "intermediate", "--out", folder.resolve("out").toString());
        assertTrue(longer.contains("tiny: measuring 3 windows of 16 tokens"), longer);
        String several = compare(run.getParent().toString(), "--replicates", "40", "--sites", "intermediate", "--out", folder.resolve("out").toString());
        assertFalse(several.contains("all models have results"), several);
        String[] again = {run.getParent().toString(), "--windows", "2", "--window", "16", "--replicates", "40", "--sites", "intermediate", "--out", folder.resolve("out").toString()};
        for (String control : List.of("tiny", run.toString(), run.resolve("checkpoints/step-000012").toString())) {
            String named = compare(Stream.concat(Arrays.stream(again), Stream.of("--control", control)).toArray(String[]::new));
            assertTrue(named.contains("tiny is the control of second: named by --control.") && named.contains("second / tiny: loss"), named);
        }
        compare(Stream.concat(Arrays.stream(again), Stream.of("--control", "third")).toArray(String[]::new));
        assertRefused("--control: no model third; there are second, tiny");
        compare(run.getParent().toString(), run.toString(), "--out", folder.resolve("out").toString());
        assertRefused("a folder is named twice");
        compare(folder.resolve("out").toString(), "--out", folder.resolve("out").toString());
        assertRefused("out: neither a checkpoint (no config.json) nor a run");
    }

    @Test
    void windowsAreAsLongAsAllOfTheModelsRead() throws IOException {
        Path brief = folder.resolve("brief");
        write(brief, 32, 4);
        String[] common = {run.toString(), brief.toString(), "--set", "data.text=" + text, "--windows", "2", "--replicates", "40", "--sites", "intermediate", "--out",
            folder.resolve("out").toString()};
        assertEquals("", compare(Stream.concat(Arrays.stream(common), Stream.of("--window", "64")).toArray(String[]::new)));
        assertRefused("--window: 64 tokens are more than the 32 (max_position_embeddings) that " + brief);
        String table = compare(common);
        assertEquals(null, failure);
        assertTrue(table.contains("windows of 32 tokens: brief reads no more at once") && table.contains("tiny: measuring 2 windows of 32 tokens"), table);
        assertEquals(32, Json.read(folder.resolve("out").resolve("report.json")).at("/comparison/models/0/data/window_length").asInt());
    }

    @Test
    void keptResultsAreReadUnderTheBarThatIsNamed() throws IOException {
        Path other = folder.resolve("other");
        write(other, FeedForward.ungated("relu"));
        List<String> files = new ArrayList<>();
        for (Path model : List.of(run, other)) {
            files.add(folder.resolve(model.getFileName() + ".json").toString());
            eval("--model", model.toString(), "--windows", "2", "--window", "16", "--replicates", "40", "--set", "data.text=" + text, "--sites", "intermediate",
                    "--out", files.get(files.size() - 1));
        }
        Path out = folder.resolve("compared");
        compare(files.get(0), files.get(1), "--bar", "1.2", "--out", out.toString());
        assertEquals(null, failure);
        JsonNode json = Json.read(out.resolve("report.json"));
        assertEquals(List.of("1.2", "1.2"), json.findValuesAsText("bar"));
        assertTrue(json.get("summary").asText().replace('\u00a0', ' ').contains("perplexity stays within 20 % of"), json.get("summary").asText());
        compare(files.get(0), files.get(1), "--out", out.toString());
        assertEquals(List.of("1.01", "1.01"), Json.read(out.resolve("report.json")).findValuesAsText("bar"));
    }

    /** Each of a byte-level tokenizer's tokens is spelled with a letter a byte. */
    @Test
    void bytesAreKnownOfTokensThatAreNone() throws IOException {
        WordCounts words = new WordCounts(List.of("<|endoftext|>"), () -> { });
        words.add(text);
        BpeVocabulary vocabulary = BpeTrainer.train(words.counts(), 290, 2, List.of("<|endoftext|>"), tokens -> { });
        Path bare = folder.resolve("bare");
        write(bare, FeedForward.gated("relu"), 300);
        AtomicFiles.folder(folder.resolve("tokenizer"), vocabulary::write);
        Files.copy(folder.resolve("tokenizer/tokenizer.json"), bare.resolve("tokenizer.json"));
        Path out = folder.resolve("out.json");
        eval("--model", bare.toString(), "--windows", "3", "--window", "16", "--replicates", "40", "--sites", "input", "--set", "data.text=" + text,
                "--set", "data.cache=" + folder.resolve("cache"), "--out", out.toString());
        assertEquals(null, failure);
        ModelSource source = ModelSource.of(bare.toString());
        int[] targets = Windows.first(Corpora.open(source.data(List.of("data.text=" + text, "data.cache=" + folder.resolve("cache")))).validation(), 3, 16).targets();
        long bytes = Arrays.stream(targets).mapToLong(id -> vocabulary.tokens().get(id).length()).sum();
        RobustnessResult result = read(out);
        assertTrue(bytes > 48, "tokens are longer than bytes");
        assertEquals(bytes, result.data().bytes().orElseThrow());
        assertEquals(result.dense().loss() * 48 / bytes, result.dense().lossPerByte().orElseThrow(), 1e-9);
    }

    @Test
    void aBareCheckpointTakesItsDataFromTheCommandLine() {
        Path bare = folder.resolve("bare");
        write(bare, FeedForward.ungated("relu"));
        Path out = folder.resolve("out.json");
        String json = eval("--model", bare.toString(), "--windows", "2", "--window", "16", "--set", "data.text=" + text, "--out", out.toString(), "--json", "-");
        assertEquals(null, failure);
        RobustnessResult result = ResultJson.read(out, RobustnessResult.class, RobustnessResult.VERSION);
        assertEquals(ResultJson.text(result), json);
        assertEquals(List.of(SiteSet.INPUT, SiteSet.INTERMEDIATE, SiteSet.ALL_INPUTS), result.settings().sites());
        assertEquals(Training.UNKNOWN, result.model().training());
        assertFalse(Files.exists(bare.resolve("eval")));
    }

    @Test
    void wrongInputIsRefusedBeforeAnythingIsWritten() throws IOException {
        eval("--run", folder.resolve("nowhere").toString());
        assertRefused("nowhere", "no such folder");
        eval("--run", "no-run-of-this-name");
        assertRefused("no-run-of-this-name: no such folder, and none in runs/ of that name");
        Path empty = Files.createDirectories(folder.resolve("empty").resolve("checkpoints")).getParent();
        eval("--run", empty.toString());
        assertRefused("empty", "no checkpoint yet");
        eval("--run", run.toString(), "--windows", "100000", "--window", "16");
        assertRefused("100000", "windows");
        eval("--run", run.toString(), "--windows", "0", "--bar", "0.5", "--sites", "middle");
        assertRefused("--windows", "--bar", "--sites", "no site 'middle'");
        eval("--run", run.toString(), "--replicates", "100001");
        assertRefused("--replicates: must be at most 100000, not 100001");
        eval("--run", run.toString(), "--windows", "2", "--window", "65");
        assertRefused("--window: 65 tokens are more than the 64 (max_position_embeddings) that " + run, "smaller --window");
        assertEquals("", err.toString());
        eval("--run", run.toString(), "--data", "x.csv");
        assertRefused("--data goes with --dl4j");
        eval("--dl4j", "x.zip", "--label", "y");
        assertRefused("--out DIR", "--label names a column of --data");
        eval("--dl4j", "x.zip", "--data", "x.csv", "--set", "data.text=y", "--sites", "up", "--out", folder.resolve("o").toString());
        assertRefused("--data and --set", "--sites are a language model's");
        eval("--dl4j", "x.zip", "--data", "x.csv", "--out", folder.resolve("o").toString());
        assertRefused("lacuna-dl4j is not on the class path");
        eval("--run", run.toString(), "--set", "data.txt=x");
        assertRefused("data.txt", "text");
        Path bare = folder.resolve("bare");
        write(bare, FeedForward.ungated("relu"));
        eval("--run", bare.toString());
        assertRefused("not a run's folder");
        eval("--model", bare.toString(), "--windows", "2", "--window", "16", "--set", "data.text=" + text, "--sites", "gate");
        assertRefused("no gate");
        Files.writeString(run.resolve("checkpoints").resolve("step-000012").resolve("tokenizer.json"), "{\"model\": {}}");
        eval("--run", run.toString());
        assertRefused("tokenizer.json", "no tokens");
        try (Stream<Path> files = Files.list(run)) {
            assertEquals(List.of("checkpoints", "config.yaml"), files.map(file -> file.getFileName().toString()).sorted().toList());
        }
    }

    @Test
    void filesOfARunThatAreSpoiltAreNamedBeforeItIsMeasured() throws IOException {
        Path recipe = run.resolve("config.yaml");
        String whole = Files.readString(recipe);
        Files.writeString(recipe, "more: &more\n  more: *more\n" + whole);
        eval("--run", run.toString());
        assertRefused(recipe + ": not valid YAML");
        Files.write(recipe, new byte[] {(byte) 0xFF});
        eval("--run", run.toString());
        assertRefused(recipe + ": is not UTF-8 text");
        Files.writeString(recipe, whole);
        Files.writeString(run.resolve("provenance.json"), "[[[");
        assertEquals("", eval("--run", run.toString(), "--windows", "2", "--window", "16"));
        assertRefused("provenance.json: not valid JSON");
    }

    @Test
    void aTextGoesOnFromItsPromptAndTheSeedDecidesHow() {
        String one = generate("--model", run.toString(), "--prompt", "line", "--max-new-tokens", "90", "--temperature", "1", "--seed", "4");
        assertEquals(null, failure);
        assertTrue(one.startsWith("line"), one);
        assertEquals(one, generate("--model", run.toString(), "--prompt", "line", "--max-new-tokens", "90", "--temperature", "1", "--seed", "4"));
        assertNotEquals(one, generate("--model", run.toString(), "--prompt", "line", "--max-new-tokens", "90", "--temperature", "1", "--seed", "5"));
    }

    @Test
    void idsThatTheTokenizerHasNotAreNoText() {
        Path padded = folder.resolve("padded");
        write(padded, FeedForward.gated("silu"), 4000);
        new ByteTokenizer().save(padded.resolve("tokenizer.json"));
        String text = generate("--model", padded.toString(), "--prompt", "a", "--max-new-tokens", "60", "--temperature", "1");
        assertEquals(null, failure);
        assertTrue(text.startsWith("a") && text.length() < 20, text);
    }

    @Test
    void aTextEndsBeforeAStop() {
        String all = generate("--model", run.toString(), "--prompt", "line", "--max-new-tokens", "40", "--temperature", "0").strip();
        String stop = all.substring(8, 10);
        String cut = generate("--model", run.toString(), "--prompt", "line", "--max-new-tokens", "40", "--temperature", "0", "--stop", stop).strip();
        assertEquals(null, failure);
        assertEquals(all.substring(0, all.indexOf(stop, 4)).strip(), cut);
        generate("--model", run.toString(), "--stop", "");
        assertRefused("--stop");
        generate("--model", run.toString(), "--top-p", "0");
        assertRefused("--top-p");
    }

    @Test
    void aTextOfAnyLengthIsPrintedAsItComes() {
        List<String> printed = new ArrayList<>();
        Writer reader = new Writer() {
            @Override
            public void write(char[] buffer, int offset, int length) throws IOException {
                if (printed.size() == 100) {
                    throw new IOException("the reader has gone");
                }
                printed.add(new String(buffer, offset, length));
            }

            @Override
            public void flush() { }

            @Override
            public void close() { }
        };
        failure = null;
        // As much as can be asked for, of a model that all but never ends: only the reader ends it. Its window of 64 tokens is passed.
        new CommandLine(new GenerateCommand()).setOut(new PrintWriter(reader)).setExecutionExceptionHandler((e, line, parsed) -> {
            failure = e;
            return 1;
        }).execute("--model", run.toString(), "--prompt", "é", "--max-new-tokens", "2000000000", "--temperature", "0");
        assertInstanceOf(RunException.class, failure);
        assertEquals(100, printed.size());
        assertEquals("é", printed.get(0));
    }

    @Test
    void generateRefusesWhatItCannotRead() throws IOException {
        generate("--model", folder.resolve("nowhere").toString());
        assertRefused("no such folder");
        generate("--model", run.toString(), "--temperature", "-1");
        assertRefused("--temperature");
        generate("--model", run.toString(), "--max-new-tokens", "0");
        assertRefused("--max-new-tokens");
        Path tokenizer = run.resolve("checkpoints").resolve("step-000012").resolve("tokenizer.json");
        Files.writeString(tokenizer, "{}");
        generate("--model", run.toString());
        assertRefused("tokenizer.json", "no model");
        Files.delete(tokenizer);
        generate("--model", run.toString());
        assertRefused("tokenizer.json", "no such file");
    }
}
