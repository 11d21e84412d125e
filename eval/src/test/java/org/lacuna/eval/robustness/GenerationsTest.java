package org.lacuna.eval.robustness;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.data.task.Answer;
import org.lacuna.data.task.Generation;
import org.lacuna.data.task.Request;
import org.lacuna.data.tokenize.ByteTokenizer;
import org.lacuna.eval.task.Answering;
import org.lacuna.eval.task.Generations;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Initialization;
import org.lacuna.model.Model;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.run.InterruptedRunException;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.rule.Rules;

/** What is written under a rule, with a cache and side by side, against plain loops that read each text anew for each token. */
class GenerationsTest {
    private static final CpuDevice DEVICE = new CpuDevice();
    private static final Workers TEAM = new Workers(2);
    private static final int VOCABULARY = 260;
    private static final int INNER = 24;
    private static final int LAYERS = 2;
    private static final int MOST = 9;
    private static final List<Double> GRID = List.of(1.0, 0.6, 0.3);
    private static final Set<Site> SITES = Set.of(Site.INTERMEDIATE);
    private static final Predicate<int[]> NEVER = added -> false;
    /** Three ids more than the tokenizer has. */
    private static final Model MODEL = model(List.of());

    private static Model model(List<Integer> ends) {
        return Initialization.of(ModelConfig.llama(VOCABULARY, 16, INNER, LAYERS, 4, 2, 4, 1e-6, RotaryPosition.plain(10_000), true, FeedForward.gated("silu"),
                64, 0.9, OptionalInt.empty(), ends), DEVICE, 5);
    }

    @AfterAll
    static void end() {
        TEAM.close();
    }

    private static Treatment topP(List<Double> grid) {
        return new Treatment.Uniform(Rules.byName("top_p"), grid);
    }

    private static List<int[]> contexts(int count) {
        Random random = new Random(7);
        return IntStream.range(0, count).mapToObj(i -> random.ints(1 + random.nextInt(25), 0, VOCABULARY).toArray()).toList();
    }

    private static Continuations.Found write(List<int[]> contexts, Predicate<int[]> reached, List<Double> grid, TokenCoverage coverage, Findings findings,
            Watch stop) {
        return Continuations.of("tiny", MODEL, DEVICE, TEAM, contexts, new Continuations.Ending(MOST, reached, "key"), SITES, topP(grid), coverage, findings,
                "subject", stop);
    }

    private static Continuations.Found write(List<int[]> contexts, Predicate<int[]> reached, TokenCoverage coverage) {
        return write(contexts, reached, GRID, coverage, Findings.NONE, () -> false);
    }

    private static PlainLlama plain(double p, TokenCoverage coverage, int context, long[] kept) {
        PlainLlama.Mask rule = PlainLlama.Mask.byRule("top_p", p);
        return new PlainLlama(MODEL, SITES, (layer, site, t, v) -> {
            boolean[] keeps = new boolean[v.length];
            Arrays.fill(keeps, true);
            if (coverage.covers(t, 0, context - 1)) {
                keeps = rule.of(layer, site, t, v);
                for (int j = 0; j < v.length; j++) {
                    kept[0] += keeps[j] && v[j] != 0 ? 1 : 0;
                }
            }
            return keeps;
        });
    }

    private static int[] with(int[] text, int token) {
        int[] longer = Arrays.copyOf(text, text.length + 1);
        longer[text.length] = token;
        return longer;
    }

    @Test
    void inSomeLayersItIsCountedThere() {
        List<int[]> contexts = contexts(6);
        Continuations.Ending ending = new Continuations.Ending(MOST, NEVER, "key");
        long[][] whole = write(contexts, NEVER, TokenCoverage.EVERY).elements();
        boolean differ = false;
        for (String layers : List.of("0", "1")) {
            int layer = Integer.parseInt(layers);
            Continuations.Found found = Continuations.of("tiny", MODEL, DEVICE, TEAM, contexts, ending, SITES, topP(GRID).in(LayerSet.parse(layers)),
                    TokenCoverage.EVERY, Findings.NONE, "subject", () -> false);
            for (int p = 0; p < GRID.size(); p++) {
                for (int c = 0; c < contexts.size(); c++) {
                    long[] kept = {0};
                    double share = GRID.get(p);
                    PlainLlama.Mask rule = PlainLlama.Mask.byRule("top_p", share);
                    PlainLlama plain = new PlainLlama(MODEL, SITES, (at, site, t, v) -> {
                        boolean[] keeps = new boolean[v.length];
                        Arrays.fill(keeps, true);
                        return at == layer ? counted(rule.of(at, site, t, v), v, kept) : keeps;
                    });
                    int[] added = {};
                    while (added.length < MOST) {
                        kept[0] = 0;
                        int[] text = Arrays.copyOf(contexts.get(c), contexts.get(c).length + added.length);
                        System.arraycopy(added, 0, text, contexts.get(c).length, added.length);
                        added = with(added, plain.next(text));
                    }
                    assertArrayEquals(added, found.tokens()[p][c]);
                    assertEquals(kept[0], found.kept()[p][c]);
                    assertEquals(whole[p][c] / LAYERS, found.elements()[p][c]);
                    differ |= !Arrays.equals(found.tokens()[p][c], found.tokens()[0][c]);
                }
            }
        }
        assertTrue(differ, "the rule changes no text");
    }

    private static boolean[] counted(boolean[] keeps, double[] v, long[] kept) {
        for (int j = 0; j < v.length; j++) {
            kept[0] += keeps[j] && v[j] != 0 ? 1 : 0;
        }
        return keeps;
    }

    @ParameterizedTest
    @ValueSource(strings = {"all", "but_first", "decode", "generated"})
    void eachPointWritesWhatPlainLoopsDoWithoutACache(String covered) {
        TokenCoverage coverage = TokenCoverage.parse(covered);
        List<int[]> contexts = contexts(6);
        // Ends by what was written, so texts are of many lengths.
        Predicate<int[]> reached = added -> added[added.length - 1] % 4 == 0;
        Continuations.Found found = write(contexts, reached, coverage);
        boolean ruled = false;
        for (int p = 0; p < GRID.size(); p++) {
            for (int c = 0; c < contexts.size(); c++) {
                int[] context = contexts.get(c);
                int[] text = context;
                long[] kept = {0};
                PlainLlama plain = plain(GRID.get(p), coverage, context.length, kept);
                int[] added = {};
                while (added.length < MOST && (added.length == 0 || !reached.test(added))) {
                    kept[0] = 0; // of the last time that the text is read
                    int next = plain.next(text);
                    added = with(added, next);
                    text = with(text, next);
                }
                assertArrayEquals(added, found.tokens()[p][c], covered + ", p = " + GRID.get(p) + ", text " + c);
                assertEquals(kept[0], found.kept()[p][c], covered + ", p = " + GRID.get(p) + ", text " + c);
                int read = switch (covered) {
                    case "decode" -> added.length;
                    case "generated" -> added.length - 1;
                    case "all" -> text.length - 1;
                    default -> text.length - 2;
                };
                assertEquals((long) read * INNER * LAYERS, found.elements()[p][c]);
                ruled |= !Arrays.equals(found.tokens()[p][c], found.tokens()[0][c]);
            }
        }
        assertTrue(ruled, "the rule changes no text");
    }

    /** Bit for bit, as likely tokens that are nearly alike would show. */
    @Test
    void whatAPointWritesDependsNeitherOnOthersNorOnTheirNumber() {
        List<int[]> contexts = contexts(8);
        List<Double> many = IntStream.range(0, 19).mapToObj(i -> 1 - i / 20.0).toList();
        Continuations.Found all = write(contexts, NEVER, many, TokenCoverage.EVERY, Findings.NONE, () -> false);
        for (int p : new int[] {0, 7, 18}) {
            Continuations.Found alone = write(contexts.subList(2, 5), NEVER, List.of(many.get(p)), TokenCoverage.EVERY, Findings.NONE, () -> false);
            for (int c = 2; c < 5; c++) {
                assertArrayEquals(all.tokens()[p][c], alone.tokens()[0][c - 2]);
                assertEquals(all.kept()[p][c], alone.kept()[0][c - 2]);
            }
        }
        Continuations.Found dense = Continuations.of("tiny", MODEL, DEVICE, TEAM, contexts, new Continuations.Ending(MOST, NEVER, ""), SITES,
                new Treatment.Uniform(Rules.byName("none"), List.of(0.0)), TokenCoverage.EVERY, Findings.NONE, "", () -> false);
        assertArrayEquals(dense.tokens()[0], all.tokens()[0], "p = 1");
        assertArrayEquals(dense.kept()[0], all.kept()[0], "p = 1");
    }

    private static List<Request> requests(List<int[]> contexts) {
        List<Request> requests = new ArrayList<>();
        contexts.forEach(context -> requests.add(new Request(requests.size(), 0, context, new int[0], context, false)));
        return requests;
    }

    private static Answering.Scores answers(Model model, List<int[]> contexts, String... until) {
        return new Generations("tiny", model, DEVICE, TEAM, Findings.NONE, "subject", () -> false, new ByteTokenizer(), new Generation(List.of(until), MOST))
                .score(requests(contexts), SITES, topP(GRID), TokenCoverage.EVERY);
    }

    private static String text(int[] tokens) {
        return new ByteTokenizer().decodeWithoutSpecial(Arrays.stream(tokens).filter(id -> id < ByteTokenizer.END_OF_TEXT).toArray());
    }

    @Test
    void aTextEndsAtATokenThatEndsItOrAfterAllItsTokens() {
        List<int[]> contexts = contexts(8);
        Continuations.Found unended = write(contexts, NEVER, TokenCoverage.EVERY);
        int last = unended.tokens()[0][0][4];
        Answering.Scores scores = answers(model(List.of(last)), contexts, "never written");
        int ended = 0;
        for (int p = 0; p < GRID.size(); p++) {
            for (int c = 0; c < contexts.size(); c++) {
                int[] tokens = unended.tokens()[p][c];
                int end = IntStream.range(0, MOST).filter(i -> tokens[i] == last || tokens[i] == ByteTokenizer.END_OF_TEXT).findFirst().orElse(MOST - 1);
                ended += end < MOST - 1 ? 1 : 0;
                assertEquals(new Answer.Generated(text(Arrays.copyOf(tokens, end + 1))), scores.answers().get(p).get(c));
                assertEquals((long) (contexts.get(c).length + end) * INNER * LAYERS, scores.elements()[p][c]);
            }
        }
        assertTrue(ended > 0 && ended < contexts.size() * GRID.size(), ended + " end");
    }

    /** The text that ends it is in the answer: what is dropped is the task's to say. */
    @Test
    void aTextEndsWithTheTokenThatCompletesAStopText() {
        List<int[]> contexts = contexts(20);
        Continuations.Found unended = write(contexts, NEVER, TokenCoverage.EVERY);
        int stopped = 0;
        for (int c = 0; c < contexts.size(); c++) {
            int[] tokens = unended.tokens()[0][c];
            String stop = text(Arrays.copyOfRange(tokens, 2, 4));
            if (stop.length() == 2 && stop.chars().allMatch(character -> character < 128)) {
                stopped++;
                Answering.Scores scores = answers(MODEL, contexts.subList(c, c + 1), "never written", stop);
                int read = IntStream.rangeClosed(1, 4).filter(count -> text(Arrays.copyOf(tokens, count)).contains(stop)).findFirst().orElseThrow();
                assertEquals(new Answer.Generated(text(Arrays.copyOf(tokens, read))), scores.answers().get(0).get(0));
                assertEquals((long) (contexts.get(c).length + read - 1) * INNER * LAYERS, scores.elements()[0][0]);
            }
        }
        assertTrue(stopped > 0);
    }

    @Test
    void whatWasWrittenIsNotWrittenAgainAndWorkThatWasStoppedGoesOn() {
        Map<String, JsonNode> kept = new HashMap<>();
        int[] computed = {0};
        Findings findings = new Findings() {
            @Override
            public synchronized Optional<JsonNode> of(String question) {
                return Optional.ofNullable(kept.get(question));
            }

            @Override
            public synchronized void keep(String question, JsonNode finding) {
                computed[0]++;
                kept.put(question, finding);
            }
        };
        List<int[]> contexts = contexts(7);
        Continuations.Found plain = write(contexts, NEVER, TokenCoverage.EVERY);
        assertThrows(InterruptedRunException.class, () -> write(contexts, NEVER, GRID, TokenCoverage.EVERY, findings, () -> computed[0] >= 3));
        int before = computed[0];
        assertTrue(before >= 3 && before < 7, "pieces: " + before);
        Continuations.Found after = write(contexts, NEVER, GRID, TokenCoverage.EVERY, findings, () -> false);
        assertEquals(7, computed[0]);
        assertTrue(Arrays.deepEquals(plain.tokens(), after.tokens()) && Arrays.deepEquals(plain.kept(), after.kept()) && Arrays.deepEquals(plain.elements(),
                after.elements()));
        write(contexts, NEVER, GRID, TokenCoverage.EVERY, findings, () -> false);
        assertEquals(7, computed[0]);
        write(contexts, NEVER, GRID, TokenCoverage.parse("decode"), findings, () -> false);
        write(contexts, NEVER, List.of(1.0, 0.6, 0.4), TokenCoverage.EVERY, findings, () -> false);
        assertEquals(21, computed[0], "another coverage and another grid are other questions");
        Continuations.of("tiny", MODEL, DEVICE, TEAM, contexts, new Continuations.Ending(MOST, NEVER, "another"), SITES, topP(GRID), TokenCoverage.EVERY,
                findings, "subject", () -> false);
        assertEquals(28, computed[0], "and so is another end");
    }

    @Test
    void aTextThatIsBeingWrittenHasNoLastShare() {
        assertThrows(IllegalArgumentException.class, () -> write(contexts(1), NEVER, TokenCoverage.parse("last:0.5")));
    }
}
