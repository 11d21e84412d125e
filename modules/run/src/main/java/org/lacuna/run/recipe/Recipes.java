package org.lacuna.run.recipe;

import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lacuna.run.InputException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;

/**
 * Reads recipes: YAML into nested records, and writes them back.
 *
 * <p>A record's component names are the keys. Components may be {@code String}, {@code Path}, {@code int},
 * {@code long}, {@code double}, {@code boolean} and their boxed types, enums (written in lower case with
 * hyphens: {@code TOP_P} is {@code top-p}), {@code List<…>}, {@code Map<String, …>} and {@code Optional<…>} of
 * these, and records of these. {@link Key} gives meaning, default and limits. A nested record that is absent is read as an empty
 * mapping, so its own defaults hold and its own required keys are asked for by name; an absent
 * {@code Optional} is empty. Numbers are strict: a whole number has no point and no leading zero, a number is
 * finite.
 *
 * <p>What one value can't know, the record checks in its compact constructor by an
 * {@link IllegalArgumentException}; a message that starts with a component's name and a colon
 * ({@code "kvHeads: 3 does not divide heads = 8"}) is reported at that key.
 */
public final class Recipes {
    /** The largest recipe that is read, bytes. */
    static final int MAX_BYTES = 1 << 20;

    private Recipes() {}

    /**
     * Reads a recipe file.
     *
     * @param file the YAML file: UTF-8, at most 1 MB
     * @param sets overrides {@code path.to.key=value}, the value in YAML; a later one wins over an earlier one
     * @param type the record that the file describes
     * @throws InputException with every problem of the file and of the overrides
     */
    public static <T extends Record> T load(Path file, List<String> sets, Class<T> type) {
        return parse(file.toString(), read(file), sets, type);
    }

    /**
     * The part of a recipe that the record knows: keys at the top that it does not have are another module's and left alone.
     *
     * @throws InputException as {@link #load} does; an override of a key that the record does not have is a problem too
     */
    public static <T extends Record> T loadPart(Path file, List<String> sets, Class<T> type) {
        List<String> problems = new ArrayList<>();
        Binder binder = new Binder(file.toString(), type, problems);
        MappingNode whole = RecipeText.mapping(file.toString(), read(file));
        List<String> keys = Arrays.stream(type.getRecordComponents()).map(RecordComponent::getName).toList();
        List<NodeTuple> part = whole.getValue().stream()
                .filter(tuple -> tuple.getKeyNode() instanceof ScalarNode key && keys.contains(key.getValue()))
                .toList();
        MappingNode known = new MappingNode(whole.getTag(), true, part, whole.getStartMark(), whole.getEndMark(), whole.getFlowStyle());
        return bound(binder, binder.overrides().apply(known, sets), problems);
    }

    /** The same for a text at hand; {@code name} stands for the file in messages. */
    public static <T extends Record> T parse(String name, String yaml, List<String> sets, Class<T> type) {
        List<String> problems = new ArrayList<>();
        Binder binder = new Binder(name, type, problems);
        return bound(binder, binder.overrides().apply(RecipeText.mapping(name, yaml), sets), problems);
    }

    private static <T extends Record> T bound(Binder binder, MappingNode tree, List<String> problems) {
        T recipe = binder.bind(tree);
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
        return recipe;
    }

    /**
     * Problems that showed themselves only when what a recipe names was opened: those that begin with a key
     * ({@code "data.text: mine.txt: no such file"}) are placed where the key stands, in the file or in an override.
     */
    public static <T extends Record> InputException placed(Path file, List<String> sets, Class<T> type, InputException late) {
        if (late.problems().stream().noneMatch(problem -> KeyNames.paths(type).stream().anyMatch(key -> problem.startsWith(key + ": ")))) {
            return late;
        }
        Binder binder = new Binder(file.toString(), type, new ArrayList<>());
        MappingNode tree = binder.overrides().apply(RecipeText.mapping(file.toString(), read(file)), sets);
        return late.map(problem -> binder.placed(tree, problem));
    }

    /** The recipe with every key written out; {@link #parse} of it gives an equal record. */
    public static String toYaml(Record recipe) {
        return RecipeWriter.write(recipe);
    }

    /** The keys of a kind of recipe and of the parts within, each with its path: {@code train.steps}. */
    public static List<String> keys(Class<? extends Record> type) {
        return KeyNames.paths(type);
    }

    /** The known name that somebody probably meant, if one is near to what they wrote. */
    public static Optional<String> nearest(String given, List<String> known) {
        return KeyNames.nearest(given, known);
    }

    /**
     * Where two recipes of one kind differ: {@code train.steps is 100 there and 200 here}, a key each.
     *
     * @param there the one
     * @param here  the other
     */
    public static <T extends Record> List<String> differences(T there, T here) {
        Map<String, String> other = RecipeWriter.flat(here);
        List<String> differences = new ArrayList<>();
        RecipeWriter.flat(there).forEach((key, value) -> {
            if (!value.equals(other.get(key))) {
                differences.add(key + " is " + value + " there and " + other.get(key) + " here");
            }
        });
        return differences;
    }

    private static String read(Path file) {
        if (Files.isDirectory(file)) {
            throw new InputException(file + ": is a folder; expected a YAML file");
        }
        if (!Files.exists(file)) {
            throw new InputException(file + ": no such file; expected a recipe (the shipped ones are in configs/)");
        }
        try {
            long bytes = Files.size(file);
            if (bytes > MAX_BYTES) {
                throw new InputException(file + ": has " + bytes + " bytes; a recipe has at most " + MAX_BYTES);
            }
            return RecipeText.utf8(file.toString(), Files.readAllBytes(file));
        } catch (IOException e) {
            throw new InputException(file + ": can't be read: " + e.getMessage(), e);
        }
    }
}
