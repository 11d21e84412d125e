package org.lacuna.decode;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.lang.reflect.Proxy;
import java.nio.IntBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.lacuna.fixtures.Fixtures;
import org.lacuna.graph.Device;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Program;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.Model;
import org.lacuna.model.graph.DecoderGraph;
import org.lacuna.model.graph.LowRank;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.rule.Rules;

/** Texts under rules, with keys and values kept, against the same texts read anew for each token. */
class ReadingTest {
    private static final Device CPU = new CpuDevice();
    private static final Sampling GREEDY = new Sampling(0, 0, 1);
    private static final double[] GRID = {1, 0.7, 0.4};
    private static final Set<Site> SITES = EnumSet.of(Site.INPUT, Site.INTERMEDIATE);
    private static final Set<Site> ATTENTION = EnumSet.of(Site.ATTENTION_INPUT, Site.ATTENTION_OUTPUT);
    private static final int PIECE = 16;

    @TempDir
    Path temporary;

    private static void setRules(Model model, Set<Site> sites, Instance run) {
        int[] codes = new int[GRID.length];
        Arrays.fill(codes, Rules.byName("top_p").code());
        for (int layer = 0; layer < model.config().layers(); layer++) {
            for (Site site : sites) {
                run.tensor(DecoderGraph.rule(layer, site)).set(codes);
                run.tensor(DecoderGraph.parameters(layer, site)).set(GRID);
            }
        }
    }

    /** The same texts without a cache: where what was chosen after each of their tokens is what the model says is likeliest, and what is kept in all of it. */
    private static Instance plain(Model model, Set<Site> sites, Written written, Reading.Cover cover) {
        int[][] texts = written.texts;
        int length = texts[0].length;
        Program.Builder builder = Program.of(DecoderGraph.evaluation(model.config(), sites), CPU);
        for (String placeholder : List.of(DecoderGraph.INPUT_IDS, DecoderGraph.POSITIONS, DecoderGraph.TARGETS, DecoderGraph.TOKEN_WEIGHT,
                DecoderGraph.TOKEN_MASK)) {
            builder.placeholder(placeholder, texts.length, length);
        }
        List<String> outputs = new ArrayList<>(List.of(DecoderGraph.GREEDY));
        for (int layer = 0; layer < model.config().layers(); layer++) {
            for (Site site : sites) {
                builder.placeholder(DecoderGraph.rule(layer, site), texts.length).placeholder(DecoderGraph.parameters(layer, site), texts.length, 1);
                outputs.add(DecoderGraph.kept(layer, site));
            }
        }
        Instance run = builder.outputs(outputs.toArray(String[]::new)).build().instance(model.parameters().values(), null);
        setRules(model, sites, run);
        for (int row = 0; row < texts.length; row++) {
            for (int t = 0; t < length; t++) {
                int at = row * length + t;
                run.tensor(DecoderGraph.INPUT_IDS).ints().put(at, texts[row][t]);
                run.tensor(DecoderGraph.POSITIONS).ints().put(at, t);
                run.tensor(DecoderGraph.TARGETS).ints().put(at, t + 1 < length ? written.chosen[row][t + 1] : 0);
                run.tensor(DecoderGraph.TOKEN_WEIGHT).floats().put(at, 1);
                // The last token was written, but not read.
                run.tensor(DecoderGraph.TOKEN_MASK).floats().put(at, t < length - 1 && cover.covers(row, t) ? 1 : 0);
            }
        }
        run.run();
        return run;
    }

    /**
     * What was read.
     *
     * @param texts  a text for each point
     * @param chosen behind the context, what is likeliest where the texts' tokens are
     */
    private record Written(int[][] texts, int[][] chosen) {}

    /** Goes on with what is likeliest, or with what stands behind the context already. */
    private static Written write(Reading reading, int[] text, int context, boolean own, Reading.Cover cover) {
        int[][] texts = new int[GRID.length][];
        Arrays.setAll(texts, row -> text.clone());
        int[][] chosen = new int[GRID.length][text.length];
        reading.forget();
        for (int length = context; length < text.length; length++) {
            reading.read(texts, length, cover, null);
            for (int row = 0; row < texts.length; row++) {
                chosen[row][length] = GREEDY.next(reading.logits(row), null);
                texts[row][length] = own ? chosen[row][length] : text[length];
            }
        }
        return new Written(texts, chosen);
    }

    private static Reading.Form form(Model model, Set<Site> sites, int capacity) {
        return new Reading.Form(model.config(), LowRank.none(), GRID.length, PIECE, capacity, 1, sites, 0);
    }

    /**
     * Contexts of single tokens, of pieces, of pieces and a rest; rules for all tokens and from the last one of the context on; local attention and experts
     * too.
     */
    @ParameterizedTest
    @FieldSource("org.lacuna.fixtures.Fixtures#NAMES")
    void rulesGiveTheSameTokensWithACacheAsWithout(String name) {
        rulesGiveTheSameTokensWithACacheAsWithout(name, SITES, true);
    }

    /**
     * Keys and values that are kept are those of sparsified inputs. Texts have each token once at most, so they are not the model's own: where all that a
     * token attends to is one token again and again, heads that share values gather the same but for rounding, which would decide what the rule keeps.
     */
    @ParameterizedTest
    @FieldSource("org.lacuna.fixtures.Fixtures#NAMES")
    void rulesInAttentionGiveTheSameTokensWithACacheAsWithout(String name) {
        rulesGiveTheSameTokensWithACacheAsWithout(name, ATTENTION, false);
    }

    private void rulesGiveTheSameTokensWithACacheAsWithout(String name, Set<Site> sites, boolean own) {
        Model model = Checkpoint.load(Fixtures.unpack(name, temporary), CPU);
        int most = 10;
        Reading reading = new Reading(form(model, sites, 64), model, CPU);
        reading.rules(run -> setRules(model, sites, run));
        SplittableRandom random = new SplittableRandom(name.hashCode());
        for (int length : new int[] {1, 5, PIECE + 1, 2 * PIECE + 9}) {
            int[] text = own ? Arrays.copyOf(random.ints(length, 3, model.config().vocabulary()).toArray(), length + most)
                    : random.ints(3, model.config().vocabulary()).distinct().limit(length + most).toArray();
            Reading.Cover decode = (row, t) -> t >= length - 1;
            for (Reading.Cover cover : List.of(Reading.Cover.EVERY, decode)) {
                Instance plain = plain(model, sites, write(reading, text, length, own, cover), cover);
                long[] kept = new long[GRID.length];
                for (int layer = 0; layer < model.config().layers(); layer++) {
                    for (Site site : sites) {
                        IntBuffer counts = plain.tensor(DecoderGraph.kept(layer, site)).ints();
                        for (int i = 0; i < counts.capacity(); i++) {
                            kept[i / (counts.capacity() / GRID.length)] += Math.max(0, counts.get(i));
                        }
                    }
                }
                for (int row = 0; row < GRID.length; row++) {
                    int[] greedy = new int[most];
                    plain.tensor(DecoderGraph.GREEDY).ints().get(row * text.length + length - 1, greedy);
                    int[] all = new int[most];
                    Arrays.fill(all, 1);
                    assertArrayEquals(all, greedy, length + " tokens, p = " + GRID[row]);
                    // Of some thousand, one that lies on the bar to the last bits may go either way.
                    assertEquals(kept[row], reading.kept(row), 1, length + " tokens, p = " + GRID[row]);
                }
            }
        }
    }

    @Test
    void aRuleChangesWhatIsWritten() {
        Model model = Checkpoint.load(Fixtures.unpack("llama-mha", temporary), CPU);
        Reading reading = new Reading(form(model, SITES, 64), model, CPU);
        reading.rules(run -> setRules(model, SITES, run));
        int[][] texts = write(reading, Arrays.copyOf(new int[] {9, 8, 7, 6}, 34), 4, true, Reading.Cover.EVERY).texts;
        assertNotEquals(Arrays.toString(texts[0]), Arrays.toString(texts[2]));
        try (Generator generator = new Generator(model, CPU, 1)) {
            List<Integer> dense = new ArrayList<>();
            generator.generate(new int[] {9, 8, 7, 6}, 30, id -> false, GREEDY, new SplittableRandom(1), dense::add);
            assertEquals(dense, Arrays.stream(texts[0]).skip(4).boxed().toList(), "p = 1");
        }
    }

    @Test
    void whatItHoldsIsWhatTheEngineAllocates() {
        AtomicLong bytes = new AtomicLong();
        Device counting = (Device) Proxy.newProxyInstance(Device.class.getClassLoader(), new Class<?>[] {Device.class}, (proxy, method, args) -> {
            if (method.getName().equals("allocate")) {
                bytes.addAndGet(args[0] instanceof TensorSpec spec ? spec.bytes() : (long) args[0]);
            }
            return method.invoke(CPU, args);
        });
        Model model = Checkpoint.load(Fixtures.unpack("qwen3-moe", temporary), counting);
        for (Set<Site> sites : List.of(SITES, ATTENTION)) {
            for (int channelRows = 0; channelRows < 2; channelRows++) {
                Reading.Form form = new Reading.Form(model.config(), LowRank.none(), 3, PIECE, 32, 1, sites, channelRows);
                long expected = form.bytes(counting);
                long before = bytes.get();
                new Reading(form, model, counting);
                assertEquals(expected, bytes.get() - before);
            }
        }
    }
}
