package org.lacuna.training.sweep;

import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.lacuna.run.InputException;
import org.lacuna.run.recipe.Key;
import org.lacuna.run.recipe.Recipes;
import org.lacuna.training.recipe.TrainRecipe;

/** A sweep: which recipe, which of its keys are searched and how, and by what the candidates are held against each other. */
public record SweepRecipe(
        @Key(doc = "what the sweep is called") String name,
        @Key(doc = "the recipe that candidates are changes of, a YAML file") Path recipe,
        @Key(doc = "changes to it for all runs, a list of KEY=VALUE", def = "[]") List<String> overrides,
        @Key(doc = "what makes the control of it, a list of KEY=VALUE; [] where the recipe is the control itself", def = "[]") List<String> control,
        @Key(doc = "random, grid or genetic") SearchKind search,
        @Key(doc = "candidates at most", min = 1, max = MOST) int budget,
        @Key(doc = "seed of the search", def = "1") long seed,
        @Key(doc = "with genetic: candidates of a generation", def = "8", min = 4, max = MOST) int population,
        @Key(doc = "with grid: values of a range, its ends too", def = "3", min = 2, max = MOST) int points,
        @Key(doc = "what is searched") List<SearchKey> space,
        @Key(doc = "whether candidates that are bad early end early", def = "null") Optional<Halving> halving,
        @Key(doc = "training seeds of each candidate", def = "1", min = 1, max = 100) int repeat,
        ScoreRecipe score,
        @Key(doc = "validation windows that candidates are measured on", def = "64", min = 2, max = 1 << 20) int windows) {

    /** Each candidate waits in a thread of its own. */
    private static final int MOST = 1000;
    /** Arbiter numbers a grid's points by an int. */
    private static final BigInteger MOST_IN_GRID = BigInteger.valueOf(Integer.MAX_VALUE);
    /** What the sweep sets itself. */
    private static final Set<String> ITS_OWN = Set.of("name", "control", "train.steps", "train.workers");

    /** Checks what one key alone can't know. */
    public SweepRecipe {
        List<String> problems = new ArrayList<>();
        if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]*")) {
            problems.add("name: \"" + name + "\" can't be a folder's name; take letters, digits, '.', '_' and '-'");
        }
        if (space.isEmpty()) {
            problems.add("space: is empty, so there is nothing to search; expected at least one key");
        }
        Set<String> before = new HashSet<>();
        for (SearchKey key : space) {
            key.when().filter(when -> !before.contains(when.key())).ifPresent(when -> problems.add("space: " + key.key() + ": when.key: " + when.key()
                    + " is none of the keys that stand before it in space" + (before.isEmpty() ? ": it is the first" : ": " + String.join(", ",
                            before.stream().sorted().toList()))));
            if (ITS_OWN.contains(key.key())) {
                problems.add("space: " + key.key() + ": is the same for all candidates of a sweep; leave it out, or set it by overrides");
            }
            if (repeat > 1 && key.key().equals("train.seed")) {
                problems.add("space: train.seed: repeat = " + repeat + " sets it; leave one of them out");
            }
            if (!before.add(key.key())) {
                problems.add("space: " + key.key() + ": is there twice; expected each key once");
            }
        }
        if (search == SearchKind.GRID) {
            int each = points;
            BigInteger grid = space.stream().map(key -> BigInteger.valueOf(key.inGrid(each))).reduce(BigInteger.ONE, BigInteger::multiply);
            if (grid.compareTo(MOST_IN_GRID) >= 0) {
                problems.add("space: has a grid of " + grid + " points, more than can be gone through (" + MOST_IN_GRID + "); take fewer keys, fewer points or search: random");
            }
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
    }

    /**
     * Reads a sweep and the overrides {@code path.to.key=value}. Its recipe is a file from where the command runs, else one from the sweep's own folder.
     *
     * @throws InputException with all that is wrong with them
     */
    public static SweepRecipe load(Path file, List<String> sets) {
        SweepRecipe sweep = Recipes.load(file, sets, SweepRecipe.class);
        Path beside = file.resolveSibling(sweep.recipe).normalize();
        return Files.exists(sweep.recipe) || !Files.exists(beside) ? sweep : sweep.of(beside);
    }

    private SweepRecipe of(Path file) {
        return new SweepRecipe(name, file, overrides, control, search, budget, seed, population, points, space, halving, repeat, score, windows);
    }

    /**
     * The recipe that candidates are changes of, when this one's keys and values have been tried on it.
     *
     * @param file the recipe's, or a copy of it
     * @throws InputException with all that does not fit it
     */
    TrainRecipe base(Path file) {
        TrainRecipe base = TrainRecipe.load(file, with(List.of()));
        List<String> problems = new ArrayList<>();
        for (SearchKey key : space) {
            List<String> condition = key.when().map(when -> List.of(when.key() + "=" + when.in().get(0))).orElse(List.of());
            for (String value : key.extremes()) {
                List<String> sets = Stream.concat(condition.stream(), Stream.of(key.key() + "=" + value)).toList();
                if (!fits(file, "space: " + key.key(), sets, problems)) {
                    break; // one value is enough to tell that a key is wrong
                }
            }
        }
        fits(file, "control", control, problems);
        int steps = base.train().steps();
        halving.map(Halving::rungs).filter(rungs -> rungs.get(rungs.size() - 1) >= steps).ifPresent(rungs -> problems.add("halving.rungs: "
                + rungs.get(rungs.size() - 1)
                + " is not below train.steps = " + steps + " of " + file + ", the last rung"));
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
        return base;
    }

    /** Adds what does not fit. */
    private boolean fits(Path file, String where, List<String> sets, List<String> problems) {
        try {
            TrainRecipe.load(file, with(sets));
            return true;
        } catch (InputException e) {
            e.problems().forEach(problem -> problems.add(where + ": " + problem));
            return false;
        }
    }

    /** These changes after those for all runs. A control that the recipe asks for itself is not trained for each candidate. */
    List<String> with(List<String> sets) {
        return Stream.of(overrides, List.of("control=false"), sets).flatMap(List::stream).toList();
    }

    /** The steps after which candidates are measured, the last one of the recipe among them. */
    List<Integer> steps(TrainRecipe base) {
        return Stream.concat(halving.stream().flatMap(h -> h.rungs().stream()), Stream.of(base.train().steps())).toList();
    }
}
