package org.lacuna.training.sweep;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.lacuna.run.InputException;
import org.lacuna.run.recipe.Key;

/** One key of a recipe that is searched, and its values. */
public record SearchKey(
        @Key(doc = "a key of the recipe, as --set takes it") String key,
        @Key(doc = "continuous, log-uniform, integer or discrete") KeyKind type,
        @Key(doc = "a range's least value", def = "null") Optional<Double> min,
        @Key(doc = "a range's largest value", def = "null") Optional<Double> max,
        @Key(doc = "with discrete: the values, as --set takes them", def = "[]") List<String> values,
        @Key(doc = "the condition under which it is searched", def = "null") Optional<Condition> when) {

    /** So many digits of a number are tried: none has an effect beyond. */
    private static final MathContext DIGITS = new MathContext(4);

    /** Refuses what is no set of values. */
    public SearchKey {
        List<String> problems = new ArrayList<>();
        if (type == KeyKind.DISCRETE) {
            if (values.isEmpty()) {
                problems.add("values: none is given; a discrete key takes one of a list [a, b, ...]");
            }
            if (new HashSet<>(values).size() < values.size()) {
                problems.add("values: one is named twice; expected each once");
            }
            if (min.isPresent() || max.isPresent()) {
                problems.add("type: a discrete key has values and neither min nor max; leave those out, or take continuous, log-uniform or integer");
            }
        } else {
            if (!values.isEmpty()) {
                problems.add("values: are of a discrete key; this one is " + type.name().toLowerCase(Locale.ROOT).replace('_', '-')
                        + ": give min and max, or take discrete");
            }
            range(type, min, max, problems);
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
    }

    private static void range(KeyKind type, Optional<Double> min, Optional<Double> max, List<String> problems) {
        if (min.isEmpty() || max.isEmpty()) {
            problems.add((min.isEmpty() ? "min" : "max") + ": missing; a range has min and max");
            return;
        }
        double least = min.get();
        double most = max.get();
        if (!(least < most)) {
            problems.add("min: " + least + " is not below max = " + most);
        }
        if (type == KeyKind.LOG_UNIFORM && !(least > 0)) {
            problems.add("min: " + least + " has no logarithm; expected a number above 0, or take continuous");
        }
        if (type == KeyKind.INTEGER && (!whole(least) || !whole(most))) {
            problems.add("min: expected whole numbers of at most 32 bits for min and max, found " + least + " and " + most);
        } else if (type == KeyKind.INTEGER && most - least >= Integer.MAX_VALUE) {
            problems.add("max: a range of " + (long) (most - least) + " from min to max is wider than is drawn from; expected less than " + Integer.MAX_VALUE);
        }
    }

    private static boolean whole(double number) {
        return number == (int) number;
    }

    /** A number of the range as text, in the digits that are tried. */
    String text(double number) {
        if (type == KeyKind.INTEGER) {
            return Long.toString(Math.round(number));
        }
        double rounded = new BigDecimal(number).round(DIGITS).doubleValue();
        return Double.toString(Math.min(Math.max(rounded, min.orElseThrow()), max.orElseThrow()));
    }

    /** How many values a grid has of it, of a range at most so many points. */
    long inGrid(int points) {
        return type == KeyKind.DISCRETE ? values.size() : type == KeyKind.INTEGER ? Math.min(points, (long) (max.orElseThrow() - min.orElseThrow()) + 1) : points;
    }

    /** The values at which a recipe is checked before anything is trained: all, or the ends of the range. */
    List<String> extremes() {
        return type == KeyKind.DISCRETE ? values : List.of(text(min.orElseThrow()), text(max.orElseThrow()));
    }
}
