package org.lacuna.eval.robustness;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lacuna.data.Batch;
import org.lacuna.data.task.Answer;
import org.lacuna.data.task.Request;
import org.lacuna.eval.method.Look;
import org.lacuna.eval.method.Methods;
import org.lacuna.eval.task.Likelihoods;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Initialization;
import org.lacuna.model.Model;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.run.InputException;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.rule.Rules;

/** GRIFFIN on requests and on text that is written: neurons chosen by each context, against plain loops. */
class GriffinTasksTest {
    private static final CpuDevice DEVICE = new CpuDevice();
    private static final Workers TEAM = new Workers(2);
    private static final int VOCABULARY = 37;
    private static final int INNER = 24;
    private static final int LAYERS = 3;
    private static final int MOST = 7;
    private static final List<Double> GRID = List.of(1.0, 0.5, 0.25);
    private static final Set<Site> SITES = Set.of(Site.INTERMEDIATE);
    private static final Model MODEL = Initialization.of(ModelConfig.llama(VOCABULARY, 16, INNER, LAYERS, 4, 2, 4, 1e-6, RotaryPosition.plain(10_000), true,
            FeedForward.gated("silu"), 64, 0.9, OptionalInt.empty(), List.of()), DEVICE, 5);

    @AfterAll
    static void end() {
        TEAM.close();
    }

    private static Treatment griffin(List<Double> grid) {
        Batch nothing = new Batch(1, 1, new int[1], new int[1]);
        return Methods.byName("griffin").byPrompt(grid, new Look("tiny", MODEL, DEVICE, nothing, nothing, 1, () -> false)).orElseThrow();
    }

    /** Sees the prompt without a rule, and then keeps the neurons that it used most, from {@code first} on, in some layers. */
    private static PlainLlama plain(int[] prompt, int first, double p, LayerSet layers, long[] kept) {
        double[][] squares = new double[LAYERS][INNER];
        new PlainLlama(MODEL, SITES, (layer, site, t, v) -> {
            double all = Arrays.stream(v).map(x -> x * x).sum();
            for (int j = 0; j < INNER; j++) {
                squares[layer][j] += v[j] * v[j] / all;
            }
            boolean[] keeps = new boolean[INNER];
            Arrays.fill(keeps, true);
            return keeps;
        }).next(prompt);
        return new PlainLlama(MODEL, SITES, (layer, site, t, v) -> {
            boolean[] keeps = new boolean[INNER];
            boolean ruled = t >= first && layers.of(LAYERS).contains(layer);
            List<Integer> order = IntStream.range(0, INNER).boxed().sorted(Comparator.comparingDouble(j -> -squares[layer][j])).toList();
            for (int rank = 0; rank < INNER; rank++) {
                keeps[order.get(rank)] = !ruled || rank < (int) (INNER * p);
                kept[0] += ruled && rank < (int) (INNER * p) && v[order.get(rank)] != 0 ? 1 : 0;
            }
            return keeps;
        });
    }

    private static int prompt(String coverage, int[] context) {
        return coverage.equals("generated") ? context.length : context.length - 1;
    }

    private static int[] with(int[] text, int... more) {
        int[] longer = Arrays.copyOf(text, text.length + more.length);
        System.arraycopy(more, 0, longer, text.length, more.length);
        return longer;
    }

    private static List<Request> requests() {
        Random random = new Random(3);
        List<Request> requests = new ArrayList<>();
        for (int document = 0; document < 9; document++) {
            int[] context = random.ints(2 + random.nextInt(25), 0, VOCABULARY).toArray();
            for (int choice = 0; choice < 3; choice++) {
                int[] continuation = random.ints(1 + random.nextInt(4), 0, VOCABULARY).toArray();
                requests.add(new Request(document, choice, context, continuation, with(context, Arrays.copyOf(continuation, continuation.length - 1)), false));
            }
        }
        return requests;
    }

    private static Likelihoods likelihoods(Findings findings) {
        return new Likelihoods("tiny", MODEL, DEVICE, TEAM, findings, "subject", () -> false);
    }

    @ParameterizedTest
    @CsvSource({"generated, all", "decode, all", "generated, '1-2'"})
    void continuationsUseTheNeuronsThatTheirContextUsed(String covered, String in) {
        TokenCoverage coverage = TokenCoverage.parse(covered);
        LayerSet layers = LayerSet.parse(in);
        List<Request> requests = requests();
        Likelihoods.Scores scores = likelihoods(Findings.NONE).score(requests, SITES, griffin(GRID).in(layers), coverage);
        double changed = 0;
        for (int p = 0; p < GRID.size(); p++) {
            for (int r = 0; r < requests.size(); r++) {
                Request request = requests.get(r);
                int[] context = request.context();
                int[] prompt = Arrays.copyOf(context, prompt(covered, context));
                long[] kept = {0};
                PlainLlama plain = plain(prompt, prompt.length, GRID.get(p), layers, kept);
                int[] targets = with(new int[context.length - 1], request.continuation());
                double whole = plain.loss(request.input(), targets);
                long counted = kept[0];
                double before = context.length == 1 ? 0 : plain.loss(Arrays.copyOf(context, context.length - 1), new int[context.length - 1]);
                double found = ((Answer.Scored) scores.answers().get(p).get(r)).logLikelihood();
                assertEquals(before - whole, found, 1e-4, covered + ", p = " + GRID.get(p) + ", request " + r);
                assertEquals(counted, scores.kept()[p][r]);
                int read = request.input().length - prompt.length;
                assertEquals((long) read * INNER * layers.of(LAYERS).size(), scores.elements()[p][r]);
                changed = Math.max(changed, Math.abs(found - ((Answer.Scored) scores.answers().get(0).get(r)).logLikelihood()));
            }
        }
        assertTrue(changed > 0.01, "the rule changes nothing");
        Treatment none = new Treatment.Uniform(Rules.byName("none"), List.of(0.0));
        assertEquals(likelihoods(Findings.NONE).score(requests, SITES, none, coverage).answers().get(0), scores.answers().get(0), "p = 1 has the bits of no rule");
    }

    private static Continuations.Found write(List<int[]> contexts, List<Double> grid, LayerSet layers, TokenCoverage coverage, Findings findings) {
        return Continuations.of("tiny", MODEL, DEVICE, TEAM, contexts, new Continuations.Ending(MOST, added -> added[added.length - 1] % 9 == 0, "key"), SITES,
                griffin(grid).in(layers), coverage, findings, "subject", () -> false);
    }

    private static List<int[]> contexts() {
        Random random = new Random(7);
        return IntStream.range(0, 8).mapToObj(i -> random.ints(2 + random.nextInt(25), 0, VOCABULARY).toArray()).toList();
    }

    @ParameterizedTest
    @CsvSource({"generated, all", "decode, all", "generated, '0,2'"})
    void textIsWrittenWithTheNeuronsThatItsContextUsed(String covered, String in) {
        LayerSet layers = LayerSet.parse(in);
        Continuations.Found found = write(contexts(), GRID, layers, TokenCoverage.parse(covered), Findings.NONE);
        boolean ruled = false;
        for (int p = 0; p < GRID.size(); p++) {
            for (int c = 0; c < contexts().size(); c++) {
                int[] context = contexts().get(c);
                int[] prompt = Arrays.copyOf(context, prompt(covered, context));
                long[] kept = {0};
                PlainLlama plain = plain(prompt, prompt.length, GRID.get(p), layers, kept);
                int[] added = {};
                while (added.length < MOST && (added.length == 0 || added[added.length - 1] % 9 != 0)) {
                    kept[0] = 0; // of the last time that the text is read
                    added = with(added, plain.next(with(context, added)));
                }
                assertArrayEquals(added, found.tokens()[p][c], covered + ", p = " + GRID.get(p) + ", text " + c);
                assertEquals(kept[0], found.kept()[p][c]);
                assertEquals((long) (context.length + added.length - 1 - prompt.length) * INNER * layers.of(LAYERS).size(), found.elements()[p][c]);
                ruled |= !Arrays.equals(added, found.tokens()[0][c]);
            }
        }
        assertTrue(ruled, "the rule changes no text");
    }

    @Test
    void onePointIsAsAmongOthersAndOtherGridsAreOtherQuestions() {
        Map<String, JsonNode> store = new HashMap<>();
        Findings findings = new Findings() {
            @Override
            public synchronized Optional<JsonNode> of(String question) {
                return Optional.ofNullable(store.get(question));
            }

            @Override
            public synchronized void keep(String question, JsonNode finding) {
                store.put(question, finding);
            }
        };
        TokenCoverage generated = TokenCoverage.parse("generated");
        Continuations.Found all = write(contexts(), GRID, LayerSet.ALL, generated, findings);
        Continuations.Found again = write(contexts(), GRID, LayerSet.ALL, generated, findings);
        assertTrue(Arrays.deepEquals(all.tokens(), again.tokens()) && Arrays.deepEquals(all.kept(), again.kept()));
        assertEquals(contexts().size(), store.size());
        Continuations.Found one = write(contexts(), List.of(0.25), LayerSet.ALL, generated, findings);
        assertTrue(Arrays.deepEquals(all.tokens()[2], one.tokens()[0]));
        assertArrayEquals(all.kept()[2], one.kept()[0]);
        write(contexts(), GRID, LayerSet.parse("1"), generated, findings);
        assertEquals(3 * contexts().size(), store.size());
        likelihoods(findings).score(requests(), SITES, griffin(GRID), generated);
        assertEquals(3 * contexts().size() + 9, store.size(), "one for each context");
    }

    @Test
    void withoutAPromptNothingCanBeChosen() {
        assertThrows(IllegalArgumentException.class, () -> write(contexts(), GRID, LayerSet.ALL, TokenCoverage.EVERY, Findings.NONE));
        String message = assertThrows(InputException.class, () -> write(List.of(new int[] {1}), GRID, LayerSet.ALL, TokenCoverage.parse("decode"), Findings.NONE)).getMessage();
        assertTrue(message.contains("griffin chooses by a text's context") && message.contains("use generated"), message);
    }
}
