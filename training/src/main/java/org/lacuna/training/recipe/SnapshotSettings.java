package org.lacuna.training.recipe;

import java.util.HashSet;
import java.util.List;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.run.InputException;
import org.lacuna.run.recipe.Key;

/** How much of the activations could be left out of the model while it is trained. No part of the result's bits. */
public record SnapshotSettings(
        @Key(doc = "steps between measurements of critical sparsity, 0 for none", def = "0", min = 0) int every,
        @Key(doc = "validation windows that it is measured on, the first", def = "8", min = 1, max = 1 << 20) int windows,
        @Key(doc = "where it is measured: input, up, gate, intermediate, all-inputs, attention-input, attention-output", def = "[intermediate]") List<SiteSet> sites) {

    /** None. */
    public static final SnapshotSettings NEVER = new SnapshotSettings(0, 8, List.of(SiteSet.INTERMEDIATE));

    /** Refuses what measures nothing, or the same twice. */
    public SnapshotSettings {
        sites = List.copyOf(sites);
        if (sites.isEmpty()) {
            throw new InputException(List.of("sites: none is given; expected one or more, or every = 0 for no snapshots"));
        }
        if (new HashSet<>(sites).size() < sites.size()) {
            throw new InputException(List.of("sites: one is named twice; expected each once"));
        }
    }
}
