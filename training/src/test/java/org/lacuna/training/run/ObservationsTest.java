package org.lacuna.training.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lacuna.data.Corpora;
import org.lacuna.data.sample.Windows;
import org.lacuna.data.tokenize.ByteTokenizer;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.data.tokenize.Tokenizers;
import org.lacuna.decode.Generator;
import org.lacuna.decode.Sampling;
import org.lacuna.eval.robustness.DenseResult;
import org.lacuna.eval.robustness.Robustness;
import org.lacuna.eval.robustness.Settings;
import org.lacuna.eval.robustness.SiteResult;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.eval.robustness.TokenCoverage;
import org.lacuna.graph.Device;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.Model;
import org.lacuna.run.InputException;
import org.lacuna.run.InterruptedRunException;
import org.lacuna.run.folder.MetricsLog;
import org.lacuna.sparsity.critical.Estimator;
import org.lacuna.training.recipe.TrainRecipe;

/** Samples, snapshots and the page of whole runs. */
class ObservationsTest {
    private static final Device DEVICE = new CpuDevice();
    private static final String SAMPLE = "train.sample={every: 8, prompt: Once upon, tokens: 20}";
    private static final String SNAPSHOT = "train.snapshot={every: 8, windows: 3, sites: [intermediate, all-inputs, attention-input]}";

    @TempDir
    private Path temp;

    private static TrainRecipe tiny(String... sets) {
        return TrainRecipe.load(RunFiles.NANO, Stream.concat(NanoProcess.TINY.stream(), Stream.concat(Stream.of("train.steps=20", "train.lr=1e-2", "train.saveEvery=8"), Stream.of(sets))).toList());
    }

    private Path train(TrainRecipe recipe, String name) {
        return train(recipe, name, new ArrayList<>());
    }

    private Path train(TrainRecipe recipe, String name, List<String> notes) {
        Path folder = temp.resolve(name);
        AfterStep progress = new AfterStep(step -> {});
        try (TrainingRun run = TrainingRun.begin(recipe, folder, DEVICE)) {
            run.train(progress, () -> false);
        }
        notes.addAll(progress.notes());
        return folder;
    }

    private static List<JsonNode> lines(Path run, String key) {
        return MetricsLog.read(run.resolve("metrics.jsonl")).stream().filter(line -> line.has(key)).toList();
    }

    private static List<Integer> steps(List<JsonNode> lines) {
        return lines.stream().map(line -> line.get("step").asInt()).toList();
    }

    @Test
    void theyChangeNothingOfTheRun() throws IOException {
        Path plain = train(tiny(), "plain");
        Path watched = train(tiny(SAMPLE, SNAPSHOT), "watched");
        for (String file : List.of("model.safetensors", "optimizer.safetensors", "state.json")) {
            Path last = Path.of("checkpoints/step-000020", file);
            assertArrayEquals(Files.readAllBytes(plain.resolve(last)), Files.readAllBytes(watched.resolve(last)), file);
        }
        assertEquals(RunFiles.metrics(plain), RunFiles.metrics(watched).stream().filter(line -> !line.contains("\"sample\"") && !line.contains("\"snapshot\"")).toList());
        assertEquals(List.of(8, 16, 20), steps(lines(watched, "sample")));
        assertEquals(List.of(8, 16, 20), steps(lines(watched, "snapshot")));
        assertEquals(0, lines(plain, "sample").size() + lines(plain, "snapshot").size());
    }

    /** A sample is what a generator that knows nothing of the run draws from the step's checkpoint. */
    @ParameterizedTest
    @CsvSource({"Once upon, 1", "'', 2"})
    void aSampleIsTheTextOfTheStepsModel(String prompt, int workers) {
        List<String> notes = new ArrayList<>();
        Path run = train(tiny("train.sample={every: 8, prompt: '" + prompt + "', tokens: 20}", "train.workers=" + workers), "run", notes);
        ByteTokenizer tokenizer = new ByteTokenizer();
        List<String> texts = new ArrayList<>();
        for (JsonNode line : lines(run, "sample")) {
            int step = line.get("step").asInt();
            Model model = Checkpoint.load(run.resolve(String.format("checkpoints/step-%06d", step)), DEVICE);
            int[] ids = prompt.isEmpty() ? new int[] {ByteTokenizer.END_OF_TEXT} : tokenizer.encode(prompt);
            List<Integer> tokens = new ArrayList<>();
            try (Generator generator = new Generator(model, DEVICE, 1)) {
                generator.generate(ids, 20, id -> id == ByteTokenizer.END_OF_TEXT, new Sampling(0.8, 0, 1), new SplittableRandom(step), tokens::add);
            }
            String text = tokenizer.decodeWithoutSpecial(tokens.stream().mapToInt(Integer::intValue).toArray());
            assertEquals(prompt, line.at("/sample/prompt").asText());
            assertEquals(text, line.at("/sample/text").asText(), "step " + step);
            texts.add(text);
        }
        assertEquals(3, texts.stream().distinct().count(), texts.toString());
        assertTrue(notes.get(0).startsWith("step 00008/00020 | sample: \"" + prompt) && notes.get(0).indexOf('\n') < 0, notes.get(0));
    }

    /** A snapshot is what a measurement that knows nothing of the run finds in the step's checkpoint, with the same values of p. */
    @Test
    void aSnapshotIsTheRobustnessOfTheStepsModel() {
        List<String> notes = new ArrayList<>();
        TrainRecipe recipe = tiny(SNAPSHOT, "train.evalWindows=3", "train.evalEvery=8", "train.workers=2");
        Path run = train(recipe, "run", notes);
        List<JsonNode> snapshots = lines(run, "snapshot");
        for (JsonNode line : snapshots) {
            Model model = Checkpoint.load(run.resolve(String.format("checkpoints/step-%06d", line.get("step").asInt())), DEVICE);
            Settings settings = new Settings("top_p", Settings.COARSE.grid(), TokenCoverage.EVERY, List.of(SiteSet.INTERMEDIATE, SiteSet.ALL_INPUTS, SiteSet.ATTENTION_INPUT), 1.01, 3, 5, 0.9);
            try (Workers workers = new Workers(1)) {
                Robustness robustness = new Robustness("it", model, DEVICE, workers, Windows.first(Corpora.open(recipe.data()).validation(), 3, 8), () -> false);
                DenseResult dense = robustness.dense(OptionalLong.empty());
                JsonNode found = line.get("snapshot");
                assertEquals(dense.loss(), found.get("loss").asDouble());
                for (SiteSet sites : settings.sites()) {
                    SiteResult curve = robustness.curve(sites, settings, dense);
                    assertEquals(curve.critical(Estimator.LINEAR).level().sparsity(), found.get(sites.key()).get("critical").asDouble());
                    assertEquals(curve.critical(Estimator.GRID).level().sparsity(), found.get(sites.key()).get("grid").asDouble());
                    assertEquals(curve.critical(Estimator.FIRST).level().sparsity(), found.get(sites.key()).get("first").asDouble());
                }
                double zeros = dense.exactZeros().get(SiteSet.INTERMEDIATE.sites().iterator().next()).stream().mapToDouble(Double::doubleValue).average().orElseThrow();
                assertEquals(zeros, found.at("/intermediate/zeros").asDouble(), 1e-12);
            }
        }
        JsonNode last = snapshots.get(2).get("snapshot");
        assertNotEquals(snapshots.get(0).at("/snapshot/loss"), last.get("loss"), "the model is another");
        // The validation of the same step is over the same windows.
        JsonNode validation = lines(run, "validation").get(2).get("validation");
        assertEquals(validation.get("loss").asDouble(), last.get("loss").asDouble(), 1e-5);
        assertEquals(validation.get("zeros").asDouble(), last.at("/intermediate/zeros").asDouble(), 1e-3);
        assertTrue(notes.get(2).matches("step 00020/00020 \\| snapshot loss: [0-9.]+ \\| intermediate critical: [0-9.>= ]+, zeros: [0-9.]+ \\| all_inputs critical: .*"), notes.get(2));
    }

    @Test
    void thePageComesAfterEachSnapshotAndAtTheEnd() throws IOException {
        List<Long> there = new ArrayList<>();
        Path folder = temp.resolve("run");
        try (TrainingRun run = TrainingRun.begin(tiny(SNAPSHOT), folder, DEVICE)) {
            run.train(new AfterStep(step -> {
                if (Files.exists(folder.resolve("report.html"))) {
                    there.add(step);
                }
            }), () -> false);
        }
        assertEquals(IntStream.rangeClosed(9, 20).mapToObj(Long::valueOf).toList(), there);
        String page = Files.readString(folder.resolve("report.html"));
        for (String chart : List.of("loss", "critical", "zeros", "dead", "lambda")) {
            assertTrue(page.contains("data-chart=\"" + chart + "\""), chart);
        }
        assertEquals(3, page.split("<th scope=\"row\"><data", -1).length - 1, "a row for each snapshot");
        Path plain = train(tiny("train.evalEvery=0"), "plain");
        String bare = Files.readString(plain.resolve("report.html"));
        assertTrue(bare.contains("data-chart=\"loss\"") && !bare.contains("data-chart=\"critical\""));
    }

    /** An infinite weight is found by the next loss, and the run goes back then; a look at the model before that is no end of it. */
    @Test
    void aModelWithoutNumbersIsNotedAndTheRunGoesOn() {
        TrainRecipe recipe = tiny(SAMPLE, SNAPSHOT, "train.rollback={times: 1, factor: 0.5}");
        AfterStep progress;
        Path folder = temp.resolve("run");
        try (TrainingRun run = TrainingRun.begin(recipe, folder, DEVICE)) {
            progress = AfterStep.poison(run, 16, 1);
            run.train(progress, () -> false);
        }
        List<String> failed = progress.notes().stream().filter(note -> note.startsWith("step 00016/00020 | no ")).toList();
        assertEquals(2, failed.size(), progress.notes().toString());
        assertTrue(failed.get(0).contains("no sample: the model's numbers overflow") && failed.get(1).contains("no snapshot: the model: the model's"), failed.toString());
        assertEquals(List.of(8, 16, 20), steps(lines(folder, "snapshot")));
    }

    @ParameterizedTest
    @CsvSource({"'', 1", "'[q_proj, v_proj, down_proj]', 2"})
    void whatTheyHoldIsWhatTheEngineAllocates(String targets, int workers) throws IOException {
        List<String> sets = new ArrayList<>(finetuning(train(tiny("train.steps=10"), "base")));
        sets.addAll(List.of("train.workers=" + workers, "train.sample={every: 1, prompt: '', tokens: 30}", "train.snapshot={every: 1, windows: 5, sites: [input, intermediate]}"));
        if (!targets.isEmpty()) {
            sets.add("model.lora={rank: 2, targets: " + targets + "}");
        }
        AtomicLong bytes = new AtomicLong();
        try (TrainingRun run = TrainingRun.begin(TrainRecipe.load(RunFiles.CONFIGS.resolve("finetune.yaml"), sets), temp.resolve("run"), counting(DEVICE, bytes))) {
            assertEquals(run.memory().bytes(), bytes.get());
            assertTrue(run.memory().observation() > 0);
            run.train(new AfterStep(step -> {}), () -> false);
            assertEquals(run.memory().bytes(), bytes.get(), "nothing is made on the way");
        }
    }

    /** Adapters are part of the model that is looked at: its loss is that of the validation, and not the base's. */
    @Test
    void adaptersArePartOfTheModel() throws IOException {
        Path base = train(tiny("train.steps=10"), "base");
        List<String> sets = new ArrayList<>(finetuning(base));
        sets.addAll(List.of("model.lora={rank: 4, targets: [q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj]}", "train.lr=0.05", "train.snapshot={every: 1, windows: 4}",
                "train.evalEvery=1", "train.evalWindows=4", "train.sample={every: 2, prompt: 'a', tokens: 30}"));
        Path run = train(TrainRecipe.load(RunFiles.CONFIGS.resolve("finetune.yaml"), sets), "run");
        List<JsonNode> validations = lines(run, "validation");
        List<JsonNode> snapshots = lines(run, "snapshot");
        for (int i = 0; i < 2; i++) {
            assertEquals(validations.get(i).at("/validation/loss").asDouble(), snapshots.get(i).at("/snapshot/loss").asDouble(), 1e-4);
        }
        assertTrue(Math.abs(snapshots.get(0).at("/snapshot/loss").asDouble() - snapshots.get(1).at("/snapshot/loss").asDouble()) > 1e-2, snapshots.toString());
        // The checkpoint's weights are the merged ones, which round otherwise: a few tokens are the same.
        Model merged = Checkpoint.load(run.resolve("checkpoints/step-000002"), DEVICE);
        Tokenizer tokenizer = Tokenizers.load(run.resolve("checkpoints/step-000002/tokenizer.json"));
        assertEquals(text(merged, tokenizer), lines(run, "sample").get(0).at("/sample/text").asText());
        assertNotEquals(text(Checkpoint.load(base.resolve("checkpoints/step-000010"), DEVICE), tokenizer), text(merged, tokenizer));
    }

    private static String text(Model model, Tokenizer tokenizer) {
        List<Integer> tokens = new ArrayList<>();
        int[] ids = IntStream.concat(IntStream.of(tokenizer.leading()), IntStream.of(tokenizer.encode("a"))).toArray();
        try (Generator generator = new Generator(model, DEVICE, 1)) {
            generator.generate(ids, 30, id -> model.config().eos().contains(id), new Sampling(0.8, 0, 1), new SplittableRandom(2), tokens::add);
        }
        return tokenizer.decode(tokens.stream().mapToInt(Integer::intValue).toArray());
    }

    private List<String> finetuning(Path from) throws IOException {
        return List.of("model.from='" + from + "'", "data.text=" + Files.writeString(temp.resolve("text"), "Letters follow one another by a rule. ".repeat(60)), "train.steps=2", "train.batch=4",
                "train.window=8", "train.warmup=1", "train.evalEvery=0");
    }

    private static Device counting(Device device, AtomicLong bytes) {
        return (Device) Proxy.newProxyInstance(Device.class.getClassLoader(), new Class<?>[] {Device.class}, (proxy, method, args) -> {
            if (method.getName().equals("allocate")) {
                bytes.addAndGet(args[0] instanceof TensorSpec spec ? spec.bytes() : (long) args[0]);
            }
            try {
                Object result = method.invoke(device, args);
                return result instanceof Device other ? counting(other, bytes) : result;
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        });
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            data.ids=IDS, data.vocabularySize=9, train.sample.every=5                                   | train.sample.every: 5, but there is no tokenizer
            model.ffn=ungated, train.snapshot.every=5, train.snapshot.sites=[intermediate, up]          | train.snapshot.sites: the model's feed-forward block has no up; expected of input,
            train.snapshot.every=5, train.snapshot.windows=1000                                         | train.snapshot.windows: data stories: the corpus has 498
            """)
    void whatCantBeLookedAtIsRefusedBeforeAnythingIsWritten(String sets, String message) throws IOException {
        Path ids = Files.write(temp.resolve("ids"), new byte[4000]);
        String[] all = sets.replace("IDS", ids.toString()).split(", (?=[a-zA-Z.]+=)");
        InputException e = assertThrows(InputException.class, () -> TrainingRun.begin(tiny(all), temp.resolve("run"), DEVICE));
        assertTrue(e.getMessage().startsWith(message), e.getMessage());
        assertFalse(Files.exists(temp.resolve("run")));
    }

    @Test
    void examplesAreNoRunningText() throws IOException {
        StringBuilder examples = new StringBuilder();
        for (int i = 0; i < 60; i++) {
            examples.append("{\"prompt\":\"").append(i).append("+1=\",\"completion\":\"").append(i + 1).append("\"}\n");
        }
        Path file = Files.writeString(temp.resolve("sums.jsonl"), examples.toString());
        InputException e = assertThrows(InputException.class, () -> TrainingRun.begin(tiny("data.instructions=" + file, "data.validationFraction=0.3", "train.snapshot.every=5"),
                temp.resolve("run"), DEVICE));
        assertTrue(e.getMessage().startsWith("train.snapshot.every: critical sparsity is measured on running text"), e.getMessage());
        assertFalse(Files.exists(temp.resolve("run")));
    }

    /** The keys are no part of the result, so a run may be given them when it goes on. */
    @Test
    void aRunThatGoesOnMayBeginToBeLookedAt() {
        Path folder = temp.resolve("run");
        try (TrainingRun run = TrainingRun.begin(tiny(), folder, DEVICE)) {
            assertThrows(InterruptedRunException.class, () -> run.train(new AfterStep(step -> {}), () -> run.step() == 10));
        }
        try (TrainingRun run = TrainingRun.resume(folder, Optional.of(tiny(SAMPLE, SNAPSHOT)), DEVICE, line -> {})) {
            run.train(new AfterStep(step -> {}), () -> false);
        }
        assertEquals(List.of(16, 20), steps(lines(folder, "sample")));
        assertEquals(List.of(16, 20), steps(lines(folder, "snapshot")));
    }
}
