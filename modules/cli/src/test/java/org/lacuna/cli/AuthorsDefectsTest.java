package org.lacuna.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.lacuna.data.Batch;
import org.lacuna.data.tokenize.ByteTokenizer;
import org.lacuna.eval.activation.Activations;
import org.lacuna.eval.method.Look;
import org.lacuna.eval.method.Method;
import org.lacuna.eval.method.Methods;
import org.lacuna.eval.robustness.Answers;
import org.lacuna.eval.robustness.DenseResult;
import org.lacuna.eval.robustness.Findings;
import org.lacuna.eval.robustness.MeasuredPoint;
import org.lacuna.eval.robustness.Robustness;
import org.lacuna.eval.robustness.Sequences;
import org.lacuna.eval.robustness.Settings;
import org.lacuna.eval.robustness.SiteResult;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.eval.robustness.TokenCoverage;
import org.lacuna.eval.robustness.Treatment;
import org.lacuna.fixtures.Fixtures;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.op.LacunaOps;
import org.lacuna.graph.op.Sparsify;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Program;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.Initialization;
import org.lacuna.model.Model;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.model.graph.DecoderGraph;
import org.lacuna.run.ExitCode;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.Json;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.critical.Estimator;
import org.lacuna.sparsity.critical.Level;
import org.lacuna.sparsity.measure.EffectiveRank;
import org.lacuna.sparsity.rule.RowScratch;
import org.lacuna.sparsity.rule.Rule;
import org.lacuna.sparsity.rule.Rules;
import org.lacuna.training.recipe.TrainRecipe;
import org.lacuna.training.study.StudyRecipe;
import org.lacuna.training.sweep.SweepRecipe;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;
import picocli.CommandLine.Model.CommandSpec;

/**
 * What is wrong with the benchmarking code that the authors of arXiv 2509.00454 published, a test for each that fails if Lacuna has the defect too.
 */
class AuthorsDefectsTest {
    private static final Path ROOT = Path.of("..", "..");
    private static final CpuDevice DEVICE = new CpuDevice();
    private static final Workers TEAM = new Workers(2);
    private static final int HIDDEN = 16;
    private static final int INNER = 24;
    private static final int VOCABULARY = 257;

    @TempDir
    private Path temp;

    @AfterAll
    static void end() {
        TEAM.close();
    }

    private static Model model(int layers) {
        ModelConfig config = ModelConfig.llama(VOCABULARY, HIDDEN, INNER, layers, 2, 1, 8, 1e-6, RotaryPosition.plain(10_000), true, FeedForward.gated("silu"),
                64, 0.3, OptionalInt.empty(), List.of(256));
        return Initialization.of(config, DEVICE, 3);
    }

    private static Batch windows(int rows, int length, int vocabulary) {
        Random random = new Random(8);
        return new Batch(rows, length, random.ints((long) rows * length, 0, vocabulary).toArray(), random.ints((long) rows * length, 0, vocabulary).toArray());
    }

    private static int width(SiteSet sites) {
        return sites.sites().stream().mapToInt(site -> site == Site.INPUT || site.inAttention() ? HIDDEN : INNER).sum();
    }

    /** A tiny checkpoint with a text, and what {@code eval} and {@code measure} take to read both. */
    private List<String> checkpoint() throws IOException {
        Path text = Files.writeString(temp.resolve("text.txt"), IntStream.range(0, 400).mapToObj(i -> "line " + i * i % 97).collect(Collectors.joining("\n")));
        Path folder = temp.resolve("tiny");
        Model model = model(2);
        AtomicFiles.folder(folder, fresh -> Checkpoint.write(fresh, model));
        new ByteTokenizer().save(folder.resolve("tokenizer.json"));
        return List.of("--model", folder.toString(), "--set", "data.text=" + text, "--windows", "3", "--window", "16");
    }

    private static Checkpoints.Result lacuna(String command, List<String> first, Object... more) {
        return Checkpoints.lacuna(Stream.of(Stream.of(command), first.stream(), Arrays.stream(more)).flatMap(s -> s).toArray());
    }

    /**
     * There: of a batch of requests, what stands behind a shorter one is counted as its tokens, so that a sparsity of 0.5 in lengths 6 and 2 is told as
     * 0.633.
     */
    @Test
    void paddingIsNoElement() {
        Model model = model(2);
        int[] lengths = {6, 2};
        for (int padding : new int[] {0, 5, 256}) {
            int[] inputs = {11, 12, 13, 14, 15, 16, 21, 22, padding, padding, padding, padding};
            int[] targets = {12, 13, 14, 15, 16, 17, 22, 23, Batch.NOT_SCORED, Batch.NOT_SCORED, Batch.NOT_SCORED, Batch.NOT_SCORED};
            for (SiteSet sites : SiteSet.values()) {
                for (String rule : List.of("top_k", "top_p", "max_p")) {
                    Answers together = answers(model, inputs, targets, lengths, sites, rule);
                    for (int text = 0; text < lengths.length; text++) {
                        int from = 6 * text;
                        int to = from + lengths[text];
                        Answers alone = answers(model, Arrays.copyOfRange(inputs, from, to), Arrays.copyOfRange(targets, from, to), new int[] {to - from},
                                sites, rule);
                        assertEquals((long) width(sites) * 2 * lengths[text], together.elements()[text]);
                        assertEquals(alone.elements()[0], together.elements()[text]);
                        assertEquals(alone.kept()[0][0], together.kept()[0][text], rule + " at " + sites.key() + ", text " + text);
                    }
                    if (rule.equals("top_k")) {
                        assertEquals(0.5, Arrays.stream(together.kept()[0]).sum() / (double) Arrays.stream(together.elements()).sum(), sites.key());
                    }
                }
            }
        }
    }

    private static Answers answers(Model model, int[] inputs, int[] targets, int[] lengths, SiteSet sites, String rule) {
        Sequences texts = new Sequences(new Batch(lengths.length, inputs.length / lengths.length, inputs, targets), lengths);
        Treatment half = new Treatment.Uniform(Rules.byName(rule), List.of(0.5));
        return Answers.of("tiny", model, DEVICE, TEAM, texts, sites.sites(), half, TokenCoverage.EVERY, Findings.NONE, "", () -> false);
    }

    /**
     * There: the effective rank is over the tokens that are not the tokenizer's padding, while the batch is filled up with 0, so that padding is in it, and a
     * real token that equals the padding ends its text.
     */
    @Test
    void theEffectiveRankIsOfEveryRealTokenAndOfNoOther() throws IOException {
        Model model = model(2);
        for (int special : new int[] {0, 5, 256}) {
            Batch texts = windows(3, 10, VOCABULARY);
            for (int at : new int[] {0, 4, 9, 17, 18, 19}) {
                texts.inputs()[at] = special;
            }
            Look look = new Look("tiny", model, DEVICE, texts, texts, 10, () -> false);
            Map<String, List<float[]>> vectors = new HashMap<>();
            look.visit(texts, Set.of(Site.INPUT, Site.INTERMEDIATE), (text, layer, site, values, n) -> {
                for (int t = 0; t < 10; t++) {
                    float[] vector = new float[n];
                    values.get(t * n, vector);
                    vectors.computeIfAbsent(site + " " + layer, key -> new ArrayList<>()).add(vector);
                }
            });
            for (Activations.Layer layer : Activations.of(look, model.config().feedForward().sites())) {
                assertEquals(30, layer.effectiveRank().tokens(), "token " + special);
                if (layer.site() == Site.INPUT || layer.site() == Site.INTERMEDIATE) {
                    double expected = EffectiveRank.of(vectors.get(layer.site() + " " + layer.layer()).toArray(float[][]::new)).value();
                    assertEquals(expected, layer.effectiveRank().value(), 1e-9, "token " + special);
                }
            }
        }
        // Windows of text are whole; what would have to be padded is refused.
        List<String> tiny = checkpoint();
        Checkpoints.Result tooMany = lacuna("measure", tiny.subList(0, 4), "--windows", "100000");
        assertTrue(tooMany.code() == ExitCode.BAD_INPUT && tooMany.err().contains("100000 are asked for"), tooMany.err());
        Path examples = Files.writeString(temp.resolve("a.jsonl"), """
                {"prompt": "a", "completion": "b"}
                {"prompt": "a", "completion": "bcd"}
                """);
        Checkpoints.Result padded = lacuna("measure", tiny.subList(0, 2), "--set", "data.instructions=" + examples);
        assertTrue(padded.code() == ExitCode.BAD_INPUT && padded.err().contains("a model is measured on running text"), padded.err());
    }

    /** There: what reads results looks for a key that is not written, and passes every file over for it, so that the table is empty. */
    @Test
    void aResultThatLacksAKeyIsAnErrorThatNamesIt() throws IOException {
        Path whole = temp.resolve("whole.json");
        assertEquals(ExitCode.DONE, lacuna("eval", checkpoint(), "--sites", "intermediate", "--grid", "1,0.5", "--replicates", "40", "--out", whole).code());
        Path lacking = temp.resolve("lacking.json");
        Map<String, String> without = new LinkedHashMap<>();
        without(Json.read(whole), "", without);
        assertTrue(without.size() > 60, without.keySet().toString());
        for (Map.Entry<String, String> change : without.entrySet()) {
            Files.writeString(lacking, change.getValue());
            Checkpoints.Result compared = Checkpoints.lacuna("compare", whole, lacking, "--out", temp.resolve("compared"));
            String key = change.getKey().substring(change.getKey().lastIndexOf('/') + 1);
            assertEquals(ExitCode.BAD_INPUT, compared.code(), "without " + change.getKey());
            assertTrue(compared.err().contains(lacking.toString()) && compared.err().contains(key), "without " + change.getKey() + ": " + compared.err());
        }
        Files.copy(whole, temp.resolve("again.json"));
        Checkpoints.Result compared = Checkpoints.lacuna("compare", whole, temp.resolve("again.json"), "--out", temp.resolve("compared"));
        assertEquals(ExitCode.DONE, compared.code(), "what lacks nothing is compared");
    }

    /** The texts of the result without one of its keys each; the provenance is what a build makes of it, and of equal parts the first stands for all. */
    private static void without(JsonNode whole, String at, Map<String, String> texts) {
        JsonNode here = whole.at(at);
        if (here.isArray() && !here.isEmpty()) {
            without(whole, at + "/0", texts);
        }
        if (here instanceof ObjectNode object) {
            List<String> keys = new ArrayList<>();
            object.fieldNames().forEachRemaining(keys::add);
            for (String key : keys) {
                ObjectNode copy = whole.deepCopy();
                ((ObjectNode) copy.at(at)).remove(key);
                texts.put(at + "/" + key, Json.line(copy));
                if (!key.equals("provenance")) {
                    without(whole, at + "/" + key, texts);
                }
            }
        }
    }

    /**
     * There: the evaluator calls a method that does not exist. A compiler sees to that here; what it does not see is what a README tells people to type. (That
     * each rule runs at each site from a checkpoint to a result is seen to where the command {@code eval} is tested.)
     */
    @Test
    void everyCommandAndOptionThatAReadmeNamesExists() throws IOException {
        CommandSpec lacuna = Main.commandLine(new PrintWriter(Writer.nullWriter()), new PrintWriter(Writer.nullWriter())).getCommandSpec();
        int commands = 0;
        for (Path readme : readmes()) {
            for (String line : Files.readAllLines(readme)) {
                for (String typed : typed(line, lacuna.subcommands().keySet())) {
                    CommandSpec spec = lacuna;
                    List<String> words = new ArrayList<>(List.of(typed.split("\\s+")));
                    while (!words.isEmpty() && spec.subcommands().containsKey(words.get(0))) {
                        spec = spec.subcommands().get(words.remove(0)).getCommandSpec();
                    }
                    assertTrue(spec != lacuna, readme + ": no command: " + typed);
                    assertTrue(spec.subcommands().isEmpty() || words.isEmpty() || !words.get(0).matches("[a-z]+"), readme + ": no such subcommand: " + typed);
                    for (String word : words) {
                        assertTrue(!word.matches("--[a-zA-Z][a-zA-Z0-9-]*") || spec.findOption(word) != null,
                                readme + ": " + spec.qualifiedName() + " has no option " + word + ": " + typed);
                    }
                    commands++;
                }
            }
        }
        assertTrue(commands > 40, "too few commands were found: " + commands);
    }

    private static List<Path> readmes() throws IOException {
        try (Stream<Path> files = Files.walk(ROOT)) {
            return files.filter(file -> file.getFileName().toString().equals("README.md") && !file.toString().matches(".*/(target|runs)/.*")).sorted().toList();
        }
    }

    /** What a line of a README tells to type: in {@code exec.args}, as a line of its own, or as the beginning of a row of the table of commands. */
    private static List<String> typed(String line, Set<String> names) {
        List<String> typed = new ArrayList<>();
        Matcher args = Pattern.compile("-Dexec\\.args=\"([^\"]*)\"").matcher(line);
        while (args.find() && !line.contains("exec.mainClass")) {
            if (!args.group(1).startsWith("COMMAND")) {
                typed.add(args.group(1));
            }
        }
        if (line.matches("    [a-z].*") && line.contains(" --") && names.contains(line.strip().split("\\s+")[0])) {
            typed.add(line.strip());
        }
        Matcher row = Pattern.compile("\\| ((?:`[a-z]+(?: [a-z]+)?`(?:, )?)+) \\|(.*)").matcher(line);
        if (row.matches() && names.contains(row.group(1).split("[` ]+")[1])) {
            String first = row.group(1).split("[` ]+")[1];
            for (String name : row.group(1).replace("`", "").split(", ")) {
                typed.add(name.startsWith(first) ? name : first + " " + name);
            }
            Matcher quoted = Pattern.compile("`(--[^`]*)`").matcher(row.group(2));
            while (quoted.find() && !row.group(1).contains(", ")) {
                typed.add(row.group(1).replace("`", "") + " " + quoted.group(1));
            }
        }
        return typed;
    }

    /** There: the paper's main figure, the sparsity at which 99 % of the quality is left, has no code; neither an interpolation nor an interval. */
    @Test
    void criticalSparsityIsInterpolatedAndHasAnInterval() {
        int windows = 50;
        int length = 10;
        long elements = 1000;
        Random random = new Random(2);
        double[] dense = random.doubles(windows, 15, 25).toArray();
        Settings settings = new Settings("top_p", List.of(1.0, 0.8, 0.6, 0.4), TokenCoverage.EVERY, List.of(SiteSet.INTERMEDIATE), 1.01, 400, 1, 0.95);
        double[] increases = {0, 0.004, 0.016, 0.2};
        double[] sparsities = {0, 0.3, 0.5, 0.7};
        List<MeasuredPoint> points = new ArrayList<>();
        for (int p = 0; p < increases.length; p++) {
            double increase = increases[p];
            double[] losses = Arrays.stream(dense).map(loss -> loss + length * increase * (0.5 + random.nextDouble())).toArray();
            // Scaled so that the mean over all is the increase itself.
            double factor = increase == 0 ? 0 : length * windows * increase / (Arrays.stream(losses).sum() - Arrays.stream(dense).sum());
            Arrays.setAll(losses, w -> dense[w] + factor * (losses[w] - dense[w]));
            long[] kept = new long[windows];
            Arrays.fill(kept, Math.round(elements * (1 - sparsities[p])));
            points.add(new MeasuredPoint(settings.grid().get(p), losses, kept, List.of(sparsities[p])));
        }
        DenseResult without = new DenseResult(2, OptionalDouble.empty(), Arrays.stream(dense).boxed().toList(), Map.of(), List.of(0));
        SiteResult curve = MeasuredPoint.curve(SiteSet.INTERMEDIATE, elements, length, points, without, settings);
        // On the straight line between the two points around the bar, in perplexities over the dense one.
        double expected = 0.3 + (0.5 - 0.3) * (1.01 - Math.exp(0.004)) / (Math.exp(0.016) - Math.exp(0.004));
        Level linear = curve.critical(Estimator.LINEAR).level();
        assertEquals(Level.Kind.AT, linear.kind());
        assertEquals(expected, linear.sparsity(), 1e-9);
        assertEquals(0.3, curve.critical(Estimator.GRID).level().sparsity(), 1e-12, "the last point that holds, without interpolation");
        var interval = curve.critical(Estimator.LINEAR).interval();
        assertTrue(interval.low() < expected && expected < interval.high() && interval.low() > 0.3 && interval.high() < 0.5, interval.toString());
        assertEquals(0.95, interval.confidence());
    }

    /** There: a model's settings name its layers one by one, and those of a model of 48 name 35. */
    @Test
    void aRuleIsAppliedInEveryLayer() {
        Model deep = model(48);
        Batch windows = windows(2, 8, VOCABULARY);
        Robustness robustness = new Robustness("deep", deep, DEVICE, TEAM, windows, () -> false);
        DenseResult dense = robustness.dense(OptionalLong.empty());
        Settings half = new Settings("top_k", List.of(1.0, 0.5), TokenCoverage.EVERY, List.of(SiteSet.values()), 1.01, 1, 1, 0.95);
        for (SiteSet sites : List.of(SiteSet.GATE, SiteSet.ALL_INPUTS)) {
            SiteResult curve = robustness.curve(sites, half, dense);
            assertEquals(Collections.nCopies(48, 0.0), curve.points().get(0).layerSparsity(), sites.key());
            assertEquals(Collections.nCopies(48, 0.5), curve.points().get(1).layerSparsity(), sites.key());
        }
        Model some = model(5);
        Look look = new Look("some", some, DEVICE, windows, windows, 8, () -> false);
        Robustness each = new Robustness("some", some, DEVICE, TEAM, windows, () -> false);
        DenseResult without = each.dense(OptionalLong.empty());
        for (Method method : Methods.all()) {
            List<Double> grid = List.of("threshold", "max_p", "cett").contains(method.name()) ? List.of(0.0, 0.2) : List.of(1.0, 0.2);
            Settings settings = new Settings(method.name(), grid, TokenCoverage.EVERY, List.of(SiteSet.INTERMEDIATE), 1.01, 1, 1, 0.95);
            SiteSet sites = method.sites(some.config()).contains(Site.INTERMEDIATE) ? SiteSet.INTERMEDIATE : SiteSet.GATE;
            SiteResult curve = each.curve(sites, settings, without, method.treatments(grid, sites.sites(), look));
            assertEquals(List.of(0.0, 0.0, 0.0, 0.0, 0.0), curve.points().get(0).layerSparsity(), method.name());
            List<Double> shares = curve.points().get(1).layerSparsity();
            assertTrue(shares.size() == 5 && shares.stream().allMatch(share -> share > 0), method.name() + ": " + shares);
        }
    }

    /** There: settings for models and layers are named by scripts, and are absent. */
    @Test
    void everyRecipeLoadsAndEveryFileThatIsNamedExists() throws IOException {
        List<Path> recipes;
        try (Stream<Path> files = Files.walk(ROOT.resolve("configs"))) {
            recipes = files.filter(Files::isRegularFile).sorted().toList();
        }
        for (Path file : recipes) {
            assertTrue(file.toString().endsWith(".yaml"), file + " is no recipe");
            if (file.getParent().endsWith("sweeps")) {
                SweepRecipe sweep = SweepRecipe.load(file, List.of());
                assertTrue(Files.isRegularFile(ROOT.resolve(sweep.recipe())), file + " names " + sweep.recipe());
            } else if (file.getParent().endsWith("studies")) {
                StudyRecipe.load(file, List.of()).variants().forEach(variant -> assertTrue(Files.isRegularFile(ROOT.resolve(variant.recipe())), file + " names " + variant.recipe()));
            } else {
                TrainRecipe.load(file, List.of());
            }
        }
        assertTrue(recipes.size() > 30, "too few recipes were found: " + recipes.size());
        List<String> missing = new ArrayList<>();
        Pattern path = Pattern.compile("(?<![\\w./-])(?:configs|modules|eval|training|model-zoo)/[\\w./-]*\\w\\.(?:yaml|md|py|svg|sh|java)\\b");
        Pattern link = Pattern.compile("\\]\\(([^)#:]+)(?:#[^)]*)?\\)");
        int named = 0;
        for (Path file : Stream.of(recipes, readmes(), sources()).flatMap(List::stream).toList()) {
            String text = Files.readString(file);
            Matcher paths = path.matcher(text);
            while (paths.find()) {
                named++;
                boolean placeholder = paths.group().matches(".*/[A-Z]+/.*");
                if (!placeholder && !Files.exists(ROOT.resolve(paths.group()))) {
                    missing.add(file + " names " + paths.group());
                }
            }
            Matcher links = link.matcher(file.toString().endsWith(".md") ? text : "");
            while (links.find()) {
                named++;
                if (!Files.exists(file.resolveSibling(links.group(1)))) {
                    missing.add(file + " links to " + links.group(1));
                }
            }
        }
        assertEquals(List.of(), missing);
        assertTrue(named > 60, "too few files were found: " + named);
    }

    /** Messages and help texts name recipes too. */
    private static List<Path> sources() throws IOException {
        try (Stream<Path> files = Files.walk(ROOT)) {
            return files.filter(file -> file.toString().matches(".*/src/main/java/.*\\.java")).sorted().toList();
        }
    }

    /** How a rule orders a vector's non-zeros, the first to be kept first. */
    private static Comparator<Integer> order(String rule, float[] v) {
        Comparator<Integer> order = switch (rule) {
            case "top_p", "top_p_energy", "top_k", "max_p", "threshold", "none" -> Comparator.comparingDouble(j -> -Math.abs(v[j]));
            case "bottom_k" -> Comparator.comparingDouble(j -> Math.abs(v[j]));
            case "stat_top_k" -> Comparator.comparingDouble(j -> -v[j]);
            default -> throw new IllegalArgumentException(rule + " is a new rule: say how it orders entries");
        };
        return order.thenComparing(Comparator.naturalOrder());
    }

    private static Set<Integer> kept(Rule rule, float[] v, double p) {
        long[] bits = new long[(v.length + 63) / 64];
        Arrays.fill(bits, -1);
        int count = rule.keep(v, v.length, new double[] {p}, 0, bits, new RowScratch(v.length));
        Set<Integer> kept = IntStream.range(0, 64 * bits.length).filter(j -> (bits[j >> 6] & 1L << j) != 0).boxed()
                .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(kept.size(), count, rule.name());
        return kept;
    }

    /** There: the rules have no test, and are computed where no gradient passes. */
    @Test
    void everyRuleKeepsAPrefixOfItsOrderAndLetsAGradientThrough() {
        Random random = new Random(6);
        List<Double> shares = List.of(0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0);
        for (Rule rule : Rules.all()) {
            boolean risesWithP = !Set.of("max_p", "threshold").contains(rule.name());
            for (int n : new int[] {1, 2, 63, 64, 65, 200}) {
                for (int kind = 0; kind < 4; kind++) {
                    int of = kind;
                    float[] v = new float[n];
                    for (int j = 0; j < n; j++) {
                        v[j] = switch (of) {
                            case 0 -> (float) random.nextGaussian();
                            case 1 -> random.nextInt(3) - 1; // ties and zeros
                            case 2 -> 0.5f; // nothing but ties
                            default -> 0;
                        };
                    }
                    Set<Integer> nonZeros = IntStream.range(0, n).filter(j -> v[j] != 0).boxed().collect(Collectors.toCollection(TreeSet::new));
                    String what = rule.name() + " of " + n + ", kind " + kind;
                    assertEquals(nonZeros, kept(rule, v, risesWithP ? 1 : 0), what + ": all but zeros where nothing is to be left out");
                    Set<Integer> before = kept(rule, v, risesWithP ? 0 : 1);
                    for (double p : risesWithP ? shares : shares.stream().sorted(Comparator.reverseOrder()).toList()) {
                        Set<Integer> kept = kept(rule, v, p);
                        assertTrue(nonZeros.containsAll(kept), what + " keeps a zero");
                        assertTrue(kept.containsAll(before), what + ", p = " + p + ": what a stricter p keeps is kept");
                        assertEquals(kept, kept(rule, v.clone(), p), what + " is the same again");
                        if (!rule.name().equals("random_k")) {
                            List<Integer> prefix = nonZeros.stream().sorted(order(rule.name(), v)).toList().subList(0, kept.size());
                            assertEquals(kept, new TreeSet<>(prefix), what + ", p = " + p);
                        }
                        before = kept;
                    }
                }
            }
            assertGradients(rule);
        }
    }

    /** Straight through, the gradient in front of the mask is the one behind it; with the mask held fixed, it is masked too. */
    private static void assertGradients(Rule rule) {
        LacunaOps.register();
        double[] values = {0.5, -2, 1, 0.25, 3, -0.125};
        double[] behind = {1, 2, 3, 4, 5, 6};
        for (boolean straight : new boolean[] {true, false}) {
            SameDiff sd = SameDiff.create();
            SDVariable v = sd.var("v", Nd4j.createFromArray(values).reshape(1, 1, values.length));
            SDVariable code = sd.constant("rule", Nd4j.createFromArray(rule.code()));
            SDVariable parameters = sd.constant("parameters", Nd4j.createFromArray(new double[][] {{0.5}}));
            SDVariable y = (straight ? Sparsify.straightThrough(sd, "masked", "kept", v, code, parameters)
                    : Sparsify.of(sd, "masked", "kept", v, code, parameters, sd.constant("all", Nd4j.ones(DataType.INT32, 1, 1)), false))[0];
            y.mul(sd.constant("c", Nd4j.createFromArray(behind).reshape(1, 1, values.length))).sum("loss");
            sd.setLossVariables("loss");
            double[] masked = sd.outputSingle(Map.of(), "masked").dup('c').data().asDouble();
            double[] expected = behind.clone();
            Arrays.setAll(expected, j -> straight || masked[j] != 0 ? behind[j] : 0);
            assertArrayEquals(expected, sd.calculateGradients(Map.of(), "v").get("v").dup('c').data().asDouble(), rule.name());
        }
    }

    /**
     * There: a second model's code takes top-p of a whole text at once instead of each token, leaves out the element that crosses p, so that less than p is
     * kept, and finds the inputs of two of the block's three matrices.
     */
    @ParameterizedTest
    @FieldSource("org.lacuna.fixtures.Fixtures#NAMES")
    void theRuleIsTheSameOfEachTokenForEveryFamilyAndSite(String family) {
        Model model = Checkpoint.load(Fixtures.unpack(family, temp), DEVICE);
        ModelConfig config = model.config();
        double p = 0.6;
        for (SiteSet sites : SiteSet.values()) {
            if (!config.sites().containsAll(sites.sites())) {
                continue;
            }
            SameDiff graph = DecoderGraph.grid(config, sites.sites());
            Instance run = run(model, graph, sites.sites(), p);
            for (int layer = 0; layer < config.layers(); layer++) {
                for (Site site : sites.sites()) {
                    float[] v = run.tensor(DecoderGraph.site(layer, site)).toFloats();
                    float[] masked = run.tensor(DecoderGraph.site(layer, site) + ".sparse").toFloats();
                    int[] kept = run.tensor(DecoderGraph.kept(layer, site)).toInts();
                    for (int t = 0; t < kept.length; t++) {
                        int n = v.length / kept.length;
                        assertTopP(Arrays.copyOfRange(v, t * n, (t + 1) * n), Arrays.copyOfRange(masked, t * n, (t + 1) * n), kept[t], p,
                                family + ", " + DecoderGraph.site(layer, site) + ", token " + t);
                    }
                }
                if (sites == SiteSet.ATTENTION_INPUT) {
                    for (String projection : List.of("q", "k", "v")) {
                        assertReads(graph, "layers." + layer + ".attention." + projection, DecoderGraph.site(layer, Site.ATTENTION_INPUT));
                    }
                }
                if (sites == SiteSet.ATTENTION_OUTPUT) {
                    assertReads(graph, DecoderGraph.attention(layer), DecoderGraph.site(layer, Site.ATTENTION_OUTPUT));
                }
                if (sites.sites().contains(Site.INPUT)) {
                    String at = "layers." + layer + ".mlp.";
                    boolean gated = config.feedForward().gated();
                    boolean plainUp = gated && config.feedForward().upActivation().equals(FeedForward.IDENTITY);
                    assertReads(graph, plainUp ? DecoderGraph.site(layer, Site.UP) : at + "up_proj", DecoderGraph.site(layer, Site.INPUT));
                    if (gated) {
                        assertReads(graph, at + "gate_proj", DecoderGraph.site(layer, Site.INPUT));
                    }
                    if (sites == SiteSet.ALL_INPUTS) {
                        assertReads(graph, at + (config.feedForward().experts().isPresent() ? "down" : "output"), DecoderGraph.site(layer, Site.INTERMEDIATE));
                    }
                }
            }
        }
    }

    /** That a projection reads what the rule left. */
    private static void assertReads(SameDiff graph, String projection, String site) {
        List<String> read = Arrays.stream(graph.getVariableOutputOp(projection).args()).map(SDVariable::name).toList();
        assertTrue(read.contains(site + ".sparse"), projection + " reads " + read);
    }

    private static Instance run(Model model, SameDiff graph, Set<Site> sites, double p) {
        int rows = 2;
        int length = 12;
        Batch texts = windows(rows, length, model.config().vocabulary());
        Program.Builder builder = Program.of(graph, DEVICE);
        Stream.of(DecoderGraph.INPUT_IDS, DecoderGraph.POSITIONS, DecoderGraph.TOKEN_MASK, DecoderGraph.TARGETS, DecoderGraph.TOKEN_WEIGHT)
                .forEach(name -> builder.placeholder(name, rows, length));
        List<String> outputs = new ArrayList<>(List.of(DecoderGraph.NLL));
        for (int layer = 0; layer < model.config().layers(); layer++) {
            for (Site site : sites) {
                builder.placeholder(DecoderGraph.rule(layer, site), 1).placeholder(DecoderGraph.parameters(layer, site), 1, 1);
                outputs.addAll(List.of(DecoderGraph.site(layer, site), DecoderGraph.site(layer, site) + ".sparse", DecoderGraph.kept(layer, site)));
            }
        }
        Instance run = builder.outputs(outputs.toArray(String[]::new)).build().instance(model.parameters().values(), null);
        run.tensor(DecoderGraph.INPUT_IDS).set(texts.inputs());
        run.tensor(DecoderGraph.TARGETS).set(texts.targets());
        run.tensor(DecoderGraph.POSITIONS).set(IntStream.range(0, rows * length).map(i -> i % length).toArray());
        float[] ones = new float[rows * length];
        Arrays.fill(ones, 1);
        run.tensor(DecoderGraph.TOKEN_MASK).set(ones);
        run.tensor(DecoderGraph.TOKEN_WEIGHT).set(ones);
        for (int layer = 0; layer < model.config().layers(); layer++) {
            for (Site site : sites) {
                run.tensor(DecoderGraph.rule(layer, site)).set(new int[] {Rules.byName("top_p").code()});
                run.tensor(DecoderGraph.parameters(layer, site)).set(new double[] {p});
            }
        }
        run.run();
        return run;
    }

    /** What is left of a vector is the fewest largest entries whose sum is at least p of the whole. */
    private static void assertTopP(float[] v, float[] masked, int kept, double p, String what) {
        double total = 0;
        double left = 0;
        double least = Double.MAX_VALUE;
        double most = 0;
        int count = 0;
        for (int j = 0; j < v.length; j++) {
            total += Math.abs((double) v[j]);
            if (masked[j] != 0) {
                assertEquals(v[j], masked[j], what);
                left += Math.abs((double) v[j]);
                least = Math.min(least, Math.abs(v[j]));
                count++;
            } else {
                most = Math.max(most, Math.abs(v[j]));
            }
        }
        assertEquals(count, kept, what);
        assertFalse(count == v.length, what);
        assertTrue(least >= most, what);
        assertTrue(left >= p * total * (1 - 1e-12), what + " keeps " + left / total);
        assertTrue(left - least < p * total, what + " keeps an entry more than it takes");
    }
}
