package org.lacuna.cli.zoo;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.lacuna.run.recipe.Key;
import org.lacuna.training.checkpoint.BuildInfo;

/**
 * A model of the index, {@code model-zoo/index/NAME/model.yaml}: how it is made, and what its weights are on one kind of machine.
 *
 * @param recipe        that trains it
 * @param weightsSha256 of its {@code model.safetensors}
 */
record IndexEntry(
        @Key(doc = "the recipe that trains it") Path recipe,
        @Key(doc = "changes to the recipe, [KEY=VALUE, ...]", def = "[]") List<String> set,
        @Key(doc = "SHA-256 of its model.safetensors") String weightsSha256,
        @Key(doc = "Java's version where it was made") String java,
        @Key(doc = "instruction sets of the CPU there") String cpuFlags,
        @Key(doc = "the library of matrix products there") String gemm) {

    /** What the bits depend on and is another here, a sentence each. */
    List<String> differences(BuildInfo here) {
        List<String> differences = new ArrayList<>();
        differ(differences, "Java", java, here.java());
        differ(differences, "the CPU's instruction sets", cpuFlags, here.cpuFlags());
        differ(differences, "the library of matrix products", gemm, here.gemm());
        return differences;
    }

    private static void differ(List<String> differences, String what, String there, String here) {
        if (!there.equals(here)) {
            differences.add(what + ": " + there + " there, " + here + " here");
        }
    }
}
