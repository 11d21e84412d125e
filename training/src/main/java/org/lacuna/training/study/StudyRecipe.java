package org.lacuna.training.study;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.lacuna.run.InputException;
import org.lacuna.run.recipe.Key;
import org.lacuna.run.recipe.Recipes;
import org.lacuna.training.recipe.TrainRecipe;

/** A study: which models are trained, and on how much they are measured. */
public record StudyRecipe(
        @Key(doc = "what the study is called") String name,
        @Key(doc = "changes to the recipes of all runs, a list of KEY=VALUE", def = "[]") List<String> overrides,
        @Key(doc = "the sizes, a list of {name, overrides, seeds}; at least 2") List<StudySize> sizes,
        @Key(doc = "the variants, a list of {name, recipe, overrides}") List<StudyVariant> variants,
        @Key(doc = "validation windows that each model is measured on", def = "64", min = 2, max = 1 << 20) int windows,
        @Key(doc = "tokens in a window", def = "128", min = 2, max = 1 << 20) int window,
        @Key(doc = "tasks that each model is asked, by name", def = "[]") List<String> tasks,
        @Key(doc = "documents of each task", def = "500", min = 2, max = 1 << 20) int documents) {

    /** Names are parts of folders' names. */
    private static final String NAME = "[A-Za-z0-9][A-Za-z0-9._-]*";
    /** What the study sets itself. */
    private static final Set<String> ITS_OWN = Set.of("name", "train.seed", "control");

    /** Checks what one key alone can't know. */
    public StudyRecipe {
        List<String> problems = new ArrayList<>();
        if (sizes.size() < 2) {
            problems.add("sizes: a study of growth needs at least 2, not " + sizes.size());
        }
        if (variants.isEmpty()) {
            problems.add("variants: is empty; expected at least one");
        }
        names("sizes", sizes.stream().map(StudySize::name).toList(), problems);
        names("variants", variants.stream().map(StudyVariant::name).toList(), problems);
        if (!name.matches(NAME)) {
            problems.add("name: \"" + name + "\" can't be a folder's name; take letters, digits, '.', '_' and '-'");
        }
        Stream.of(overrides.stream(), sizes.stream().flatMap(size -> size.overrides().stream()), variants.stream().flatMap(variant -> variant.overrides().stream()))
                .flatMap(sets -> sets).map(set -> set.substring(0, Math.max(0, set.indexOf('=')))).filter(ITS_OWN::contains).distinct()
                .forEach(key -> problems.add("overrides: " + key + " is what the study sets itself; leave it out"));
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
    }

    private static void names(String key, List<String> names, List<String> problems) {
        Set<String> seen = new HashSet<>();
        for (String name : names) {
            if (!name.matches(NAME)) {
                problems.add(key + ": \"" + name + "\" can't be part of a folder's name; take letters, digits, '.', '_' and '-'");
            }
            if (!seen.add(name)) {
                problems.add(key + ": \"" + name + "\" is there twice");
            }
        }
    }

    /**
     * Reads a study and the overrides {@code path.to.key=value}.
     *
     * @throws InputException with all that is wrong with them
     */
    public static StudyRecipe load(Path file, List<String> sets) {
        return Recipes.load(file, sets, StudyRecipe.class);
    }

    /** A run of it. */
    public record Run(String size, String variant, long seed, TrainRecipe recipe) {
        /** What it and its folder are called. */
        public String name() {
            return recipe.name();
        }
    }

    /**
     * All its runs: size by size, seed by seed, variant by variant.
     *
     * @param scale how many times as wide models are, with the square of it times the steps and stories' tokens, and the learning rate divided by it
     * @throws InputException with all that is wrong with the recipes
     */
    public List<Run> runs(int scale) {
        List<Run> runs = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        for (StudySize size : sizes) {
            for (long seed = 1; seed <= size.seeds(); seed++) {
                for (StudyVariant variant : variants) {
                    List<String> sets = Stream.of(overrides, size.overrides(), variant.overrides(),
                            List.of("name=" + size.name() + "-" + variant.name() + "-seed" + seed, "train.seed=" + seed, "control=false")).flatMap(List::stream).toList();
                    try {
                        TrainRecipe recipe = TrainRecipe.load(variant.recipe(), sets);
                        runs.add(new Run(size.name(), variant.name(), seed, scale == 1 ? recipe : TrainRecipe.load(variant.recipe(), scaled(sets, recipe, scale))));
                    } catch (InputException e) {
                        e.problems().stream().map(problem -> size.name() + ", " + variant.name() + ": " + problem).filter(problem -> !problems.contains(problem)).forEach(problems::add);
                    }
                }
            }
        }
        if (problems.isEmpty()) {
            Run first = runs.get(0);
            runs.stream().filter(run -> tokens(run.recipe()) != tokens(first.recipe())).findFirst().ifPresent(run -> problems.add(run.name() + ": is trained on "
                    + tokens(run.recipe()) + " tokens, " + first.name() + " on " + tokens(first.recipe()) + "; expected as many for all, by train.steps, batch and window"));
            runs.stream().filter(run -> !run.recipe().data().equals(first.recipe().data())).findFirst().ifPresent(run -> problems.add(run.name()
                    + ": has other data than " + first.name() + "; expected the same text for all, so set data.… in the study's overrides"));
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
        return runs;
    }

    private static long tokens(TrainRecipe recipe) {
        return (long) recipe.train().steps() * recipe.train().batch() * recipe.train().window();
    }

    private static List<String> scaled(List<String> sets, TrainRecipe recipe, int scale) {
        List<String> scaled = new ArrayList<>(sets);
        recipe.model().hidden().ifPresent(hidden -> scaled.add("model.hidden=" + hidden * scale));
        recipe.model().intermediate().ifPresent(intermediate -> scaled.add("model.intermediate=" + intermediate * scale));
        recipe.model().heads().ifPresent(heads -> scaled.add("model.heads=" + heads * scale));
        recipe.model().kvHeads().ifPresent(heads -> scaled.add("model.kvHeads=" + heads * scale));
        // Too many are told as any number that a key does not take.
        scaled.add("train.steps=" + (long) recipe.train().steps() * scale * scale);
        scaled.add("train.lr=" + recipe.train().lr() / scale);
        scaled.add("data.tokens=" + recipe.data().tokens() * scale * scale);
        return scaled;
    }
}
