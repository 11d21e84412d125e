package org.lacuna.training.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.data.Batch;
import org.lacuna.data.Examples;
import org.lacuna.data.sample.SamplerKind;
import org.lacuna.data.sample.Windows;
import org.lacuna.eval.source.ModelSource;
import org.lacuna.graph.Device;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.run.InputException;
import org.lacuna.run.InterruptedRunException;
import org.lacuna.run.folder.MetricsLog;
import org.lacuna.training.StepMetrics;
import org.lacuna.training.Trainer;
import org.lacuna.training.progress.PlainProgress;
import org.lacuna.training.recipe.TrainRecipe;

/** Runs on instruction data, on from a byte-level run's checkpoint that has a chat template. */
class InstructionTuningTest {
    private static final Device DEVICE = new CpuDevice();
    private static final String LAST = "step-000030";
    private static final String TEMPLATE = "{% for m in messages %}<{{ m.role }}>{{ m.content }}</>\n{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}";

    @TempDir
    private Path temp;
    private Path from;
    private Path data;

    @BeforeEach
    void trainAModel() throws IOException {
        Path first = temp.resolve("first");
        try (TrainingRun run = TrainingRun.begin(TrainRecipe.load(RunFiles.NANO, List.of("train.steps=1", "train.warmup=0", "train.evalEvery=0", "model.maxPositions=64")), first, DEVICE)) {
            run.train(silent(), () -> false);
        }
        from = first.resolve("checkpoints/step-000001");
        Files.writeString(from.resolve("chat_template.jinja"), TEMPLATE);
        data = Files.writeString(temp.resolve("data.jsonl"), """
                {"prompt": "one and one is ", "completion": "two"}
                {"prompt": "two and two is ", "completion": "four"}
                {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}, {"role": "user", "content": "bye"}, {"role": "assistant", "content": "ok"}]}
                {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "who"}, {"role": "assistant", "content": "me"}]}
                """);
    }

    private static PlainProgress silent() {
        return new PlainProgress(new PrintWriter(Writer.nullWriter()), 30);
    }

    private TrainRecipe recipe(String... sets) {
        List<String> all = new ArrayList<>(List.of("model.from=" + from, "data.instructions=" + data, "data.validationFraction=0.001", "train.steps=30", "train.batch=4", "train.window=64",
                "train.warmup=0", "train.lr=1e-2", "train.evalEvery=0", "train.saveEvery=0"));
        all.addAll(List.of(sets));
        return TrainRecipe.load(RunFiles.CONFIGS.resolve("instruct.yaml"), all);
    }

    @Test
    void theLossFallsAndAResumedRunEndsInTheSameBytes() throws IOException {
        Path whole = temp.resolve("whole");
        try (TrainingRun run = TrainingRun.begin(recipe(), whole, DEVICE)) {
            Examples examples = (Examples) run.corpus().train();
            assertEquals(4, examples.count());
            run.train(silent(), () -> false);
        }
        List<Double> losses = MetricsLog.read(whole.resolve("metrics.jsonl")).stream().map(line -> line.path("loss").asDouble()).toList();
        assertEquals(30, losses.size());
        assertTrue(losses.get(29) < 0.5 * losses.get(0), losses.toString());

        Path halves = temp.resolve("halves");
        try (TrainingRun run = TrainingRun.begin(recipe(), halves, DEVICE)) {
            assertThrows(InterruptedRunException.class, () -> run.train(silent(), () -> run.step() == 7));
        }
        // From here on the run's own checkpoint has to bring the tokenizer and the template.
        Files.delete(from.resolve("chat_template.jinja"));
        Files.delete(from.resolve("tokenizer.json"));
        try (TrainingRun run = TrainingRun.resume(halves, Optional.empty(), DEVICE, line -> { })) {
            run.train(silent(), () -> false);
        }
        RunFiles.assertSame(whole, halves, LAST);
        assertEquals(TEMPLATE, Files.readString(whole.resolve("checkpoints").resolve(LAST).resolve("chat_template.jinja")));
        ModelSource source = ModelSource.of(whole.toString());
        assertTrue(assertThrows(InputException.class, () -> source.data(List.of())).getMessage().startsWith("data.instructions: a model is measured on running text"));
        assertEquals(Optional.of(Path.of("a.txt")), source.data(List.of("data.instructions=null", "data.text=a.txt")).text());
    }

    /** Whatever stands in the padding, loss and gradient are the same bits; what a prompt says, and what is scored, is not without effect. */
    @Test
    void whatIsNotScoredHasNoEffect() {
        try (TrainingRun run = TrainingRun.begin(recipe(), temp.resolve("run"), DEVICE)) {
            Trainer trainer = run.trainer();
            Examples examples = (Examples) run.corpus().train();
            Batch batch = SamplerKind.WINDOWS.over(examples, 4, 64, 1).next();
            int[] padded = batch.inputs().clone();
            int[] prompt = batch.inputs().clone();
            for (int row = 0; row < 4; row++) {
                int last = row * 64 + 63;
                while (batch.targets()[last] == Batch.NOT_SCORED) {
                    padded[last--] = 7;
                }
                prompt[row * 64] = 7;
            }
            StepMetrics first = trainer.step(batch);
            float[] gradient = values(trainer);
            assertEquals(batch.scored(), first.tokens());
            StepMetrics again = onFreshRun("padded", new Batch(4, 64, padded, batch.targets()), gradient, true);
            assertEquals(first.loss(), again.loss());
            StepMetrics other = onFreshRun("prompt", new Batch(4, 64, prompt, batch.targets()), gradient, false);
            assertNotEquals(first.loss(), other.loss(), "a prompt is read");
            int[] all = batch.targets().clone();
            for (int i = 0; i < 64; i++) {
                all[i] = all[i] == Batch.NOT_SCORED ? 7 : all[i];
            }
            assertNotEquals(first.loss(), onFreshRun("scored", new Batch(4, 64, batch.inputs(), all), gradient, false).loss());
        }
    }

    private StepMetrics onFreshRun(String name, Batch batch, float[] gradient, boolean same) {
        try (TrainingRun run = TrainingRun.begin(recipe(), temp.resolve(name), DEVICE)) {
            StepMetrics metrics = run.trainer().step(batch);
            if (same) {
                assertArrayEquals(gradient, values(run.trainer()));
            }
            return metrics;
        }
    }

    private static float[] values(Trainer trainer) {
        float[] values = new float[Math.toIntExact(trainer.model().parameters().count())];
        int at = 0;
        for (String name : trainer.model().parameters().names()) {
            FloatBuffer tensor = trainer.gradient().tensor(name).floats();
            for (int i = 0; i < tensor.capacity(); i++) {
                values[at++] = tensor.get(i);
            }
        }
        return values;
    }

    @Test
    void validationMeasuresTheAnswersOfExamplesThatAreNotTrainedOn() throws IOException {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 40; i++) {
            lines.append("{\"prompt\": \"").append(i).append(" is \", \"completion\": \"").append("odd".repeat(1 + i % 3)).append("\"}\n");
        }
        Files.writeString(data, lines);
        Path folder = temp.resolve("run");
        int scored;
        try (TrainingRun run = TrainingRun.begin(recipe("data.validationFraction=0.3", "train.steps=20", "train.evalEvery=10", "train.evalWindows=3"), folder, DEVICE)) {
            scored = Windows.first(run.corpus().validation(), 3, 64).scored();
            run.train(silent(), () -> false);
        }
        List<JsonNode> measured = MetricsLog.read(folder.resolve("metrics.jsonl")).stream().map(line -> line.path("validation")).filter(JsonNode::isObject).toList();
        assertEquals(2, measured.size());
        measured.forEach(line -> assertEquals(scored, line.path("tokens").asInt(), line.toString()));
        assertTrue(scored < 3 * 10, "of 192 positions");
        assertTrue(measured.get(1).path("loss").asDouble() < measured.get(0).path("loss").asDouble(), measured.toString());
    }

    @Test
    void longExamplesAndMissingTemplatesAreRefusedBeforeTheRunBegins() throws IOException {
        InputException e = assertThrows(InputException.class, () -> TrainingRun.begin(recipe("train.window=20"), temp.resolve("run"), DEVICE));
        assertTrue(e.getMessage().startsWith("train.window: data data.jsonl: 2 of 4 examples are longer than 20 tokens: " + data + ": line 3 ("), e.getMessage());
        Files.delete(from.resolve("chat_template.jinja"));
        InputException none = assertThrows(InputException.class, () -> TrainingRun.begin(recipe(), temp.resolve("run"), DEVICE));
        assertTrue(none.getMessage().startsWith("data.instructions: " + data + ": line 3: the tokenizer has no chat template"), none.getMessage());
        Files.delete(from.resolve("tokenizer.json"));
        InputException bare = assertThrows(InputException.class, () -> TrainingRun.begin(recipe(), temp.resolve("run"), DEVICE));
        assertTrue(bare.getMessage().contains("name its tokenizer by data.tokenizer"), bare.getMessage());
        assertTrue(Files.notExists(temp.resolve("run")));
    }
}
