package org.lacuna.eval.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.lacuna.data.Batch;
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
import org.lacuna.run.InterruptedRunException;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.rule.Rules;

/** What is told of how far a measurement is: all of its tokens, each once, whatever measures. */
class WatchTest {
    private static final CpuDevice DEVICE = new CpuDevice();
    private static final Workers TEAM = new Workers(2);
    private static final int VOCABULARY = 7;
    private static final List<Double> GRID = List.of(1.0, 0.8, 0.5);
    private static final Set<Site> SITES = Set.of(Site.GATE, Site.INTERMEDIATE);
    private static final Treatment TOP_P = new Treatment.Uniform(Rules.byName("top_p"), GRID);
    private static final Model MODEL = Initialization.of(ModelConfig.llama(VOCABULARY, 16, 24, 2, 4, 2, 4, 1e-6, RotaryPosition.plain(10_000), true, FeedForward.gated("silu"), 64, 0.4,
            OptionalInt.empty(), List.of()), DEVICE, 5);

    @AfterAll
    static void end() {
        TEAM.close();
    }

    /** {@code name 5/9 end} for each part. */
    private static final class Noting implements Watch {
        private final List<String> parts = new ArrayList<>();
        private String part;
        private long done;

        @Override
        public boolean getAsBoolean() {
            return false;
        }

        @Override
        public void begin(String what, long tokens) {
            part = what + " of " + tokens;
            done = 0;
        }

        @Override
        public synchronized void done(long tokens) {
            done += tokens;
        }

        @Override
        public void end() {
            parts.add(part + ": " + done);
        }
    }

    private static int[] ids(int count, long seed) {
        return new Random(seed).ints(count, 0, VOCABULARY).toArray();
    }

    private static Request request(int context, int continuation, long seed) {
        int[] all = ids(context + continuation, seed);
        return new Request((int) seed, 0, Arrays.copyOf(all, context), Arrays.copyOfRange(all, context, all.length), Arrays.copyOf(all, all.length - 1), false);
    }

    @Test
    void curvesAndTheDensePass() {
        Noting watch = new Noting();
        Batch windows = new Batch(5, 12, ids(60, 1), ids(60, 2));
        Robustness robustness = new Robustness("tiny", MODEL, DEVICE, TEAM, windows, watch);
        Settings settings = new Settings("top_p", GRID, TokenCoverage.EVERY, LayerSet.ALL, List.of(SiteSet.ALL_INPUTS), 1.01, 40, 1, 0.95);
        robustness.curve(SiteSet.ALL_INPUTS, settings, robustness.dense(OptionalLong.empty()));
        assertEquals(List.of("without a rule of 60: 60", "input, intermediate of 180: 180"), watch.parts);
    }

    @Test
    void aTasksRequestsOfAllLengthsAreOnePart() {
        Noting watch = new Noting();
        // Of 8, 8 and 16 tokens with padding.
        List<Request> requests = List.of(request(4, 2, 1), request(5, 3, 2), request(9, 4, 3));
        new Likelihoods("tiny", MODEL, DEVICE, TEAM, Findings.NONE, "", watch).score(requests, SITES, TOP_P, TokenCoverage.EVERY);
        assertEquals(List.of("gate, intermediate of 96: 96"), watch.parts);
        watch.parts.clear();
        // A context is read once, its continuation at every point: 4 + 3 · 2, 5 + 3 · 3, 9 + 3 · 4.
        new Likelihoods("tiny", MODEL, DEVICE, TEAM, Findings.NONE, "", watch).score(requests, SITES, TOP_P, TokenCoverage.parse("decode"));
        assertEquals(List.of("gate, intermediate of 45: 45"), watch.parts);
    }

    @Test
    void textsThatAreWrittenCountAsManyTokensAsTheyMayHave() {
        Noting watch = new Noting();
        Continuations.of("tiny", MODEL, DEVICE, TEAM, List.of(ids(4, 1), ids(7, 2)), new Continuations.Ending(5, added -> added.length == 2, "key"), SITES, TOP_P,
                TokenCoverage.EVERY, Findings.NONE, "", watch);
        assertEquals(List.of("gate, intermediate of 63: 63"), watch.parts);
    }

    @Test
    void whatARuleLooksAtFirst() {
        Noting watch = new Noting();
        Batch windows = new Batch(5, 12, ids(60, 1), ids(60, 2));
        Look look = new Look("tiny", MODEL, DEVICE, windows, windows, 12, LayerSet.parse("1"), watch);
        Methods.byName("greedy").treatments(GRID, Set.of(Site.GATE, Site.INPUT), look);
        assertEquals(List.of("a look at input, gate of 60: 60", "errors at input of layer 1 of 60: 60", "errors at gate of layer 1 of 60: 60"), watch.parts);
    }

    @Test
    void aPartThatIsStoppedEnds() {
        List<String> told = new ArrayList<>();
        Watch stop = new Watch() {
            @Override
            public boolean getAsBoolean() {
                return true;
            }

            @Override
            public void end() {
                told.add("end");
            }
        };
        List<Request> requests = List.of(request(4, 2, 1));
        Likelihoods likelihoods = new Likelihoods("tiny", MODEL, DEVICE, TEAM, Findings.NONE, "", stop);
        assertThrows(InterruptedRunException.class, () -> likelihoods.score(requests, SITES, TOP_P, TokenCoverage.EVERY));
        assertThrows(InterruptedRunException.class, () -> likelihoods.score(requests, SITES, TOP_P, TokenCoverage.parse("decode")));
        Batch windows = new Batch(5, 12, ids(60, 1), ids(60, 2));
        Look look = new Look("tiny", MODEL, DEVICE, windows, windows, 12, stop);
        assertThrows(InterruptedRunException.class, () -> Methods.byName("calibrated").treatments(GRID, SITES, look));
        assertEquals(List.of("end", "end", "end"), told);
    }
}
