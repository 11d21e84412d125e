package org.lacuna.training.sweep;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.function.Consumer;
import org.deeplearning4j.arbiter.optimize.api.Candidate;
import org.deeplearning4j.arbiter.optimize.api.CandidateGenerator;
import org.deeplearning4j.arbiter.optimize.api.OptimizationResult;
import org.deeplearning4j.arbiter.optimize.api.ParameterSpace;
import org.deeplearning4j.arbiter.optimize.api.termination.TerminationCondition;
import org.deeplearning4j.arbiter.optimize.runner.IOptimizationRunner;

/**
 * Stands between Arbiter's runner and its generator, so that what is proposed does not depend on which candidate ends first: takes a whole generation
 * from the generator, hands it out, and when all of it has ended gives the results back in the candidates' order. What has the values of an earlier
 * candidate is passed over. It also ends the search: after exactly the budget, or as soon as there is nothing new.
 *
 * <p>Only the runner's thread calls it.
 */
@SuppressWarnings({"rawtypes", "unchecked"})
final class Generations implements CandidateGenerator, TerminationCondition {
    /** So many candidates in a row that are not new: the space has no other. */
    private static final int TRIES = 1000;

    private final CandidateGenerator generator;
    private final int budget;
    private final int size;
    private final Consumer<List<Proposal>> opened;
    private final Map<Integer, Candidate> arbiters = new HashMap<>();
    private final Map<Integer, OptimizationResult> results = new HashMap<>();
    private final Set<Map<String, String>> seen = new HashSet<>();
    private final Queue<Candidate> waiting = new ArrayDeque<>();
    private int proposed;
    private int open;
    private boolean exhausted;

    /**
     * Proposes nothing yet.
     *
     * @param size   candidates of a generation
     * @param opened told each generation before any of its candidates is handed out
     */
    Generations(CandidateGenerator generator, int budget, int size, Consumer<List<Proposal>> opened) {
        this.generator = generator;
        this.budget = budget;
        this.size = size;
        this.opened = opened;
    }

    @Override
    public boolean hasMoreCandidates() {
        if (open == 0 && !exhausted && proposed < budget) {
            propose(Math.min(size, budget - proposed));
        }
        return !waiting.isEmpty();
    }

    private void propose(int count) {
        List<Proposal> members = new ArrayList<>();
        for (int tries = 0; members.size() < count && tries < TRIES && generator.hasMoreCandidates();) {
            Candidate candidate = generator.getCandidate();
            if (candidate.getException() == null && seen.add((Map<String, String>) candidate.getValue())) {
                arbiters.put(proposed, candidate);
                // Numbered without those that were passed over.
                waiting.add(new Candidate<>(candidate.getValue(), proposed, candidate.getFlatParameters()));
                members.add(new Proposal(proposed++, (Map<String, String>) candidate.getValue()));
                tries = 0;
            } else {
                tries++;
            }
        }
        exhausted = members.size() < count;
        open = members.size();
        if (open > 0) {
            opened.accept(List.copyOf(members));
        }
    }

    @Override
    public Candidate getCandidate() {
        return waiting.remove();
    }

    /** Every candidate's result comes here, one that failed has no score. */
    @Override
    public void reportResults(OptimizationResult result) {
        results.put(result.getIndex(), result);
        if (--open == 0) {
            results.values().stream().sorted(Comparator.comparingInt(OptimizationResult::getIndex)).forEach(r -> generator.reportResults(
                    new OptimizationResult(arbiters.get(r.getIndex()), r.getScore(), r.getIndex(), r.getModelSpecificResults(), r.getCandidateInfo(),
                            r.getResultReference())));
            results.clear();
        }
    }

    @Override
    public ParameterSpace<?> getParameterSpace() {
        return generator.getParameterSpace();
    }

    @Override
    public void setRngSeed(long seed) {
        generator.setRngSeed(seed);
    }

    @Override
    public Class<?> getCandidateType() {
        return Map.class;
    }

    @Override
    public void initialize(IOptimizationRunner runner) {
        // Nothing is counted from a beginning.
    }

    @Override
    public boolean terminate(IOptimizationRunner runner) {
        return open == 0 && !hasMoreCandidates();
    }
}
