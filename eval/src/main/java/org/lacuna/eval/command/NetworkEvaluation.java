package org.lacuna.eval.command;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.Settings;

/**
 * Measures a network of Deeplearning4j for {@code eval --dl4j}. The one implementation is found by {@link java.util.ServiceLoader}, since
 * {@code lacuna-dl4j} uses this module and not the other way round.
 */
public interface NetworkEvaluation {
    /**
     * What is to be measured.
     *
     * @param model    the file that Deeplearning4j saved
     * @param table    a CSV of numbers, a row for each example; empty for a corpus
     * @param label    the column that holds the label; empty for the last one
     * @param sets     what corpus, as {@code data.text=FILE}, where there is no table
     * @param windows  of a corpus, how many
     * @param window   of a corpus, tokens in each
     * @param layer    the layer's name or index; empty for the last block of Lacuna's, else the last layer before the output
     * @param settings rule, grid, bar and draws
     */
    record Request(Path model, Optional<Path> table, Optional<String> label, List<String> sets, int windows, int window, Optional<String> layer, Settings settings) {
        /** Copies the list. */
        public Request {
            sets = List.copyOf(sets);
        }
    }

    /**
     * Measures.
     *
     * @param line told what was found, line by line
     * @throws org.lacuna.run.InputException if the file is no network that can be measured, or the data don't fit it
     * @throws org.lacuna.run.InterruptedRunException if {@code stop} said yes
     */
    RobustnessResult measure(Request request, BooleanSupplier stop, Consumer<String> line);
}
