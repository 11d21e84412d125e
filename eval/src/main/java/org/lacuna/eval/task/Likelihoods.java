package org.lacuna.eval.task;

import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.lacuna.data.Batch;
import org.lacuna.data.task.Answer;
import org.lacuna.data.task.Request;
import org.lacuna.eval.robustness.Answers;
import org.lacuna.eval.robustness.ContinuationAnswers;
import org.lacuna.eval.robustness.Findings;
import org.lacuna.eval.robustness.Sequences;
import org.lacuna.eval.robustness.TokenCoverage;
import org.lacuna.eval.robustness.Treatment;
import org.lacuna.eval.robustness.Watch;
import org.lacuna.graph.Device;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Model;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.sparsity.Site;

/**
 * The log-likelihoods of requests at all points of a grid. Requests that have a context in common are a row that begins with it, each
 * continuation behind it as if it stood there alone; rows of about one length go through the model together, padded on the right. What a request gives
 * does not depend on those beside it but for rounding. Where the coverage leaves contexts alone, requests of one context go through it together
 * instead, and the context once for all of them and all points.
 *
 * @param name     what messages call the model
 * @param findings where pieces are looked up and kept
 * @param subject  hash of model and arithmetic
 * @param watch    asked between pieces of the work
 */
public record Likelihoods(String name, Model model, Device device, Workers workers, Findings findings, String subject, Watch watch)
        implements Answering {
    /** Up to so many tokens, lengths are rounded up to a multiple of an eighth of them. */
    private static final int SHORT = 64;

    /** Scores requests with continuations. Of those that ask the same one is asked, so that equal choices have equal answers, wherever in a row they would stand. */
    @Override
    public Scores score(List<Request> requests, Set<Site> sites, Treatment treatment, TokenCoverage coverage) {
        Map<List<IntBuffer>, Integer> places = new HashMap<>();
        List<Request> distinct = new ArrayList<>();
        int[] place = requests.stream().mapToInt(request -> places.computeIfAbsent(List.of(IntBuffer.wrap(request.input()), IntBuffer.wrap(request.continuation())), asked -> {
            distinct.add(request);
            return distinct.size() - 1;
        })).toArray();
        Scores found = coverage.dense(1).isPresent() ? byContext(distinct, sites, treatment, coverage) : sideBySide(distinct, sites, treatment, coverage);
        return distinct.size() == requests.size() ? found : found.at(place);
    }

    private Scores byContext(List<Request> requests, Set<Site> sites, Treatment treatment, TokenCoverage coverage) {
        Map<IntBuffer, List<Integer>> contexts = contexts(requests);
        List<ContinuationAnswers.Asked> asked = new ArrayList<>();
        List<Integer> order = new ArrayList<>();
        contexts.forEach((context, of) -> {
            asked.add(new ContinuationAnswers.Asked(context.array(), of.stream().map(r -> requests.get(r).continuation()).toList()));
            order.addAll(of);
        });
        Collected collected = new Collected(treatment.points(), requests.size());
        collected.add(ContinuationAnswers.of(name, model, device, workers, asked, sites, treatment, coverage, findings, subject, watch), order);
        return collected.scores();
    }

    /** Requests by what the model reads of their contexts. */
    static Map<IntBuffer, List<Integer>> contexts(List<Request> requests) {
        Map<IntBuffer, List<Integer>> contexts = new LinkedHashMap<>();
        for (int r = 0; r < requests.size(); r++) {
            int[] input = requests.get(r).input();
            int[] context = Arrays.copyOf(input, input.length - requests.get(r).continuation().length + 1);
            contexts.computeIfAbsent(IntBuffer.wrap(context), ids -> new ArrayList<>()).add(r);
        }
        return contexts;
    }

    private Scores sideBySide(List<Request> requests, Set<Site> sites, Treatment treatment, TokenCoverage coverage) {
        Collected collected = new Collected(treatment.points(), requests.size());
        Map<Integer, List<List<Integer>>> buckets = buckets(requests, share(model.config(), coverage));
        Together whole = new Together(buckets.entrySet().stream().mapToLong(bucket -> (long) bucket.getKey() * bucket.getValue().size() * treatment.points()).sum());
        try {
            for (List<List<Integer>> rows : buckets.values()) {
                collected.add(Answers.of(name, model, device, workers, texts(requests, rows), sites, treatment, coverage, findings, subject, whole),
                        rows.stream().flatMap(List::stream).toList());
            }
        } finally {
            watch.end();
        }
        return collected.scores();
    }

    /** Tells whoever looks on of all lengths as one part of the work. */
    private final class Together implements Watch {
        private final long tokens;
        private boolean begun;

        Together(long tokens) {
            this.tokens = tokens;
        }

        @Override
        public boolean getAsBoolean() {
            return watch.getAsBoolean();
        }

        @Override
        public void begin(String what, long ofThisLength) {
            if (!begun) {
                begun = true;
                watch.begin(what, tokens);
            }
        }

        @Override
        public void done(long more) {
            watch.done(more);
        }
    }

    /** Whether requests may share their context: whatever is covered of it must not depend on the continuation, and every layer has to see all of it. */
    static boolean share(ModelConfig config, TokenCoverage coverage) {
        return coverage.kind() != TokenCoverage.Kind.LAST && config.attention().sliding().isEmpty();
    }

    /** Answers in the order of the requests. */
    private static final class Collected {
        private final Answer[][] answers;
        private final long[][] kept;
        private final long[][] elements;

        Collected(int points, int requests) {
            answers = new Answer[points][requests];
            kept = new long[points][requests];
            elements = new long[points][requests];
        }

        /** Puts each text's answer at the place of its request. */
        void add(Answers found, List<Integer> places) {
            for (int p = 0; p < answers.length; p++) {
                for (int i = 0; i < places.size(); i++) {
                    answers[p][places.get(i)] = new Answer.Scored(-found.lossSums()[p][i], found.greedy()[p][i]);
                    kept[p][places.get(i)] = found.kept()[p][i];
                    elements[p][places.get(i)] = found.elements()[i];
                }
            }
        }

        Scores scores() {
            return new Scores(Arrays.stream(answers).map(List::of).toList(), kept, elements);
        }
    }

    /**
     * Rows by the length that they are padded to, each of one request, or of several that share a context; the longest first: what does not fit the memory
     * says so at once.
     */
    static Map<Integer, List<List<Integer>>> buckets(List<Request> requests, boolean share) {
        Map<Integer, List<List<Integer>>> buckets = new TreeMap<>(Comparator.reverseOrder());
        for (List<Integer> row : rows(requests, share)) {
            buckets.computeIfAbsent(padded(length(requests, row)), length -> new ArrayList<>()).add(row);
        }
        return buckets;
    }

    /** Requests that go into one row, in the order of the first of each. In a row continuations together are no longer than their context: all see it, and none the others. */
    private static List<List<Integer>> rows(List<Request> requests, boolean share) {
        if (!share) {
            return IntStream.range(0, requests.size()).mapToObj(List::of).toList();
        }
        List<List<Integer>> rows = new ArrayList<>();
        contexts(requests).forEach((context, of) -> {
            List<Integer> row = new ArrayList<>();
            int own = 0;
            for (int request : of) {
                int more = requests.get(request).continuation().length;
                if (!row.isEmpty() && own + more >= context.capacity()) {
                    rows.add(row);
                    row = new ArrayList<>();
                    own = 0;
                }
                row.add(request);
                own += more;
            }
            rows.add(row);
        });
        rows.sort(Comparator.comparingInt(row -> row.get(0)));
        return rows;
    }

    /** Tokens of a row. */
    static int length(List<Request> requests, List<Integer> row) {
        int own = row.stream().mapToInt(r -> requests.get(r).continuation().length).sum();
        return trunk(requests.get(row.get(0))) + own;
    }

    /** Tokens of a request before the one that predicts its continuation. */
    private static int trunk(Request request) {
        return request.input().length - request.continuation().length;
    }

    /** The length with padding: at most an eighth more, or 7 tokens. */
    static int padded(int length) {
        int step = Math.max(8, Integer.highestOneBit(Math.max(length - 1, SHORT)) / 8);
        return (length + step - 1) / step * step;
    }

    private Sequences texts(List<Request> requests, List<List<Integer>> rows) {
        int longest = rows.stream().mapToInt(row -> length(requests, row)).max().orElseThrow();
        // Positions beyond the model's are padding that is never looked at, but learned positions have no row for it.
        int length = Math.min(padded(longest), Math.max(longest, model.config().maxPositions()));
        int[] inputs = new int[rows.size() * length];
        int[] targets = new int[rows.size() * length];
        int[] lengths = new int[rows.size()];
        List<Sequences.Text> texts = new ArrayList<>();
        Arrays.fill(targets, Batch.NOT_SCORED);
        for (int i = 0; i < lengths.length; i++) {
            int trunk = trunk(requests.get(rows.get(i).get(0)));
            System.arraycopy(requests.get(rows.get(i).get(0)).input(), 0, inputs, i * length, trunk);
            lengths[i] = trunk;
            boolean alone = rows.get(i).size() == 1;
            for (int r : rows.get(i)) {
                int[] continuation = requests.get(r).continuation();
                int from = lengths[i];
                System.arraycopy(requests.get(r).input(), trunk, inputs, i * length + from, continuation.length);
                System.arraycopy(continuation, 0, targets, i * length + from, continuation.length);
                lengths[i] += continuation.length;
                texts.add(alone ? new Sequences.Text(i, 0, 0, lengths[i]) : new Sequences.Text(i, trunk, from, lengths[i]));
            }
        }
        return new Sequences(new Batch(lengths.length, length, inputs, targets), lengths, texts);
    }
}
