package org.lacuna.eval.robustness;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.lacuna.graph.program.Workers;
import org.lacuna.run.InterruptedRunException;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.rule.Rules;

/** The pieces of a measurement, shared out among workers; each is computed, or taken from what was found before. */
interface Pieces {
    /** Tokens that go through the model for a piece. */
    long tokens(int piece);

    /** What is asked by a piece: where it is kept. */
    String question(int piece);

    /** Takes what was found before; false if it does not fit. */
    boolean restore(JsonNode found, int piece);

    /** What was computed, to be kept. */
    ObjectNode found(int piece);

    /**
     * Runs.
     *
     * @param what     is measured
     * @param name     what messages call the model
     * @param count    of pieces
     * @param busy     how many of the workers find work
     * @param computer makes what computes pieces, one for each worker
     * @throws InterruptedRunException if it was asked to stop
     */
    default void run(String what, String name, int count, int busy, Workers workers, Findings findings, Watch watch, IntFunction<Computer> computer) {
        AtomicInteger next = new AtomicInteger();
        watch.begin(what, IntStream.range(0, count).mapToLong(this::tokens).sum());
        try {
            workers.run(busy, part -> {
                Computer computing = computer.apply(part);
                for (int piece = next.getAndIncrement(); piece < count; piece = next.getAndIncrement()) {
                    if (watch.getAsBoolean()) {
                        throw new InterruptedRunException("stopped while measuring " + name);
                    }
                    one(piece, findings, computing);
                    watch.done(tokens(piece));
                }
            });
        } finally {
            watch.end();
        }
    }

    private void one(int piece, Findings findings, Computer computing) {
        if (findings == Findings.NONE) {
            computing.compute(piece);
            return;
        }
        String question = question(piece);
        if (findings.of(question).filter(found -> restore(found, piece)).isEmpty()) {
            computing.compute(piece);
            findings.keep(question, found(piece));
        }
    }

    /** What a measurement with a rule at some sites is called. */
    static String name(Set<Site> sites, Treatment treatment) {
        return treatment.rule() == Rules.byName("none") ? "without a rule" : sites.stream().sorted().map(Site::key).collect(Collectors.joining(", "));
    }

    /** Computes pieces in memory of its own. */
    @FunctionalInterface
    interface Computer {
        void compute(int piece);
    }
}
