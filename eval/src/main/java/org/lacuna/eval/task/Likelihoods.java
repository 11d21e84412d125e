package org.lacuna.eval.task;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.lacuna.data.Batch;
import org.lacuna.data.task.Answer;
import org.lacuna.data.task.Request;
import org.lacuna.eval.robustness.Answers;
import org.lacuna.eval.robustness.Findings;
import org.lacuna.eval.robustness.Sequences;
import org.lacuna.eval.robustness.TokenCoverage;
import org.lacuna.eval.robustness.Treatment;
import org.lacuna.graph.Device;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Model;
import org.lacuna.sparsity.Site;

/**
 * The log-likelihoods of requests at all points of a grid. Requests of about one length go through the model together, padded on the right; what a
 * request gives does not depend on those beside it but for rounding.
 *
 * @param name     what messages call the model
 * @param findings where pieces are looked up and kept
 * @param subject  hash of model and arithmetic
 * @param stop     asked between pieces of the work
 */
public record Likelihoods(String name, Model model, Device device, Workers workers, Findings findings, String subject, BooleanSupplier stop)
        implements Answering {
    /** Up to so many tokens, lengths are rounded up to a multiple of an eighth of them. */
    private static final int SHORT = 64;

    /** Scores requests with continuations. */
    @Override
    public Scores score(List<Request> requests, Set<Site> sites, Treatment treatment, TokenCoverage coverage) {
        int points = treatment.points();
        Answer[][] answers = new Answer[points][requests.size()];
        long[][] kept = new long[points][requests.size()];
        long[][] elements = new long[points][requests.size()];
        for (List<Integer> bucket : buckets(requests).values()) {
            Sequences texts = texts(requests, bucket);
            Answers found = Answers.of(name, model, device, workers, texts, sites, treatment, coverage, findings, subject, stop);
            for (int i = 0; i < bucket.size(); i++) {
                int request = bucket.get(i);
                for (int p = 0; p < points; p++) {
                    answers[p][request] = new Answer.Scored(-found.lossSums()[p][i], found.greedy()[p][i]);
                    kept[p][request] = found.kept()[p][i];
                    elements[p][request] = found.elements()[i];
                }
            }
        }
        return new Scores(Arrays.stream(answers).map(List::of).toList(), kept, elements);
    }

    /** Requests by the length that they are padded to, within it by their number. */
    private static Map<Integer, List<Integer>> buckets(List<Request> requests) {
        Map<Integer, List<Integer>> buckets = new TreeMap<>(Comparator.reverseOrder()); // the longest first: what does not fit the memory says so at once
        for (int r = 0; r < requests.size(); r++) {
            buckets.computeIfAbsent(padded(requests.get(r).input().length), length -> new ArrayList<>()).add(r);
        }
        return buckets;
    }

    /** The length with padding: at most an eighth more, or 7 tokens. */
    static int padded(int length) {
        int step = Math.max(8, Integer.highestOneBit(Math.max(length - 1, SHORT)) / 8);
        return (length + step - 1) / step * step;
    }

    private Sequences texts(List<Request> requests, List<Integer> bucket) {
        // Positions beyond the model's are padding that is never looked at, but learned positions have no row for it.
        int length = Math.min(padded(requests.get(bucket.get(0)).input().length), model.config().maxPositions());
        int[] inputs = new int[bucket.size() * length];
        int[] targets = new int[bucket.size() * length];
        int[] lengths = new int[bucket.size()];
        Arrays.fill(targets, Batch.NOT_SCORED);
        for (int i = 0; i < lengths.length; i++) {
            Request request = requests.get(bucket.get(i));
            int[] input = request.input();
            int[] continuation = request.continuation();
            lengths[i] = input.length;
            System.arraycopy(input, 0, inputs, i * length, input.length);
            System.arraycopy(continuation, 0, targets, i * length + input.length - continuation.length, continuation.length);
        }
        return new Sequences(new Batch(lengths.length, length, inputs, targets), lengths);
    }
}
