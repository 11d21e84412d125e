package org.lacuna.eval.robustness;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.lacuna.run.InputException;

/**
 * In which layers a rule is applied. The others compute as they do without it, and are not counted in the sparsity.
 *
 * @param named their numbers from 0, rising; empty for all that a model has
 */
public record LayerSet(List<Integer> named) {
    /** All layers, as the paper has it (arXiv 2509.00454). */
    public static final LayerSet ALL = new LayerSet(List.of());

    private static final String EVERY = "all";
    private static final Pattern PART = Pattern.compile("(\\d{1,4})(?:-(\\d{1,4}))?");

    /** In order, each once. */
    public LayerSet {
        named = List.copyOf(new TreeSet<>(named));
    }

    /**
     * Reads {@code all}, or numbers and ranges: {@code 0-3,7}.
     *
     * @throws IllegalArgumentException if it is neither; the message says what there is
     */
    @JsonCreator
    public static LayerSet parse(String text) {
        if (text.equals(EVERY)) {
            return ALL;
        }
        List<Integer> layers = new ArrayList<>();
        for (String part : text.split(",", -1)) {
            Matcher range = PART.matcher(part);
            if (!range.matches()) {
                throw new IllegalArgumentException("no layers '" + text + "'; there are all, or numbers from 0 and ranges of them: 0-3,7");
            }
            int first = Integer.parseInt(range.group(1));
            int last = range.group(2) == null ? first : Integer.parseInt(range.group(2));
            if (last < first) {
                throw new IllegalArgumentException("no layers '" + text + "'; " + part + " ends before it begins");
            }
            IntStream.rangeClosed(first, last).forEach(layers::add);
        }
        return new LayerSet(layers);
    }

    /** Whether it is all layers, whatever a model has. */
    public boolean isAll() {
        return named.isEmpty();
    }

    /**
     * The numbers of a model's layers that are in it, rising.
     *
     * @param layers how many the model has
     * @throws IllegalArgumentException if it names others
     */
    public List<Integer> of(int layers) {
        if (isAll()) {
            return IntStream.range(0, layers).boxed().toList();
        }
        if (named.get(named.size() - 1) >= layers) {
            throw new IllegalArgumentException("layers " + this + " of a model with " + layers);
        }
        return named;
    }

    /**
     * Refuses a model that does not have the layers.
     *
     * @param model  what the message calls it
     * @param layers how many it has
     * @throws InputException if it names others
     */
    public void check(String model, int layers) {
        if (!isAll() && named.get(named.size() - 1) >= layers) {
            int missing = named.stream().filter(layer -> layer >= layers).findFirst().orElseThrow();
            throw new InputException("--layers: " + this + " names layer " + missing + ", but " + model + " has " + layers + " layers, 0 to " + (layers - 1));
        }
    }

    @JsonValue
    @Override
    public String toString() {
        if (isAll()) {
            return EVERY;
        }
        List<String> parts = new ArrayList<>();
        for (int i = 0; i < named.size();) {
            int last = i;
            while (last + 1 < named.size() && named.get(last + 1) == named.get(last) + 1) {
                last++;
            }
            parts.add(last == i ? named.get(i).toString() : named.get(i) + "-" + named.get(last));
            i = last + 1;
        }
        return String.join(",", parts);
    }
}
