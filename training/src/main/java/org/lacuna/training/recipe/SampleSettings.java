package org.lacuna.training.recipe;

import org.lacuna.run.recipe.Key;

/** Text that the model writes while it is trained. No part of the result's bits. */
public record SampleSettings(
        @Key(doc = "steps between samples of the model's text, 0 for none", def = "0", min = 0) int every,
        @Key(doc = "what a sample goes on with; empty for a text from its beginning", def = "\"\"") String prompt,
        @Key(doc = "tokens that a sample adds at most", def = "64", min = 1, max = 1 << 20) int tokens) {

    /** None. */
    public static final SampleSettings NEVER = new SampleSettings(0, "", 64);
}
