package org.lacuna.training.sweep;

import java.util.Locale;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.run.InputException;
import org.lacuna.run.recipe.Key;

/** By what candidates are held against each other. */
public record ScoreRecipe(
        @Key(doc = "what is to be as much as possible: critical-sparsity or exact-zeros", def = "critical-sparsity") Measure measure,
        @Key(doc = "where: input, up, gate, intermediate, all-inputs, attention-input, attention-output", def = "intermediate") SiteSet site,
        @Key(doc = "a candidate's loss may be above the control's by this share of it", def = "0.02", min = 0, max = 10) double slack) {

    /** Refuses what is not measured. */
    public ScoreRecipe {
        if (measure == Measure.EXACT_ZEROS && site.sites().size() > 1) {
            throw new InputException("site: exact zeros are counted at one site; expected one of input, up, gate, intermediate, attention-input, attention-output");
        }
    }

    /** In words. */
    String text() {
        return String.format(Locale.ROOT, "%s at %s, subject to a loss of at most the control's + %s %%", measure.name().toLowerCase(Locale.ROOT)
                .replace('_', ' '), site.key(),
                Double.toString(Math.round(slack * 1e6) / 1e4).replaceFirst("\\.0$", ""));
    }
}
