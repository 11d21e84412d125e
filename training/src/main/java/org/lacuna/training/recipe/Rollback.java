package org.lacuna.training.recipe;

import org.lacuna.run.recipe.Key;

/** What a run does when a loss or a gradient is no number: it goes back to its last good checkpoint, with a lower learning rate. */
public record Rollback(
        @Key(doc = "how often at most the run goes back to a checkpoint when its loss is no number; 0: it fails at once", def = "0", min = 0, max = 1000) int times,
        @Key(doc = "what the learning rate is multiplied by each time", def = "0.5", above = 0, below = 1) double factor) {

    /** Never. */
    public static final Rollback NEVER = new Rollback(0, 0.5);

    /** What the learning rate is multiplied by after the run went back {@code count} times. */
    public double rateFactor(int count) {
        double product = 1;
        for (int i = 0; i < count; i++) {
            product *= factor;
        }
        return product;
    }
}
