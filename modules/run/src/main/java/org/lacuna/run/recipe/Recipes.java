package org.lacuna.run.recipe;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.lacuna.run.InputException;
import org.yaml.snakeyaml.nodes.MappingNode;

/**
 * Reads recipes: YAML into nested records, and writes them back.
 *
 * <p>A record's component names are the keys. Components may be {@code String}, {@code Path}, {@code int},
 * {@code long}, {@code double}, {@code boolean} and their boxed types, enums (written in lower case with
 * hyphens: {@code TOP_P} is {@code top-p}), {@code List<…>} and {@code Optional<…>} of these, and records of
 * these. {@link Key} gives meaning, default and limits. A nested record that is absent is read as an empty
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

    /** The same for a text at hand; {@code name} stands for the file in messages. */
    public static <T extends Record> T parse(String name, String yaml, List<String> sets, Class<T> type) {
        List<String> problems = new ArrayList<>();
        Binder binder = new Binder(name, type, problems);
        MappingNode tree = binder.overrides().apply(RecipeText.mapping(name, yaml), sets);
        T recipe = binder.bind(tree);
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
        return recipe;
    }

    /** The recipe with every key written out; {@link #parse} of it gives an equal record. */
    public static String toYaml(Record recipe) {
        return RecipeWriter.write(recipe);
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
