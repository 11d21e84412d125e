package org.lacuna.eval.task;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.lacuna.data.task.Answer;
import org.lacuna.data.task.Request;
import org.lacuna.eval.robustness.Treatment;
import org.lacuna.eval.robustness.TokenCoverage;
import org.lacuna.sparsity.Site;

/** A model's answers to requests at all points of a grid. */
public interface Answering {
    /**
     * What was found.
     *
     * @param answers  [point][request]
     * @param kept     elements that are not 0 after the rule, of all layers and covered tokens, [point][request]
     * @param elements of all layers and covered tokens, [point][request]
     */
    record Scores(List<List<Answer>> answers, long[][] kept, long[][] elements) {
        /** Those of the requests at some places, in their order; a place may be there more than once. */
        Scores at(int[] places) {
            return new Scores(answers.stream().map(point -> Arrays.stream(places).mapToObj(point::get).toList()).toList(), at(kept, places), at(elements, places));
        }

        private static long[][] at(long[][] numbers, int[] places) {
            return Arrays.stream(numbers).map(point -> Arrays.stream(places).mapToLong(place -> point[place]).toArray()).toArray(long[][]::new);
        }
    }

    /**
     * Asks the model.
     *
     * @param sites with the rule, in every layer
     * @throws org.lacuna.run.InterruptedRunException if it was asked to stop
     * @throws org.lacuna.run.RunException if the model's numbers are not finite
     */
    Scores score(List<Request> requests, Set<Site> sites, Treatment treatment, TokenCoverage coverage);
}
