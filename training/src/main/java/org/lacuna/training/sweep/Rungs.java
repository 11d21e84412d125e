package org.lacuna.training.sweep;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * The rungs of one generation: a candidate waits on each until all that reached it are measured, so that who goes on does not depend on who is first.
 */
final class Rungs {
    private static final long LOOK_MILLIS = 100;

    private final Halving halving;
    private final List<Set<Integer>> reached = new ArrayList<>();
    private final List<Map<Integer, Optional<Rank>>> ranks = new ArrayList<>();

    Rungs(Halving halving, Set<Integer> candidates) {
        this.halving = halving;
        reached.add(Set.copyOf(candidates));
        ranks.add(new HashMap<>());
    }

    /**
     * Whether a candidate goes on from a rung. Of equal ranks that of the earlier candidate counts as the better one.
     *
     * @param rank empty if it failed
     * @param stop asked while it waits; then it does not go on
     */
    synchronized boolean goesOn(int rung, int candidate, Optional<Rank> rank, BooleanSupplier stop) throws InterruptedException {
        Map<Integer, Optional<Rank>> here = ranks.get(rung);
        here.put(candidate, rank);
        if (here.size() == reached.get(rung).size()) {
            reached.add(best(here));
            ranks.add(new HashMap<>());
            notifyAll();
        }
        while (reached.size() <= rung + 1) {
            if (stop.getAsBoolean()) {
                return false;
            }
            wait(LOOK_MILLIS);
        }
        return reached.get(rung + 1).contains(candidate);
    }

    private Set<Integer> best(Map<Integer, Optional<Rank>> here) {
        Comparator<Integer> byRank = Comparator.comparing(candidate -> here.get(candidate).orElseThrow());
        return new HashSet<>(here.keySet().stream().filter(candidate -> here.get(candidate).isPresent())
                .sorted(byRank.thenComparing(Comparator.naturalOrder()))
                .limit(halving.survivors(here.size())).toList());
    }
}
