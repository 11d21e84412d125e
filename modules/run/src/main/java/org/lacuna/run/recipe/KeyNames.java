package org.lacuna.run.recipe;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Finds the key that somebody probably meant. */
final class KeyNames {
    private KeyNames() {}

    /**
     * What to say after "unknown key": the nearest key beside it, else the place elsewhere in the recipe that
     * has a key of exactly this name, else the keys that are known here.
     */
    static String hint(Class<?> root, String parentPath, Class<?> type, String key) {
        List<String> siblings = Arrays.stream(type.getRecordComponents()).map(RecordComponent::getName).toList();
        String prefix = parentPath.isEmpty() ? "" : parentPath + ".";
        Optional<String> nearest = nearest(key, siblings);
        if (nearest.isPresent()) {
            return "; did you mean " + prefix + nearest.get() + "?";
        }
        Optional<String> elsewhere = paths(root).stream().filter(path -> path.endsWith("." + key) || path.equals(key)).findFirst();
        return elsewhere.map(path -> "; did you mean " + path + "?")
                .orElseGet(() -> "; known here: " + String.join(", ", siblings));
    }

    /** The known name that is nearest to what somebody wrote, if one is near. */
    static Optional<String> nearest(String given, List<String> known) {
        return known.stream().min(Comparator.comparingInt(name -> distance(name, given))).filter(name -> distance(name, given) <= Math.max(2, given.length() / 3));
    }

    /** The keys of a record and of the records within, each with its path. */
    static List<String> paths(Class<?> type) {
        List<String> paths = new ArrayList<>();
        collect(type, "", paths);
        return paths;
    }

    private static void collect(Class<?> type, String prefix, List<String> paths) {
        for (RecordComponent component : type.getRecordComponents()) {
            Class<?> raw = component.getType() == Optional.class
                    ? RecipeTypes.raw(RecipeTypes.argument(component.getGenericType())) : component.getType();
            paths.add(prefix + component.getName());
            if (raw.isRecord()) {
                collect(raw, prefix + component.getName() + ".", paths);
            }
        }
    }

    /** Levenshtein's distance, without regard to case. */
    static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                boolean same = Character.toLowerCase(a.charAt(i - 1)) == Character.toLowerCase(b.charAt(j - 1));
                int best = Math.min(Math.min(row[j], row[j - 1]) + 1, diagonal + (same ? 0 : 1));
                diagonal = row[j];
                row[j] = best;
            }
        }
        return row[b.length()];
    }
}
