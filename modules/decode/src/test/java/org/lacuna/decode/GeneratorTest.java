package org.lacuna.decode;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.fixtures.Fixtures;
import org.lacuna.graph.Device;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Program;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.Model;
import org.lacuna.model.graph.DecoderGraph;

class GeneratorTest {
    private static final Device CPU = new CpuDevice();
    private static final Sampling GREEDY = new Sampling(0, 0, 1);
    private static final IntPredicate NEVER = id -> false;

    @TempDir
    Path temporary;

    private static int[] generate(Generator generator, int[] prompt, int most, IntPredicate stop) {
        List<Integer> tokens = new ArrayList<>();
        generator.generate(prompt, most, stop, GREEDY, new SplittableRandom(1), tokens::add);
        return tokens.stream().mapToInt(Integer::intValue).toArray();
    }

    /** The same by running the whole text for each token. */
    private static int[] plain(Model model, int[] prompt, int most) {
        int positions = model.config().maxPositions();
        Instance run = Program.of(DecoderGraph.logits(model.config()), CPU)
                .placeholder(DecoderGraph.INPUT_IDS, 1, positions).placeholder(DecoderGraph.POSITIONS, 1, positions)
                .outputs(DecoderGraph.LOGITS).build().instance(model.parameters().values(), null);
        run.tensor(DecoderGraph.POSITIONS).set(IntStream.range(0, positions).toArray());
        int[] text = Arrays.copyOfRange(prompt, Math.max(0, prompt.length - positions), prompt.length);
        int[] added = new int[most];
        for (int i = 0; i < most; i++) {
            run.tensor(DecoderGraph.INPUT_IDS).set(Arrays.copyOf(text, positions));
            run.run();
            float[] logits = new float[model.config().vocabulary()];
            run.tensor(DecoderGraph.LOGITS).floats().get((text.length - 1) * logits.length, logits);
            added[i] = IntStream.range(0, logits.length).reduce(0, (a, b) -> logits[b] > logits[a] ? b : a);
            if (text.length == positions) {
                text = Arrays.copyOfRange(text, positions - (positions + 1) / 2, positions);
            }
            text = Arrays.copyOf(text, text.length + 1);
            text[text.length - 1] = added[i];
        }
        return added;
    }

    @ParameterizedTest
    @FieldSource("org.lacuna.fixtures.Fixtures#NAMES")
    void continuesAsTransformersDoes(String name) throws IOException {
        Path folder = Fixtures.unpack(name, temporary);
        JsonNode expected = new ObjectMapper().readTree(folder.resolve("generated.json").toFile());
        Model model = Checkpoint.load(folder, CPU);
        for (int workers = 1; workers <= 3; workers++) {
            try (Generator generator = new Generator(model, CPU, workers)) {
                assertArrayEquals(ids(expected.get("tokens")), generate(generator, ids(expected.get("prompt")), 24, NEVER), workers + " workers");
            }
        }
    }

    private static int[] ids(JsonNode array) {
        return IntStream.range(0, array.size()).map(i -> array.get(i).asInt()).toArray();
    }

    /** Prompts of few tokens, of pieces, of pieces and a rest, as long as the model's positions and longer; texts that outgrow the positions. */
    @ParameterizedTest
    @FieldSource("org.lacuna.fixtures.Fixtures#NAMES")
    void equalsGenerationWithoutACache(String name) {
        Model model = Checkpoint.load(Fixtures.unpack(name, temporary), CPU);
        int positions = model.config().maxPositions();
        SplittableRandom random = new SplittableRandom(name.hashCode());
        try (Generator generator = new Generator(model, CPU, 2)) {
            for (int length : new int[] {1, 7, Generator.PIECE, Generator.PIECE + 1, Generator.PIECE + 9, positions - 3, positions, positions + 5}) {
                int[] prompt = random.ints(length, 3, model.config().vocabulary()).toArray();
                assertArrayEquals(plain(model, prompt, 12), generate(generator, prompt, 12, NEVER), length + " tokens");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama-mha", "opt"})
    void aTextMayOutgrowThePositionsAgainAndAgain(String name) {
        Model model = Checkpoint.load(Fixtures.unpack(name, temporary), CPU);
        int most = 2 * model.config().maxPositions() + 5;
        try (Generator generator = new Generator(model, CPU, 1)) {
            assertArrayEquals(plain(model, new int[] {5, 6, 7}, most), generate(generator, new int[] {5, 6, 7}, most, NEVER));
        }
    }

    @Test
    void endsWithTheFirstStoppingTokenAndWhenItIsTold() {
        Model model = Checkpoint.load(Fixtures.unpack("llama-mha", temporary), CPU);
        try (Generator generator = new Generator(model, CPU, 1)) {
            int[] all = generate(generator, new int[] {9, 8, 7}, 20, NEVER);
            int third = IntStream.range(0, 20).filter(i -> all[i] == all[3]).findFirst().orElseThrow();
            assertArrayEquals(Arrays.copyOf(all, third + 1), generate(generator, new int[] {9, 8, 7}, 20, id -> id == all[3]));
            List<Integer> two = new ArrayList<>();
            generator.generate(new int[] {9, 8, 7}, 20, NEVER, GREEDY, new SplittableRandom(1), token -> two.add(token) && two.size() < 2);
            assertEquals(2, two.size());
            assertThrows(IllegalArgumentException.class, () -> generate(generator, new int[0], 1, NEVER));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama-gqa-tied-llama3rope", "opt", "gpt2", "qwen3-moe"})
    void whatItHoldsIsWhatTheEngineAllocates(String name) {
        AtomicLong bytes = new AtomicLong();
        Device counting = (Device) Proxy.newProxyInstance(Device.class.getClassLoader(), new Class<?>[] {Device.class}, (proxy, method, args) -> {
            if (method.getName().equals("allocate")) {
                bytes.addAndGet(args[0] instanceof TensorSpec spec ? spec.bytes() : (long) args[0]);
            }
            return method.invoke(CPU, args);
        });
        Model model = Checkpoint.load(Fixtures.unpack(name, temporary), counting);
        long expected = Generator.bytes(model.config(), counting, 2, 30);
        long before = bytes.get();
        try (Generator generator = new Generator(model, counting, 2)) {
            generate(generator, new int[] {9, 8, 7, 6, 5, 4, 3, 9, 8, 7}, 20, NEVER);
        }
        assertEquals(expected, bytes.get() - before);
    }

    @Test
    void theCacheIsAsLargeAsTheText() {
        Model model = Checkpoint.load(Fixtures.unpack("llama-gqa-tied-llama3rope", temporary), CPU);
        long row = 2L * 2 * 2 * 24 * Float.BYTES;
        assertEquals(row * Generator.PIECE, Generator.cacheBytes(model.config(), 1));
        assertEquals(row * 2 * Generator.PIECE, Generator.cacheBytes(model.config(), Generator.PIECE + 1));
        assertEquals(row * 256, Generator.cacheBytes(model.config(), Long.MAX_VALUE));
        assertTrue(model.config().maxPositions() == 256);
    }
}
