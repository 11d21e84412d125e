package org.lacuna.eval.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.data.task.Answer;
import org.lacuna.data.task.Request;
import org.lacuna.eval.task.Likelihoods;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Initialization;
import org.lacuna.model.Model;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.rule.Rules;

/** Requests of many lengths, padded side by side, against plain loops over each alone. */
class LikelihoodsTest {
    private static final CpuDevice DEVICE = new CpuDevice();
    private static final Workers TEAM = new Workers(2);
    private static final int VOCABULARY = 7;
    private static final int INNER = 24;
    private static final int LAYERS = 2;
    private static final List<Double> GRID = List.of(1.0, 0.5);
    private static final Treatment TOP_P = new Treatment.Uniform(Rules.byName("top_p"), GRID);
    private static final Set<Site> SITES = Set.of(Site.INTERMEDIATE);
    private static final Model MODEL = Initialization.of(ModelConfig.llama(VOCABULARY, 16, INNER, LAYERS, 4, 2, 4, 1e-6, RotaryPosition.plain(10_000), true, FeedForward.gated("silu"), 32, 0.9,
            OptionalInt.empty(), List.of()), DEVICE, 5);

    @AfterAll
    static void end() {
        TEAM.close();
    }

    private static List<Request> requests(int count) {
        Random random = new Random(3);
        List<Request> requests = new ArrayList<>();
        for (int r = 0; r < count; r++) {
            int[] context = random.ints(1 + random.nextInt(25), 0, VOCABULARY).toArray();
            int[] continuation = random.ints(1 + random.nextInt(4), 0, VOCABULARY).toArray();
            int[] input = Arrays.copyOf(context, context.length + continuation.length - 1);
            System.arraycopy(continuation, 0, input, context.length, continuation.length - 1);
            requests.add(new Request(r, 0, context, continuation, input, false));
        }
        return requests;
    }

    private static Likelihoods likelihoods(Findings findings) {
        return new Likelihoods("tiny", MODEL, DEVICE, TEAM, findings, "subject", () -> false);
    }

    private static double logLikelihood(List<Answer> answers, int request) {
        return ((Answer.Scored) answers.get(request)).logLikelihood();
    }

    /** −ln p of the continuation by plain loops; counts what is kept of the covered tokens. */
    private static double plain(Request request, double p, TokenCoverage coverage, long[] kept) {
        int[] targets = new int[request.input().length];
        int from = request.input().length - request.continuation().length;
        System.arraycopy(request.continuation(), 0, targets, from, request.continuation().length);
        PlainLlama.Mask rule = PlainLlama.Mask.byRule("top_p", p);
        PlainLlama plain = new PlainLlama(MODEL, SITES, (layer, site, t, v) -> {
            boolean[] keeps = new boolean[v.length];
            Arrays.fill(keeps, true);
            if (coverage.covers(t, request.input().length, from)) {
                keeps = rule.of(layer, site, t, v);
                for (int j = 0; j < v.length; j++) {
                    kept[0] += keeps[j] && v[j] != 0 ? 1 : 0;
                }
            }
            return keeps;
        });
        double all = plain.loss(request.input(), targets);
        // What stands before the continuation is scored against token 0 there, and taken off again.
        long before = kept[0];
        double others = from == 0 ? 0 : plain.loss(Arrays.copyOf(request.input(), from), new int[from]);
        kept[0] = before;
        return all - others;
    }

    @Test
    void eachRequestIsScoredAsIfItWereAlone() {
        List<Request> requests = requests(23);
        for (TokenCoverage coverage : List.of(TokenCoverage.EVERY, TokenCoverage.parse("but_first"))) {
            Likelihoods.Scores scores = likelihoods(Findings.NONE).score(requests, SITES, TOP_P, coverage);
            for (int p = 0; p < GRID.size(); p++) {
                for (int r = 0; r < requests.size(); r++) {
                    long[] kept = {0};
                    double expected = -plain(requests.get(r), GRID.get(p), coverage, kept);
                    assertEquals(expected, logLikelihood(scores.answers().get(p), r), 1e-4, "request " + r);
                    assertEquals(kept[0], scores.kept()[p][r], "request " + r);
                    int covered = requests.get(r).input().length - (coverage.equals(TokenCoverage.EVERY) ? 0 : 1);
                    assertEquals((long) covered * INNER * LAYERS, scores.elements()[p][r]);
                }
            }
        }
    }

    /** Of each context a few continuations, of one token and more, one the beginning of another; some contexts are shorter than what follows them. */
    private static List<Request> choices(int contexts) {
        Random random = new Random(11);
        List<Request> requests = new ArrayList<>();
        for (int c = 0; c < contexts; c++) {
            int[] context = random.ints(1 + random.nextInt(17), 0, VOCABULARY).toArray();
            int[] longest = random.ints(5, 0, VOCABULARY).toArray();
            for (int choice = 0; choice < 1 + c % 4; choice++) {
                int[] continuation = choice < 2 ? Arrays.copyOf(longest, 1 + 4 * choice) : random.ints(1 + random.nextInt(5), 0, VOCABULARY).toArray();
                int[] input = Arrays.copyOf(context, context.length + continuation.length - 1);
                System.arraycopy(continuation, 0, input, context.length, continuation.length - 1);
                requests.add(new Request(c, choice, context, continuation, input, false));
            }
        }
        return requests;
    }

    @ParameterizedTest
    @ValueSource(strings = {"all", "but_first", "last:0.5", "decode", "generated"})
    void choicesOfOneContextAreAsEachByItself(String name) {
        TokenCoverage coverage = TokenCoverage.parse(name);
        List<Request> requests = choices(23);
        Likelihoods.Scores scores = likelihoods(Findings.NONE).score(requests, SITES, TOP_P, coverage);
        for (int p = 0; p < GRID.size(); p++) {
            for (int r = 0; r < requests.size(); r++) {
                long[] kept = {0};
                double expected = -plain(requests.get(r), GRID.get(p), coverage, kept);
                assertEquals(expected, logLikelihood(scores.answers().get(p), r), 1e-4, "request " + r);
                assertEquals(kept[0], scores.kept()[p][r], "request " + r);
                int length = requests.get(r).input().length;
                assertEquals((long) coverage.count(length, length - requests.get(r).continuation().length) * INNER * LAYERS, scores.elements()[p][r]);
            }
        }
        Treatment none = new Treatment.Uniform(Rules.byName("none"), List.of(0.0));
        assertEquals(likelihoods(Findings.NONE).score(requests, SITES, none, coverage).answers().get(0), scores.answers().get(0), "p = 1 has the bits of no rule");
    }

    /** A choice that is there again, at the other end of a row, in another document, and as the beginning of a longer one. */
    @ParameterizedTest
    @ValueSource(strings = {"all", "but_first", "last:0.5", "decode", "generated"})
    void equalChoicesHaveEqualAnswers(String name) {
        Random random = new Random(17);
        List<Request> asked = new ArrayList<>();
        for (int document = 0; document < 12; document++) {
            int[] context = new Random(document % 8).ints(20, 0, VOCABULARY).toArray();
            int[] again = new Random(document % 8).ints(4, 0, VOCABULARY).toArray();
            int[] other = random.ints(5 + random.nextInt(3), 0, VOCABULARY).toArray();
            for (int[] choice : List.of(again, other, again.clone(), Arrays.copyOf(again, 3))) {
                int[] input = Arrays.copyOf(context, context.length + choice.length - 1);
                System.arraycopy(choice, 0, input, context.length, choice.length - 1);
                asked.add(new Request(document, asked.size() % 4, context, choice, input, false));
            }
        }
        Likelihoods.Scores scores = likelihoods(Findings.NONE).score(asked, SITES, TOP_P, TokenCoverage.parse(name));
        for (int p = 0; p < GRID.size(); p++) {
            for (int r = 0; r < asked.size(); r += 4) {
                assertEquals(scores.answers().get(p).get(r), scores.answers().get(p).get(r + 2), "request " + r);
                assertEquals(scores.kept()[p][r], scores.kept()[p][r + 2]);
                assertEquals(scores.elements()[p][r], scores.elements()[p][r + 2]);
                assertEquals(scores.answers().get(p).get(r), scores.answers().get(p).get(r % 32), "the same document");
                assertTrue(logLikelihood(scores.answers().get(p), r) < logLikelihood(scores.answers().get(p), r + 3), "a beginning is likelier than the whole");
            }
        }
    }

    @Test
    void decodeCoversFromTheLastTokenOfTheContextOn() {
        List<Request> requests = requests(9);
        Likelihoods.Scores scores = likelihoods(Findings.NONE).score(requests, SITES, TOP_P, TokenCoverage.parse("decode"));
        for (int r = 0; r < requests.size(); r++) {
            long[] kept = {0};
            assertEquals(-plain(requests.get(r), 0.5, TokenCoverage.parse("decode"), kept), logLikelihood(scores.answers().get(1), r), 1e-4);
            assertEquals(kept[0], scores.kept()[1][r]);
            assertEquals((long) requests.get(r).continuation().length * INNER * LAYERS, scores.elements()[1][r]);
        }
    }

    @Test
    void aRuleInOneLayerIsCountedThere() {
        List<Request> requests = requests(9);
        Likelihoods.Scores first = likelihoods(Findings.NONE).score(requests, SITES, TOP_P.in(LayerSet.parse("0")), TokenCoverage.EVERY);
        Likelihoods.Scores second = likelihoods(Findings.NONE).score(requests, SITES, TOP_P.in(LayerSet.parse("1")), TokenCoverage.EVERY);
        Likelihoods.Scores both = likelihoods(Findings.NONE).score(requests, SITES, TOP_P, TokenCoverage.EVERY);
        for (int r = 0; r < requests.size(); r++) {
            assertEquals((long) requests.get(r).input().length * INNER, first.elements()[0][r]);
            assertEquals(both.elements()[0][r], first.elements()[0][r] + second.elements()[0][r]);
            assertEquals(both.kept()[0][r], first.kept()[0][r] + second.kept()[0][r], "p = 1");
            assertEquals(logLikelihood(both.answers().get(0), r), logLikelihood(second.answers().get(0), r));
            assertTrue(logLikelihood(both.answers().get(1), r) != logLikelihood(second.answers().get(1), r));
        }
    }

    @Test
    void neitherOrderNorCompanyMatters() {
        List<Request> requests = requests(23);
        List<Request> shuffled = new ArrayList<>(requests);
        Collections.shuffle(shuffled, new Random(1));
        Likelihoods.Scores all = likelihoods(Findings.NONE).score(requests, SITES, TOP_P, TokenCoverage.EVERY);
        Likelihoods.Scores other = likelihoods(Findings.NONE).score(shuffled, SITES, TOP_P, TokenCoverage.EVERY);
        for (int r = 0; r < requests.size(); r++) {
            int there = shuffled.indexOf(requests.get(r));
            Likelihoods.Scores alone = likelihoods(Findings.NONE).score(List.of(requests.get(r)), SITES, TOP_P, TokenCoverage.EVERY);
            for (int p = 0; p < GRID.size(); p++) {
                assertEquals(logLikelihood(all.answers().get(p), r), logLikelihood(other.answers().get(p), there), 1e-6);
                assertEquals(logLikelihood(all.answers().get(p), r), logLikelihood(alone.answers().get(p), 0), 1e-6 * Math.max(1, Math.abs(logLikelihood(all.answers().get(p), r))));
                assertEquals(all.kept()[p][r], other.kept()[p][there]);
                assertEquals(all.kept()[p][r], alone.kept()[p][0]);
            }
        }
    }

    @Test
    void greedyIsWhatGreedyDecodingWouldSay() {
        List<Request> asked = new ArrayList<>();
        for (Request request : requests(10)) {
            for (int token = 0; token < VOCABULARY; token++) {
                asked.add(new Request(asked.size(), 0, request.context(), new int[] {token}, request.context(), false));
            }
        }
        List<Answer> answers = likelihoods(Findings.NONE).score(asked, SITES, TOP_P, TokenCoverage.EVERY).answers().get(0);
        for (int from = 0; from < asked.size(); from += VOCABULARY) {
            int best = from;
            double sum = 0;
            int greedy = 0;
            for (int r = from; r < from + VOCABULARY; r++) {
                best = logLikelihood(answers, r) > logLikelihood(answers, best) ? r : best;
                sum += Math.exp(logLikelihood(answers, r));
                greedy += ((Answer.Scored) answers.get(r)).greedy() ? 1 : 0;
            }
            assertEquals(1, sum, 1e-5, "the tokens' probabilities are all there is");
            assertEquals(1, greedy);
            assertTrue(((Answer.Scored) answers.get(best)).greedy());
        }
    }

    @Test
    void whatWasFoundIsNotComputedAgainAndComesBackToTheBit() {
        Map<String, JsonNode> kept = new HashMap<>();
        int[] asked = {0};
        Findings findings = new Findings() {
            @Override
            public synchronized Optional<JsonNode> of(String question) {
                return Optional.ofNullable(kept.get(question));
            }

            @Override
            public synchronized void keep(String question, JsonNode finding) {
                asked[0]++;
                kept.put(question, finding);
            }
        };
        List<Request> requests = requests(23);
        Likelihoods.Scores first = likelihoods(findings).score(requests, SITES, TOP_P, TokenCoverage.EVERY);
        int pieces = asked[0];
        assertTrue(pieces > 1);
        Likelihoods.Scores second = likelihoods(findings).score(requests, SITES, TOP_P, TokenCoverage.EVERY);
        assertEquals(pieces, asked[0]);
        assertEquals(first.answers(), second.answers());
        assertTrue(Arrays.deepEquals(first.kept(), second.kept()));
        likelihoods(findings).score(requests, SITES, TOP_P, TokenCoverage.parse("but_first"));
        assertEquals(2 * pieces, asked[0], "another coverage is another question");
        likelihoods(findings).score(requests, SITES, TOP_P.in(LayerSet.parse("1")), TokenCoverage.EVERY);
        assertEquals(3 * pieces, asked[0], "and so are other layers");
        likelihoods(findings).score(requests, SITES, TOP_P.in(LayerSet.parse("0")), TokenCoverage.EVERY);
        assertEquals(4 * pieces, asked[0]);
    }
}
