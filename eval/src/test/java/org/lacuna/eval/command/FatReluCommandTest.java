package org.lacuna.eval.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.data.tokenize.ByteTokenizer;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.Initialization;
import org.lacuna.model.Model;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.Json;
import picocli.CommandLine;

class FatReluCommandTest {
    private static final CpuDevice DEVICE = new CpuDevice();
    private static final int VOCABULARY = 257;

    @TempDir
    private Path folder;
    private Path text;
    private Path from;
    private Path out;
    private Throwable failure;

    @BeforeEach
    void makeText() throws IOException {
        text = folder.resolve("text.txt");
        Files.writeString(text, IntStream.range(0, 400).mapToObj(i -> "line " + i * i % 97).collect(Collectors.joining("\n")));
        from = folder.resolve("model");
        out = folder.resolve("shifted");
    }

    private static ModelConfig config(FeedForward form, int hidden, int inner, int layers, double epsilon) {
        return ModelConfig.llama(VOCABULARY, hidden, inner, layers, 1, 1, hidden, epsilon, RotaryPosition.plain(10_000), true, form, 64, 0.3, OptionalInt.empty(), List.of(256));
    }

    private void write(Model model) throws IOException {
        AtomicFiles.folder(from, fresh -> Checkpoint.write(fresh, model));
        new ByteTokenizer().save(from.resolve("tokenizer.json"));
    }

    private String run(String... more) {
        List<String> args = new ArrayList<>(List.of("--model", from.toString(), "--out", out.toString(), "--set", "data.text=" + text));
        args.addAll(List.of(more));
        if (!args.contains("--windows")) {
            args.addAll(List.of("--windows", "3"));
        }
        if (!args.contains("--window")) {
            args.addAll(List.of("--window", "16"));
        }
        StringWriter printed = new StringWriter();
        failure = null;
        new CommandLine(new FatReluCommand()).setOut(new PrintWriter(printed)).setErr(new PrintWriter(new StringWriter()))
                .setExecutionExceptionHandler((e, line, parsed) -> {
                    failure = e;
                    return 2;
                }).execute(args.toArray(String[]::new));
        return printed.toString();
    }

    private void assertRefused(String... parts) {
        InputException refused = assertInstanceOf(InputException.class, failure);
        for (String part : parts) {
            assertTrue(refused.getMessage().contains(part), refused.getMessage());
        }
        assertFalse(Files.exists(out));
    }

    /**
     * All tokens alike: the embedding is 1 everywhere and attention adds nothing, so the norm gives 1. Gates are 1/8, 1/4, 1/2, 1 and one below 0, up
     * is 1, and the neurons add (3, 0), (0, 4), (0, 8) and (13, 0) to the output: (16, 12) of norm 20.
     */
    private static Model planted() {
        Model model = Initialization.of(config(FeedForward.gated("relu"), 4, 5, 1, 1e-12), DEVICE, 1);
        ParameterStore p = model.parameters();
        float[] ones = new float[VOCABULARY * 4];
        Arrays.fill(ones, 1);
        p.tensor("model.embed_tokens.weight").set(ones);
        p.tensor("model.layers.0.self_attn.o_proj.weight").set(new float[16]);
        p.tensor("model.layers.0.mlp.gate_proj.weight").set(firstColumn(0.5f, -1, 0.125f, 1, 0.25f));
        p.tensor("model.layers.0.mlp.up_proj.weight").set(firstColumn(1, 1, 1, 1, 1));
        p.tensor("model.layers.0.mlp.down_proj.weight").set(new float[] {0, 9, 24, 13, 0, /**/ 16, 9, 0, 0, 16, /**/ 0, 0, 0, 0, 0, /**/ 0, 0, 0, 0, 0});
        return model;
    }

    private static float[] firstColumn(float... values) {
        float[] matrix = new float[values.length * 4];
        for (int i = 0; i < values.length; i++) {
            matrix[4 * i] = values[i];
        }
        return matrix;
    }

    @ParameterizedTest
    @CsvSource({"0.1, 0.125, 0, 0.2", "0.2, 0.25, 0.15, 0.4", "0.3, 0.5, 0.25, 0.6"})
    void aPlantedThresholdIsFound(double most, double threshold, double cett, double zeros) throws IOException {
        write(planted());
        JsonNode json = Json.parse("output", run("--cett", "" + most, "--json", "-"));
        assertEquals(null, failure);
        JsonNode layer = json.at("/layers/0");
        assertEquals(threshold, layer.get("threshold").asDouble());
        assertEquals(cett, layer.get("cett").asDouble(), 1e-12);
        assertEquals(0.2, layer.get("sparsity_before").asDouble(), 1e-12);
        assertEquals(zeros, layer.get("sparsity_after").asDouble(), 1e-12);
        // All words have the same embedding, so the model can't tell them apart.
        assertEquals(Math.log(VOCABULARY), json.get("loss_before").asDouble(), 1e-5);
        assertEquals(Math.log(VOCABULARY), json.get("loss_after").asDouble(), 1e-5);
        assertEquals(48, json.get("tokens").asInt());
        assertEquals(List.of(threshold), Checkpoint.config(out).feedForward().thresholds());
    }

    @ParameterizedTest
    @ValueSource(strings = {"gated", "ungated", "drelu"})
    void theModelIsWrittenWithItsThresholds(String form) throws IOException {
        FeedForward feedForward = form.equals("gated") ? FeedForward.gated("relu") : form.equals("ungated") ? FeedForward.ungated("relu") : FeedForward.dRelu();
        Model model = Initialization.of(config(feedForward, 16, 24, 3, 1e-6), DEVICE, 3);
        write(model);
        Path json = folder.resolve("result.json");
        String table = run("--cett", "0.2", "--json", json.toString());
        assertEquals(null, failure);
        JsonNode result = Json.read(json);
        Model shifted = Checkpoint.load(out, DEVICE);
        assertEquals("lacuna_llama", shifted.config().family());
        List<Double> thresholds = shifted.config().feedForward().thresholds();
        assertEquals(model.config().withThresholds(thresholds).feedForward(), shifted.config().feedForward());
        for (String name : model.parameters().names()) {
            assertArrayEquals(model.parameters().tensor(name).toFloats(), shifted.parameters().tensor(name).toFloats(), name);
        }
        assertArrayEquals(Files.readAllBytes(from.resolve("tokenizer.json")), Files.readAllBytes(out.resolve("tokenizer.json")));
        for (int l = 0; l < 3; l++) {
            JsonNode layer = result.at("/layers/" + l);
            assertEquals(thresholds.get(l), layer.get("threshold").asDouble());
            assertTrue(thresholds.get(l) > 0);
            assertTrue(layer.get("cett").asDouble() <= 0.2 && layer.get("cett").asDouble() > 0.15, layer.toString());
            assertTrue(layer.get("sparsity_after").asDouble() > layer.get("sparsity_before").asDouble(), layer.toString());
        }
        assertTrue(result.get("loss_before").asDouble() != result.get("loss_after").asDouble());
        assertTrue(table.contains("zeros before → after") && table.contains("loss ") && table.contains(out.toString()), table);

        // Its thresholds are taken away before new ones are sought: the same bound finds the same.
        Path first = out;
        from = first;
        out = folder.resolve("again");
        run("--cett", "0.2", "--workers", "1");
        assertEquals(null, failure);
        assertArrayEquals(Files.readAllBytes(first.resolve("config.json")), Files.readAllBytes(out.resolve("config.json")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "1", "-0.1", "1.5", "NaN"})
    void aBoundThatIsNoneIsRefused(String cett) {
        assertEquals("", run("--cett", cett)); // before the model, which is not there, is looked for
        assertRefused("--cett", "above 0", cett);
    }

    @Test
    void modelsThatCannotHaveThresholdsAreRefused() throws IOException {
        write(Initialization.of(config(FeedForward.gated("silu"), 16, 24, 1, 1e-6), DEVICE, 3));
        run("--cett", "0.1");
        assertRefused(from.toString(), "silu", "only relu", "model.activation=relu");
        Path config = from.resolve("config.json");
        String qwen = Files.readString(config).replace("\"silu\"", "\"relu\"").replace("\"model_type\" : \"llama\"", "\"model_type\" : \"qwen3\"");
        assertTrue(qwen.contains("qwen3"), qwen);
        Files.writeString(config, qwen);
        run("--cett", "0.1");
        assertRefused(from.toString(), "family qwen3 can't store");
    }

    @Test
    void whatCannotBeDoneIsRefusedFirst() throws IOException {
        write(planted());
        run("--cett", "0.1", "--window", "65");
        assertRefused("--window: 65", "64");
        run("--cett", "0.1", "--windows", "1000");
        assertRefused("training tokens", "1000 are asked for");
        run("--cett", "0.1", "--windows", "0");
        assertRefused("--windows: must be at least 1");
        Files.createDirectory(out);
        Files.writeString(out.resolve("mine"), "");
        run("--cett", "0.1");
        assertTrue(assertInstanceOf(InputException.class, failure).getMessage().contains("exists already"));
    }
}
